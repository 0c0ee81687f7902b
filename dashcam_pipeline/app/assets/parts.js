// Small parts that all views are made of.

import { $, element } from "./dom.js";
import { t } from "./speech.js";

const SHAPES = {
  theme: "M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z",
  folder: "M3 7a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z",
  drop: "M12 4v11m-4-4 4 4 4-4M4 17v1a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-1",
  look: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zm9.5 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  up: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 5v14m-6-6 6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  pause: "M9 6v12M15 6v12",
  play: "M8 5.5v13l10.5-6.5z",
  again: "M4 12a8 8 0 1 1 2.4 5.7M4 18v-5h5",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9h4M4 15h4M16 9h4M16 15h4",
  check: "m5 12.5 4.5 4.5L19 7.5",
  report: "M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4",
};

export const icon = (name) =>
  element("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    element("path", { d: SHAPES[name] }));

/** An element that does something when it is clicked. */
export function button(label, action, { kind = "plain", shape = null, title = null, ...more } = {}) {
  const node = element("button", { type: "button", class: kind, ...more }, ...(shape ? [icon(shape)] : []), ...(label ? [element("span", {}, label)] : []));
  if (title) {
    node.title = title;
    node.setAttribute("aria-label", title);
  }
  node.addEventListener("click", () => attempt(action, node));
  return node;
}

/** Do something that may fail: a failure is said, with advice; a button waits meanwhile. */
export async function attempt(action, node = null) {
  node?.setAttribute("aria-busy", "true");
  try {
    return await action();
  } catch (error) {
    if (error.name !== "AbortError") toast(error.message, error.advice);
    return undefined;
  } finally {
    node?.removeAttribute("aria-busy");
  }
}

const SHOWN = 9000; // milliseconds

export function toast(message, advice = "", good = false) {
  const node = element("div", { class: good ? "toast good" : "toast" },
    element("p", {}, element("strong", {}, message), ...(advice ? [element("span", {}, advice)] : [])));
  const gone = () => node.remove();
  node.append(button("", gone, { kind: "ghost", shape: "close", title: t("app.dismiss") }));
  $("toasts").append(node);
  setTimeout(gone, SHOWN);
}

export const say = (text) => {
  $("say").textContent = text;
};

export const chip = (kind, text) => element("span", { class: `chip ${kind}` }, text);

/** A file's name, which may go on in the next line where its parts end. */
export const named = (name, more = {}) =>
  element("span", { class: "name", ...more }, ...name.split(/(?<=[_\- ])/).flatMap((part) => [part, element("wbr")]).slice(0, -1));

/** A small picture of a recording, or a sign where there is none. */
export function thumbnail(id, width, height) {
  const picture = element("img", { src: `api/thumbnail?id=${id}`, alt: "", loading: "lazy", decoding: "async", width: String(width), height: String(height) });
  picture.addEventListener("error", () => picture.replaceWith(element("span", { class: "blank" }, icon("film"))), { once: true });
  return picture;
}

/** A bar of progress that a screen reader can tell. */
export function progress(share, label) {
  return element("progress", { max: "1", value: String(share), "aria-label": label });
}
