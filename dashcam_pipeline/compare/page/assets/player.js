/*
The player: a recording and what was made of it, in step, to be looked at closely.

  import { createPlayer } from "./player.js";

  const player = createPlayer(host, { t });   // an empty element; t(key, vars) gives a text
  player.load({
    before: { src, base: 0 },                 // null where there is none
    after: { src, base: 0 },
    width, height,                            // as it is shown
    duration, times,                          // of videos: seconds; see Times in sync.js
    band: { t: [], v: [] },                   // over the slider: seconds, any value from 0 on
    change: { limit: 64, both: true },        // of the change map: code values at full colour
    synthetic: false,                         // bears a mark in the corner, which stays free
  }, { keep: true });                         // stay where one looks: zoom, divider, brightness

A source is {src, base}: a video, with what its clock shows at the first picture; or {src, kind:
"image"}, for both sides alike. Pictures have no slider and no buttons to play; they are swapped when
both are decoded, and a load that is overtaken by the next one never shows.

  player.go(seconds), player.play(), player.pause(), player.now(), player.translate()
  host.addEventListener("time", (event) => event.detail)      // seconds, at every change
  host.addEventListener("loaded", ...)                        // pictures are shown

One player a page: its parts have fixed ids. It needs player.css and theme.css, the texts
`player.*` and `keys.*` (texts.toml), no network, no inline style or handler, and runs under
`script-src 'self'; style-src 'self'`.
*/

import { ChangeMap } from "./change.js";
import { $, clock, element, nameOf } from "./dom.js";
import { build } from "./markup.js";
import { copyStill } from "./still.js";
import { Sync } from "./sync.js";
import { View } from "./view.js";

const SAID = 3500; // milliseconds that a note stays
const FIELDS = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable], dialog";
const WORKED = "a, button, summary, input, [tabindex='0']"; // what keys work by themselves

