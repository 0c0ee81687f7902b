// The change map: how much darker or brighter each place became, in colours over the second picture.
//
// A page from disk may draw its videos but not read their pixels. So the browser itself subtracts:
// (before + 255 - after) / 2 is drawn on a canvas, and an SVG filter gives colour and transparency.

import { $, between, element } from "./dom.js";

const COLUMNS = 480; // of the map; finer would show the noise
const QUIET = 3; // code values that are nothing: half a step of the drawing, and noise
const WARM = [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]];
const COLD = [[0, 60, 120], [51, 238, 255]];
const LUMA = "0.2126 0.7152 0.0722 0 0";

/** A colour between those of a row, for 0 to 1. */
function colorAt(row, share) {
  const at = share * (row.length - 1);
  const low = Math.min(Math.floor(at), row.length - 2);
  return row[low].map((value, i) => value + (row[low + 1][i] - value) * (at - low));
}

/** Colour (0 to 255 each) and opacity (0 to 1) of a change in code values; above 0 is darker. */
function look(change, limit) {
  const share = between(0, (Math.abs(change) - QUIET) / (limit - QUIET), 1);
  return [...colorAt(change < 0 ? COLD : WARM, share), share > 0 ? 0.25 + 0.65 * Math.sqrt(share) : 0];
}

const svg = (name, attributes, ...children) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

/** The filter for a scale; a table's entries are the 256 values of the drawing. */
function filter(limit) {
  const looks = Array.from({ length: 256 }, (_, i) => look(2 * i - 255, limit));
  const table = (at, unit) => looks.map((entry) => (entry[at] / unit).toFixed(3)).join(" ");
  const tables = (names) => names.map(([name, at, unit]) =>
    svg(name, { type: "table", tableValues: table(at, unit) }));
  return svg("filter", { id: "change-colors", "color-interpolation-filters": "sRGB", x: 0, y: 0, width: 1, height: 1 },
    svg("feColorMatrix", { type: "matrix", values: `${LUMA} ${LUMA} ${LUMA} 0 0 0 0 1`, result: "change" }),
    svg("feComponentTransfer", { in: "change", result: "colors" },
      ...tables([["feFuncR", 0, 255], ["feFuncG", 1, 255], ["feFuncB", 2, 255]])),
    svg("feColorMatrix", { in: "change", type: "matrix", values: `0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ${LUMA}` }),
    svg("feComponentTransfer", { result: "cover" }, ...tables([["feFuncA", 3, 1]])),
    svg("feComposite", { in: "colors", in2: "cover", operator: "in" }));
}

export class ChangeMap {
  /** `media` gives the two elements that are shown; `t` texts. */
  constructor(host, { media, t }) {
    this.media = media;
    this.t = t;
    this.canvas = $("change");
    this.context = this.canvas.getContext("2d");
    this.after = document.createElement("canvas");
    this.holder = element("svg", { class: "sr", "aria-hidden": "true", width: "0", height: "0" });
    host.append(this.holder);
    this.load({});
  }

  /** Code values at full colour, and whether anything became brighter. */
  load({ limit = 64, both = true }) {
    this.scale = { limit: Math.max(limit, 2 * QUIET), both };
    this.holder.replaceChildren(filter(this.scale.limit));
    this.label();
  }

  get on() {
    return !this.canvas.hidden;
  }

  toggle() {
    this.canvas.hidden = this.on;
    $("map").setAttribute("aria-pressed", this.on);
    this.label();
    this.draw();
  }

  /** What the colours mean. */
  label() {
    const legend = $("scale");
    legend.hidden = !this.on;
    const { limit, both } = this.scale;
    const stops = Array.from({ length: 13 }, (_, i) => {
      const share = both ? i / 6 - 1 : i / 12;
      return `rgb(${look(share * limit, limit).slice(0, 3).map(Math.round).join(" ")})`;
    });
    const bar = element("i");
    bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
    const percent = Math.round((limit / 255) * 100);
    const words = (key) => element("span", {}, this.t(key, { n: percent }));
    legend.replaceChildren(words(both ? "player.map_brighter" : "player.map_same"), bar, words("player.map_darker"));
  }

  draw() {
    const [before, after] = this.media();
    const [width, height] = [after.videoWidth ?? after.naturalWidth, after.videoHeight ?? after.naturalHeight];
    if (!this.on || !width || !(before.videoWidth ?? before.naturalWidth)) return;
    const columns = Math.min(COLUMNS, width);
    const rows = Math.round((columns * height) / width);
    for (const canvas of [this.canvas, this.after]) {
      if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
    }
    const turned = this.after.getContext("2d");
    turned.globalCompositeOperation = "source-over";
    turned.drawImage(after, 0, 0, columns, rows);
    turned.globalCompositeOperation = "difference";
    turned.fillStyle = "#fff";
    turned.fillRect(0, 0, columns, rows);
    const { context } = this;
    context.globalAlpha = 1;
    context.drawImage(before, 0, 0, columns, rows);
    context.globalAlpha = 0.5;
    context.drawImage(this.after, 0, 0);
  }
}
