"use strict";
// Small charts in SVG: they take the page's colours, follow the video, and have their numbers below.

const charts = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const [WIDTH, HEIGHT] = [420, 150];
  const PAD = { left: 42, right: 10, top: 8, bottom: 22 };

  function element(name, attributes = {}, ...children) {
    const svg = ["svg", "path", "line", "text", "circle", "g"].includes(name);
    const node = svg ? document.createElementNS(NS, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  /** A round number at or above a value, for the top of an axis. */
  function roof(value) {
    if (!(value > 0)) return 1;
    const unit = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 2.5, 5, 10].find((step) => step * unit >= value) * unit;
  }

  const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

  function summary(values) {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return { mean: digits(mean), most: digits(Math.max(...values)) };
  }

  /** One chart: series of the same times, drawn over each other. */
  function draw(figure, { name, unit, at, series, duration }) {
    const top = roof(Math.max(...series.flatMap((s) => s.values)));
    const x = (v) => PAD.left + (v / duration) * (WIDTH - PAD.left - PAD.right);
    const y = (v) => HEIGHT - PAD.bottom - (v / top) * (HEIGHT - PAD.top - PAD.bottom);
    const main = series[series.length - 1];
    const spoken = summary(main.values);
    const svg = element("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": t("chart.summary", { name, ...spoken }),
    });
    for (const part of [0, 0.5, 1]) {
      const level = y(top * part);
      svg.append(element("line", { class: "grid", x1: PAD.left, x2: WIDTH - PAD.right, y1: level, y2: level }));
      const number = element("text", { x: PAD.left - 6, y: level + 4, "text-anchor": "end" });
      number.textContent = String(Number((top * part).toPrecision(3)));
      svg.append(number);
    }
    for (const [share, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
      const number = element("text", { x: x(duration * share), y: HEIGHT - 4, "text-anchor": anchor });
      number.textContent = clock(duration * share, duration < 20 ? 1 : 0);
      svg.append(number);
    }
    for (const { values, kind } of series) {
      const points = at.map((v, i) => `${x(v).toFixed(1)} ${y(values[i]).toFixed(1)}`).join(" L");
      if (kind === "area") {
        const [first, last] = [x(at[0]).toFixed(1), x(at[at.length - 1]).toFixed(1)];
        svg.append(element("path", { class: "fill", d: `M${first} ${y(0)} L${points} L${last} ${y(0)} Z` }));
      }
      svg.append(element("path", { class: `line ${kind}`, d: `M${points}` }));
    }
    const cursor = element("line", { class: "now", y1: PAD.top, y2: HEIGHT - PAD.bottom });
    svg.append(cursor);
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      const place = ((event.clientX - box.left) / box.width) * WIDTH;
      player.go(((place - PAD.left) / (WIDTH - PAD.left - PAD.right)) * duration);
    });
    const value = element("span", { class: "value", "aria-hidden": "true" });
    const caption = element("figcaption", {}, name, element("span", {}, unit), value);
    figure.append(caption, svg);
    if (series.length > 1) {
      const dashed = element("span", {}, element("i", { class: "dashed" }), t("player.before"));
      const plain = element("span", {}, element("i"), t("player.after"));
      figure.append(element("p", { class: "legend" }, dashed, plain));
    }
    figure.append(numbers(at, series, spoken, name));
    return (time) => {
      cursor.setAttribute("x1", x(Math.min(time, duration)));
      cursor.setAttribute("x2", x(Math.min(time, duration)));
      let near = 0;
      for (let i = 1; i < at.length; i += 1) if (Math.abs(at[i] - time) < Math.abs(at[near] - time)) near = i;
      value.textContent = series.map((s) => digits(s.values[near])).join(" → ");
    };
  }

  /** The same as a table of some rows, for who can't see a curve. */
  function numbers(at, series, spoken, name) {
    const count = Math.min(12, at.length);
    const rows = Array.from({ length: count }, (_, i) => Math.round((i * (at.length - 1)) / Math.max(1, count - 1)));
    const head = [t("chart.time"), ...(series.length > 1 ? [t("player.before"), t("player.after")] : [name])];
    const table = element("table", {},
      element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {},
        element("td", {}, clock(at[row])),
        ...series.map((s) => element("td", {}, digits(s.values[row])))))));
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
    const span = Math.max(Math.max(...xs) - left, Math.max(...ys) - top, 1e-5);
    const scale = (HEIGHT - 24) / span;
    const [w, h] = [(Math.max(...xs) - left) * scale, (Math.max(...ys) - top) * scale];
    const place = flat.map(([x, y]) => [(WIDTH - w) / 2 + (x - left) * scale, (HEIGHT - h) / 2 + (y - top) * scale]);
    const text = t("route.summary", { n: points.length });
    const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": text });
    svg.append(element("path", { class: "line c", d: `M${place.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join(" L")}` }));
    const dot = element("circle", { class: "dot", r: 6 });
    svg.append(dot);
    figure.append(element("figcaption", {}, t("route.title"), element("span", {}, text)), svg);
    return (time) => {
      let near = Math.round((time / clip.duration) * (points.length - 1));
      if (points.every((p) => p[2] !== null)) {
        near = 0;
        for (let i = 1; i < points.length; i += 1) if (points[i][2] <= time) near = i;
      }
      const [x, y] = place[Math.min(Math.max(0, near), place.length - 1)];
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
    };
  }

  let followers = [];

  /** Draw all charts of a clip's article. */
  function show(article, clip) {
    followers = [];
    for (const figure of article.querySelectorAll("[data-chart]")) {
      figure.replaceChildren();
      const { curve, pace, duration } = clip;
      const at = curve.t;
      const kinds = {
        removed: () => draw(figure, {
          name: t("chart.removed"), unit: t("chart.removed_unit"), at, duration,
          series: [{ values: curve.removed, kind: "area" }],
        }),
        brightness: () => draw(figure, {
          name: t("chart.brightness"), unit: t("chart.brightness_unit"), at, duration,
          series: [{ values: curve.before, kind: "b" }, { values: curve.after, kind: "c" }],
        }),
        pace: () => draw(figure, {
          name: t("chart.pace"), unit: t("chart.pace_unit"), at: pace.map((p) => p[0]), duration,
          series: [{ values: pace.map((p) => p[1]), kind: "c" }],
        }),
        route: () => route(figure, clip),
      };
      followers.push(kinds[figure.dataset.chart]());
    }
    for (const shot of article.querySelectorAll(".shot")) {
      const { time, removed } = shot.dataset;
      shot.setAttribute("aria-label", t("moments.go", { time, n: removed }));
    }
    for (const follower of followers) follower(player.now());
  }
  document.addEventListener("time", (event) => {
    for (const follower of followers) follower(event.detail);
  });
  return { show };
})();