export function createPlayer(host, { t }) {
  build(host);
  const [before, after] = [$("before"), $("after")];
  const pictures = [...host.querySelectorAll("img.picture")];
  let clip = null;
  let loads = 0;
  let hushed = null;

  const sync = new Sync(before, after, { changed: show, ended });
  const media = () => (clip?.still ? pictures : [before, after]);
  const map = new ChangeMap(host, { media, t });
  const view = new View(host, { t, changed: show });

  function ended() {
    if ($("loop").getAttribute("aria-pressed") === "true") {
      sync.go(0);
      sync.play();
    } else sync.pause();
  }

  function show() {
    if (!clip) return;
    map.draw();
    if (clip.still) return;
    const { now: time, times, playing } = sync;
    $("seek").value = time;
    $("seek").setAttribute("aria-valuetext", clock(time));
    host.style.setProperty("--played", time / (clip.duration || 1));
    $("time").textContent = `${clock(time)} / ${clock(clip.duration)}`;
    $("frame").textContent = times.count ? t("player.frame", { n: times.index(time) + 1, m: times.count }) : "";
    $("play").toggleAttribute("data-playing", playing);
    name($("play"), playing ? "player.pause" : "player.play");
    host.dispatchEvent(new CustomEvent("time", { detail: time, bubbles: true }));
  }

  function name(node, key) {
    node.dataset.tLabel = key;
    node.setAttribute("aria-label", t(key));
    if (node.hasAttribute("title")) node.title = t(key);
  }

  function translate() {
    for (const node of host.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
    for (const node of host.querySelectorAll("[data-t-label]")) name(node, node.dataset.tLabel);
    for (const node of host.querySelectorAll("[data-t-title]")) node.title = t(node.dataset.tTitle);
    for (const node of host.querySelectorAll("[data-t-alt]")) node.alt = t(node.dataset.tAlt);
    view.divide(view.share);
    map.label();
    show();
  }

  /** Show another pair; see above. */
  function load(next, { keep = false } = {}) {
    loads += 1;
    const still = [next.before, next.after].some((source) => source?.kind === "image");
    $("message").hidden = true;
    map.load(next.change ?? {});
    if (still) return swap(next, loads);
    sync.load([next.before, next.after], next);
    return begin({ ...next, still }, keep);
  }

  function begin(next, keep) {
    clip = next;
    const alone = !next.before?.src;
    for (const node of [before, after]) node.hidden = next.still;
    for (const node of pictures) node.hidden = !next.still;
    for (const node of host.querySelectorAll(".moving")) node.hidden = next.still;
    $("stage").toggleAttribute("data-alone", alone);
    $("stage").toggleAttribute("data-synthetic", Boolean(next.synthetic));
    for (const id of ["view", "blink", "map"]) $(id).disabled = alone;
    after.muted = !alone || $("sound").getAttribute("aria-pressed") === "false";
    view.shape(next);
    $("seek").max = next.duration ?? 1;
    band(next.band ?? { t: [], v: [] }, next.duration);
    if (!keep) view.reset();
    show();
  }

  async function swap(next, mine) {
    sync.load([null, null], { duration: 0 });
    const fresh = await Promise.all([next.before, next.after].map(async (source) => {
      const picture = new Image();
      if (source?.src) {
        picture.src = source.src;
        try {
          await picture.decode();
        } catch {
          if (mine === loads) broken(source.src);
        }
      }
      return picture;
    }));
    if (mine !== loads) return;
    pictures.forEach((old, index) => {
      const picture = fresh[index];
      picture.className = old.className;
      picture.dataset.tAlt = old.dataset.tAlt;
      picture.alt = t(picture.dataset.tAlt);
      old.replaceWith(picture);
      pictures[index] = picture;
    });
    begin({ ...next, still: true }, Boolean(clip?.still));
    host.dispatchEvent(new Event("loaded"));
  }

  function broken(src) {
    $("message").textContent = t("player.broken", { name: nameOf(src) });
    $("message").hidden = false;
  }
  for (const video of [before, after]) {
    video.addEventListener("error", () => {
      if (video.hasAttribute("src")) broken(video.getAttribute("src"));
    });
  }

  /** How much changed over time, over the slider; at its ends as at the nearest value. */
  function band({ t: at, v: values }, duration) {
    const svg = $("spark");
    svg.replaceChildren();
    if (at.length < 2) return;
    const most = Math.max(...values, 0.2);
    svg.setAttribute("viewBox", "0 0 1000 100");
    const y = (value) => (100 - (value / most) * 96).toFixed(1);
    const points = at.map((x, i) => `L${((x / duration) * 1000).toFixed(1)} ${y(values[i])}`);
    const path = `M0 100 L0 ${y(values[0])} ${points.join(" ")} L1000 ${y(values.at(-1))} L1000 100 Z`;
    svg.append(element("path", { d: path }));
  }

  function say(text) {
    $("said").textContent = text;
    $("said").toggleAttribute("data-seen", true);
    clearTimeout(hushed);
    hushed = setTimeout(() => $("said").removeAttribute("data-seen"), SAID);
  }

  function press(id) {
    const on = $(id).getAttribute("aria-pressed") !== "true";
    $(id).setAttribute("aria-pressed", on);
    return on;
  }

  const actions = {
    play: () => (sync.playing ? sync.pause() : sync.play()),
    back: () => sync.step(-1),
    forward: () => sync.step(1),
    loop: () => press("loop"),
    sound: () => {
      sync.lead.muted = !press("sound");
    },
    view: () => view.toggle("side"),
    blink: () => (view.mode === "blink" ? view.toggle("blink") : view.blink()),
    map: () => map.toggle(),
    "zoom-in": () => view.in(),
    "zoom-out": () => view.out(),
    zoom: () => view.enlarge(1),
    full: () => (document.fullscreenElement ? document.exitFullscreen() : host.requestFullscreen()),
    still: async () => {
      sync.pause();
      const tags = [clip.before?.src ? t("player.before") : null, t("player.after")];
      if (await copyStill({ view, media: media(), tags, map })) say(t("player.still_copied"));
    },
  };
  for (const [id, action] of Object.entries(actions)) $(id).addEventListener("click", action);

  function speed(by) {
    const select = $("speed");
    const index = select.selectedIndex + by;
    if (index >= 0 && index < select.options.length) select.selectedIndex = index;
    sync.pace(Number(select.value));
  }
  $("speed").addEventListener("change", () => speed(0));
  $("seek").addEventListener("input", () => sync.go(Number($("seek").value)));
  $("bright").addEventListener("input", () => view.brighten(Number($("bright").value)));

  const MOVING = {
    " ": actions.play, ",": actions.back, ".": actions.forward, l: actions.loop, m: actions.sound,
    "[": () => speed(-1), "]": () => speed(1), Home: () => sync.go(0), End: () => sync.go(sync.last),
    ArrowLeft: () => sync.go(sync.now - 1), ArrowRight: () => sync.go(sync.now + 1),
  };
  const LOOKING = {
    s: actions.view, b: () => view.blink(), c: actions.map, f: actions.full, p: actions.still,
    "+": actions["zoom-in"], "=": actions["zoom-in"], "-": actions["zoom-out"], 0: actions.zoom,
  };
  const PAN = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };

  /** What a key does here and now; nothing where it has another meaning. */
  function meant(event) {
    const { key, target, shiftKey } = event;
    const inside = host.contains(target);
    if (!clip || !host.getClientRects().length || event.ctrlKey || event.metaKey || event.altKey) return null;
    if (target.closest?.(FIELDS) || (!inside && !$("everywhere").checked)) return null;
    const long = key.length > 1; // arrows, Home, End: others' outside of the player
    const worked = target.closest?.(WORKED);
    if (!inside && (["Home", "End"].includes(key) || (worked && (long || key === " ")))) return null;
    // A focused button or the help is worked by the space bar itself.
    if (key === " " && target.closest?.("button, summary, [type=checkbox]")) return null;
    if (long && target === $("bright")) return null;
    if (target === $("divider") && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(key)) {
      if (key === "Home" || key === "End") return () => view.divide(key === "Home" ? 0 : 1);
      const by = shiftKey ? 0.1 : 0.02;
      return () => view.divide(view.share + (key === "ArrowLeft" ? -by : by));
    }
    if (shiftKey && view.zoom > 1 && PAN[key]) return () => view.shift(...PAN[key]);
    if (key === "Escape") return view.mode === "divider" ? null : () => view.toggle(view.mode);
    const known = clip.still ? LOOKING : { ...MOVING, ...LOOKING };
    return known[long ? key : key.toLowerCase()] ?? null;
  }
  document.addEventListener("keydown", (event) => {
    const action = meant(event);
    if (!action) return;
    event.preventDefault();
    action();
  });

  translate();
  return {
    load,
    translate,
    go: (seconds) => sync.go(seconds),
    play: () => sync.play(),
    pause: () => sync.pause(),
    now: () => (clip && !clip.still ? sync.now : 0),
  };
}
