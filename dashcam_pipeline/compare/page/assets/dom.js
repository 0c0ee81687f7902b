// Small helpers that every part of the page builds on.

export const $ = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "path", "line", "text", "circle", "rect", "g"]);

/** An element with its attributes and children; names of SVG give SVG. */
export function element(name, attributes = {}, ...children) {
  const node = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** Seconds as m:ss.t or h:mm:ss.t. */
export function clock(seconds, digits = 1) {
  const unit = 10 ** digits;
  const ticks = Math.max(0, Math.round(seconds * unit));
  const rest = ticks % (60 * unit);
  const minutes = Math.floor(ticks / (60 * unit));
  const tail = (rest / unit).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** The last part of an address, as people write it. */
export function nameOf(src) {
  const name = src.split(/[?#]/)[0].split("/").pop();
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // no UTF-8
  }
}

export const between = (low, value, high) => Math.min(high, Math.max(low, value));

/**
 * Draw text anew when the font for Hangul has come. Chromium leaves runs of Hangul alone in boxes
 * where the font isn't the first of its list; and on a page that is loaded again it doesn't even
 * fetch it, so it is asked for by name.
 */
export function redrawWithFonts() {
  const { dataset } = document.documentElement;
  document.fonts.addEventListener("loadingdone", () => {
    dataset.fonts = dataset.fonts === "1" ? "2" : "1";
  });
  document.fonts.load('1em "Dashcam Hangul"', "가").catch(() => {}); // then it is in the system's
}
