// Small charts in SVG: they take the page's colours, follow the video, and have their numbers below.
// They are drawn anew for every width, so that their text has one size.

import { between, clock, element } from "./dom.js";
import { t } from "./language.js";

const HEIGHT = 160;
const PAD = { left: 54, right: 14, top: 10, bottom: 24 };

/** A round number at or above a value, for the top of an axis. */
function roof(value) {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].find((step) => step * unit >= value) * unit;
}

const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

function summary(values, unit) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean: `${digits(mean)}${unit}`, most: `${digits(Math.max(...values))}${unit}` };
}

const nearest = (at, time) => {
  let near = 0;
  for (let i = 1; i < at.length; i += 1) if (Math.abs(at[i] - time) < Math.abs(at[near] - time)) near = i;
  return near;
};

/** The lines of a chart for a width, and what moves its cursor. */
function plot(svg, width, { at, series, duration, unit }) {
  const top = roof(Math.max(...series.flatMap((s) => s.values)));
  const x = (v) => PAD.left + (v / duration) * (width - PAD.left - PAD.right);
  const y = (v) => HEIGHT - PAD.bottom - (v / top) * (HEIGHT - PAD.top - PAD.bottom);
  svg.replaceChildren();
  svg.setAttribute("width", width);
  for (const part of [0, 0.5, 1]) {
    const level = y(top * part);
    svg.append(element("line", { class: "grid", x1: PAD.left, x2: width - PAD.right, y1: level, y2: level }));
    const number = `${Number((top * part).toPrecision(3))}${unit}`;
    svg.append(element("text", { x: PAD.left - 6, y: level + 4, "text-anchor": "end" }, number));
  }
  for (const [share, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const when = clock(duration * share, duration < 20 ? 1 : 0);
    svg.append(element("text", { x: x(duration * share), y: HEIGHT - 5, "text-anchor": anchor }, when));
  }
  for (const { values, kind } of series) {
    // at both ends as at the nearest sample
    const points = [[0, values[0]], ...at.map((v, i) => [v, values[i]]), [duration, values.at(-1)]]
      .map(([when, value]) => `${x(between(0, when, duration)).toFixed(1)} ${y(value).toFixed(1)}`).join(" L");
    if (kind === "area") {
      svg.append(element("path", { class: "fill", d: `M${x(0)} ${y(0)} L${points} L${x(duration)} ${y(0)} Z` }));
    }
    svg.append(element("path", { class: `line ${kind}`, d: `M${points}` }));
  }
  const cursor = element("line", { class: "now", y1: PAD.top, y2: HEIGHT - PAD.bottom });
  svg.append(cursor);
  return (time) => {
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x(between(0, time, duration)));
  };
}

/** One chart: series of the same times, drawn over each other. */
function curves(figure, player, { name, hint, ...what }) {
  const { at, series, duration, unit } = what;
  const spoken = summary(series.at(-1).values, unit);
  const svg = element("svg", { role: "img", height: HEIGHT, "aria-label": t("chart.summary", { name, ...spoken }) });
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    player.go(((event.clientX - box.left - PAD.left) / (box.width - PAD.left - PAD.right)) * duration);
  });
  const value = element("span", { class: "value", "aria-hidden": "true" });
  figure.append(element("figcaption", {}, name, element("span", {}, hint), value), svg);
  if (series.length > 1) {
    const dashed = element("span", {}, element("i", { class: "dashed" }), t("player.before"));
    const plain = element("span", {}, element("i"), t("player.after"));
    figure.append(element("p", { class: "legend" }, dashed, plain));
  }
  figure.append(numbers(what, spoken, name));
  let move = () => {};
  let last = 0;
  const follow = (time) => {
    last = time;
    move(time);
    const near = nearest(at, time);
    value.textContent = series.map((s) => `${digits(s.values[near])}${unit}`).join(" → ");
  };
  return {
    follow,
    resize: (width) => {
      move = plot(svg, width, what);
      move(last);
    },
  };
}

