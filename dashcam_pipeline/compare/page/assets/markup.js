// What the player is made of: elements alone, that do nothing yet.

import { $, element } from "./dom.js";
import { icon } from "./icons.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];

const button = (id, key, shape, more = {}) =>
  element("button", { type: "button", class: "tool", id, "data-t-label": key, title: true, ...more }, icon(shape));

const pane = (id, second) =>
  element("div", { class: second ? "pane second" : "pane" },
    element("div", { class: "film" },
      element("video", { id, playsinline: true, preload: "auto", muted: second, tabindex: "-1", "data-t-label": `player.${id}` }),
      element("img", { class: "picture", alt: "", hidden: true, "data-t-alt": `player.${id}` }),
      second ? element("canvas", { id: "change", class: "change", hidden: true, "aria-hidden": "true" }) : ""),
    element("span", { class: "tag", "data-t": `player.${id}` }));

const stage = () =>
  element("div", { class: "stage", id: "stage", "data-view": "divider" },
    pane("before", false),
    pane("after", true),
    element("div", { class: "edge", "aria-hidden": "true" }),
    element("div", {
      class: "divider", id: "divider", role: "slider", tabindex: "0", "aria-orientation": "horizontal",
      "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "50", "data-t-label": "player.divider",
    }, element("span", { class: "grip", "aria-hidden": "true" }, icon("grip"))),
    element("div", { id: "scale", class: "scale", hidden: true }),
    element("p", { class: "message", id: "message", role: "alert", hidden: true }),
    element("p", { class: "said", id: "said", role: "status" }));

const track = () =>
  element("div", { class: "track moving" },
    element("svg", { id: "spark", class: "spark", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" }),
    element("input", { type: "range", id: "seek", min: "0", max: "1", step: "any", value: "0", "data-t-label": "player.seek" }));

const transport = () =>
  element("div", { class: "tools moving" },
    element("div", { class: "group" },
      button("back", "player.back", "back"), button("play", "player.play", "play"), button("forward", "player.forward", "forward")),
    element("output", { id: "time", class: "time" }),
    element("span", { id: "frame", class: "frame" }),
    element("span", { class: "spacer" }),
    element("div", { class: "group" },
      element("label", { class: "speed" }, element("span", { class: "sr", "data-t": "player.speed" }),
        element("select", { id: "speed" }, ...SPEEDS.map((speed) => element("option", { value: speed, selected: speed === 1 }, `${speed}×`)))),
      button("loop", "player.loop", "loop", { "aria-pressed": "false" }),
      button("sound", "player.sound", "sound", { "aria-pressed": "true" })));

const looking = () =>
  element("div", { class: "tools" },
    element("div", { class: "group pair" },
      button("view", "player.view", "view", { "aria-pressed": "false" }),
      button("blink", "player.blink", "blink", { "aria-pressed": "false" }),
      button("map", "player.map", "map", { "aria-pressed": "false" })),
    element("div", { class: "group" },
      button("zoom-out", "player.zoom_out", "zoom-out"),
      element("button", { type: "button", id: "zoom", class: "amount-button", "data-t-label": "player.zoom_reset", title: true }),
      button("zoom-in", "player.zoom_in", "zoom-in")),
    element("label", { class: "group bright", "data-t-title": "player.bright" }, icon("bright"),
      element("input", { type: "range", id: "bright", min: "1", max: "6", step: "0.1", value: "1", "data-t-label": "player.bright" })),
    element("span", { class: "spacer" }),
    element("div", { class: "group" }, button("still", "player.still", "still"), button("full", "player.full", "full")));

const HELP = [
  [["Space"], "keys.space", true], [[",", "."], "keys.step", true], [["←", "→"], "keys.jump", true],
  [["Home", "End"], "keys.ends", true], [["[", "]"], "keys.speed", true], [["B"], "keys.blink"],
  [["S", "C"], "keys.views"], [["+", "−", "0"], "keys.zoom"], [["Shift ←"], "keys.pan"],
  [["L", "M"], "keys.toggles", true], [["F", "P"], "keys.more"],
];

const help = () =>
  element("details", { class: "keys" },
    element("summary", { "data-t": "player.keys" }),
    element("dl", {}, ...HELP.map(([keys, text, moving]) =>
      element("div", { class: moving ? "moving" : null },
        element("dt", {}, ...keys.map((key) => element("kbd", {}, key))), element("dd", { "data-t": text })))),
    element("label", { class: "everywhere" },
      element("input", { type: "checkbox", id: "everywhere", checked: true }), element("span", { "data-t": "keys.everywhere" })));

const copied = () =>
  element("dialog", { id: "copy", class: "copy", "aria-labelledby": "copy-title" },
    element("p", { id: "copy-title", "data-t": "player.still_by_hand" }),
    element("div", { id: "copy-picture" }),
    element("form", { method: "dialog" }, element("button", { class: "plain", "data-t": "player.close" })));

/** Fill a host with the player's elements. */
export function build(host) {
  host.classList.add("player");
  host.tabIndex = -1;
  host.replaceChildren(stage(), track(), transport(), looking(), help(), copied());
  $("after").muted = true; // the attribute alone doesn't do it once the element exists
}
