// A picture of what the player shows, in the recording's own size, for the clipboard.

import { $ } from "./dom.js";

/** Draw what is seen: panes, divider, enlargement, brightness and names. */
function compose({ view, media, tags, map }) {
  const { width, height } = view.size;
  const side = view.mode === "side";
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: side ? 2 * width : width, height });
  const context = canvas.getContext("2d");
  const [x, y, w, h] = view.part;
  const edge = { divider: view.share * width, side: 0, blink: view.shown === "after" ? 0 : width }[view.mode];
  const alone = !tags[0];
  media.forEach((medium, index) => {
    const [across, down] = [medium.videoWidth ?? medium.naturalWidth, medium.videoHeight ?? medium.naturalHeight];
    if (!across || (index === 0 && alone)) return;
    const left = index && side ? width : 0;
    const from = index && !alone ? edge : 0;
    const to = index === 0 && view.mode !== "side" ? edge : width;
    context.save();
    context.beginPath();
    context.rect(left + from, 0, to - from, height);
    context.clip();
    context.filter = `brightness(${view.gain})`;
    const [kx, ky] = [across / width, down / height];
    context.drawImage(medium, x * kx, y * ky, w * kx, h * ky, left, 0, width, height);
    if (index && map.on) {
      const { canvas: colors } = map;
      const [cx, cy] = [colors.width / width, colors.height / height];
      context.filter = "url(#change-colors)";
      context.drawImage(colors, x * cx, y * cy, w * cx, h * cy, left, 0, width, height);
    }
    context.restore();
  });
  if (view.mode === "divider" && !alone) {
    context.fillStyle = "#fff";
    context.fillRect(edge - 1, 0, 2, height);
  }
  const names = { divider: tags, side: tags, blink: view.shown === "after" ? [null, tags[1]] : [tags[0], null] }[view.mode];
  label(context, names, side ? width : 0, canvas.width, Math.max(14, Math.round(height / 32)));
  return canvas;
}

function label(context, [first, second], left, right, size) {
  context.font = `600 ${size}px system-ui, Pretendard, "Dashcam Hangul", sans-serif`;
  context.textBaseline = "middle";
  for (const [text, at] of [[first, 0], [second, left || right]]) {
    if (!text) continue;
    const wide = context.measureText(text).width + size;
    const x = at === right ? right - wide - size / 2 : at + size / 2;
    context.fillStyle = "rgb(10 12 16 / 78%)";
    context.fillRect(x, size / 2, wide, size * 1.7);
    context.fillStyle = "#fff";
    context.fillText(text, x + size / 2, size * 1.38);
  }
}

const asPng = (canvas) =>
  new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
  });

/**
 * Copy what is shown; where the browser forbids it, show it to be copied by hand: pages from disk
 * may not read a video's pixels, and pages without HTTPS have no clipboard.
 *
 * @returns whether it was copied
 */
export async function copyStill(shown) {
  const canvas = compose(shown);
  try {
    canvas.getContext("2d").getImageData(0, 0, 1, 1); // refused where no pixel may be read
    const picture = asPng(canvas); // within the click, or the browser forgets that there was one
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
    return true;
  } catch (error) {
    if (!["SecurityError", "NotAllowedError", "TypeError", "ReferenceError"].includes(error.name)) throw error;
    $("copy-picture").replaceChildren(canvas);
    $("copy").showModal();
    return false;
  }
}