/** The same as a table of some rows, for who can't see a curve. */
function numbers({ at, series, unit }, spoken, name) {
  const count = Math.min(12, at.length);
  const rows = Array.from({ length: count }, (_, i) => Math.round((i * (at.length - 1)) / Math.max(1, count - 1)));
  const head = [t("chart.time"), ...(series.length > 1 ? [t("player.before"), t("player.after")] : [name])];
  const table = element("table", {},
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {},
      element("td", {}, clock(at[row])),
      ...series.map((s) => element("td", {}, `${digits(s.values[row])}${unit}`))))));
  const line = `${t("chart.mean", { n: spoken.mean })}, ${t("chart.most", { n: spoken.most })}`;
  return element("details", {}, element("summary", {}, `${t("chart.numbers")} (${line})`), table);
}

/** Where the car was; degrees of longitude are as long as the latitude makes them. */
function route(figure, clip) {
  const points = clip.track;
  const middle = points.reduce((sum, p) => sum + p[0], 0) / points.length;
  const flat = points.map(([lat, lon]) => [lon * Math.cos((middle * Math.PI) / 180), -lat]);
  const [xs, ys] = [0, 1].map((axis) => flat.map((p) => p[axis]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [across, down] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const text = t("route.summary", { n: points.length });
  const svg = element("svg", { height: HEIGHT, role: "img", "aria-label": text });
  figure.append(element("figcaption", {}, t("route.title"), element("span", {}, text)), svg);
  const dot = element("circle", { class: "dot", r: 6 });
  let [place, last] = [[], 0];
  const follow = (time) => {
    last = time;
    let near = Math.round((time / clip.duration) * (points.length - 1));
    if (points.every((p) => p[2] !== null)) {
      near = 0;
      for (let i = 1; i < points.length; i += 1) if (points[i][2] <= time) near = i;
    }
    const [x, y] = place[between(0, near, place.length - 1)] ?? [0, 0];
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
  };
  return {
    follow,
    resize: (width) => {
      const scale = Math.min((HEIGHT - 24) / Math.max(down, 1e-5), (width - 24) / Math.max(across, 1e-5));
      const [x, y] = [(width - across * scale) / 2, (HEIGHT - down * scale) / 2];
      place = flat.map(([u, v]) => [x + (u - left) * scale, y + (v - top) * scale]);
      const d = `M${place.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join(" L")}`;
      svg.setAttribute("width", width);
      svg.replaceChildren(element("path", { class: "line c", d }), dot);
      follow(last);
    },
  };
}

function made(figure, clip, player) {
  const { curve, pace, duration, brighter } = clip;
  const at = curve.t;
  const changed = brighter ? "added" : "removed";
  const kinds = {
    change: () => ({
      name: t(`chart.${changed}`), hint: t("chart.change_hint"), unit: "%", at,
      series: [{ values: curve[changed], kind: "area" }],
    }),
    brightness: () => ({
      name: t("chart.brightness"), hint: t("chart.brightness_hint"), unit: "%", at,
      series: [{ values: curve.before, kind: "b" }, { values: curve.after, kind: "c" }],
    }),
    pace: () => ({
      name: t("chart.pace"), hint: t("chart.pace_hint"), unit: "", at: pace.map((p) => p[0]),
      series: [{ values: pace.map((p) => p[1]), kind: "c" }],
    }),
  };
  const kind = figure.dataset.chart;
  return kind === "route" ? route(figure, clip) : curves(figure, player, { ...kinds[kind](), duration });
}

/** Draws a clip's charts and moves their cursors. */
export function createCharts(player) {
  let charts = [];
  let time = 0;
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) fit(target);
  });
  function fit(figure) {
    const style = getComputedStyle(figure);
    const width = figure.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    if (width > 0) charts.find((chart) => chart.figure === figure)?.resize(Math.floor(width));
  }
  document.addEventListener("time", (event) => {
    time = event.detail;
    for (const chart of charts) chart.follow(time);
  });
  return {
    /** Draw all charts of a clip's article. */
    show(article, clip) {
      watch.disconnect();
      charts = [];
      for (const figure of article.querySelectorAll("[data-chart]")) {
        figure.replaceChildren();
        charts.push({ figure, ...made(figure, clip, player) });
        fit(figure);
        watch.observe(figure);
      }
      for (const chart of charts) chart.follow(time);
    },
  };
}
