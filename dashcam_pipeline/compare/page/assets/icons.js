// Icons of the player, drawn on a grid of 24 with the text's colour.

import { element } from "./dom.js";

const SHAPES = {
  play: [["start", "M8 5.5v13l10.5-6.5z"], ["pause", "M9 6v12M15 6v12"]],
  back: ["M17 6 9 12l8 6zM6 6v12"],
  forward: ["m7 6 8 6-8 6zM18 6v12"],
  loop: ["m17 3 3 3-3 3M4 11V9a3 3 0 0 1 3-3h13", "m7 21-3-3 3-3M20 13v2a3 3 0 0 1-3 3H4"],
  sound: [
    "M5 9.5v5h3.5L13 18V6L8.5 9.5z",
    ["on", "M16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11"],
    ["off", "m16.5 9.5 5 5m0-5-5 5"],
  ],
  view: ["M5 5h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM12 5v14"],
  blink: ["M7 4h13v11H7z", ["soft", "M4 9v11h13"]],
  map: ["M4 5h16v14H4z", "M4 16l5-5 4 4 3-3 4 4", "M9 8.5h.01"],
  "zoom-in": ["M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20M10.5 7.5v6M7.5 10.5h6"],
  "zoom-out": ["M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20M7.5 10.5h6"],
  bright: ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5V5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3 7 7M17 17l1.7 1.7M5.3 18.7 7 17M17 7l1.7-1.7"],
  still: ["M4 8h3.5L9 5.5h6L16.5 8H20v11H4z", "M12 10a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4z"],
  full: ["M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"],
  grip: ["m8 7-5 5 5 5M16 7l5 5-5 5"],
};

/** A picture for a button; its parts may be shown by turns, by their class. */
export function icon(name) {
  const paths = SHAPES[name].map((part) => {
    const [kind, d] = Array.isArray(part) ? part : [null, part];
    return element("path", { class: kind, d });
  });
  return element("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, ...paths);
}
