// Which clip is shown; and for a batch, the table of all of them.

import { createCharts } from "./charts.js";
import { $ } from "./dom.js";
import { DATA, begin, root, t } from "./language.js";
import { createPlayer } from "./player.js";

function start() {
  const player = createPlayer($("player"), { t });
  const charts = createCharts(player);
  const many = DATA.clips.length > 1;
  let shown = -1;

  const article = (index) => $(`about-${index}`);

  function open(index) {
    if (shown >= 0) article(shown).hidden = true;
    shown = index;
    article(index).hidden = false;
    const clip = DATA.clips[index];
    const empty = !clip.before.src && !clip.after.src;
    player.pause();
    $("player").hidden = empty;
    $("proxy-note").hidden = empty || !(clip.before.proxy || clip.after.proxy);
    if (!empty) player.load(clip);
    charts.show(article(index), clip);
  }

  function route() {
    const match = /^#clip-(\d+)$/.exec(location.hash);
    const index = match ? Number(match[1]) : -1;
    if (!many || index < 0 || index >= DATA.clips.length) return list();
    $("batch").hidden = true;
    $("clip-view").hidden = false;
    open(index);
    $("clip-title").textContent = DATA.clips[index].title;
    neighbour("previous", index - 1);
    neighbour("next", index + 1);
    scrollTo(0, 0);
    $("clip-title").focus({ preventScroll: true });
  }

  function neighbour(id, index) {
    const link = $(id);
    const there = index >= 0 && index < DATA.clips.length;
    if (there) link.href = `#clip-${index}`;
    else link.removeAttribute("href");
    link.toggleAttribute("aria-disabled", !there);
    if (!there) link.setAttribute("aria-disabled", "true");
  }

  function list() {
    if (!many) return open(0);
    player.pause();
    $("clip-view").hidden = true;
    $("batch").hidden = false;
    if (shown >= 0) document.querySelector(`a[href="#clip-${shown}"]`)?.focus();
  }

  function filter() {
    const words = $("search").value.trim().toLowerCase();
    const status = $("status-filter").value;
    const rows = [...$("clips").tBodies[0].rows];
    let count = 0;
    for (const row of rows) {
      row.hidden = !(row.dataset.name.includes(words) && (!status || row.dataset.status === status));
      count += !row.hidden;
    }
    $("count").textContent = t("batch.count", { n: count, m: rows.length });
    $("no-match").hidden = count > 0;
  }

  function sort(header) {
    const up = header.getAttribute("aria-sort") !== "ascending";
    for (const other of header.parentElement.cells) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    const column = header.cellIndex;
    const body = $("clips").tBodies[0];
    const value = (row) => row.cells[column].dataset.value;
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = x !== "" && y !== "" && !Number.isNaN(Number(x)) && !Number.isNaN(Number(y))
        ? Number(x) - Number(y)
        : x.localeCompare(y, root.lang, { numeric: true });
      return up ? order : -order;
    });
    body.append(...rows);
  }

  for (const bar of document.querySelectorAll("[data-share]")) bar.style.setProperty("--share", bar.dataset.share);
  if (many) {
    $("search").addEventListener("input", filter);
    $("status-filter").addEventListener("change", filter);
    for (const button of $("clips").querySelectorAll("[data-sort]")) {
      button.addEventListener("click", () => sort(button.closest("th")));
    }
    addEventListener("hashchange", route);
  }
  document.addEventListener("click", (event) => {
    const shot = event.target.closest(".shot");
    if (!shot) return;
    player.pause();
    player.go(Number(shot.dataset.seconds));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    $("player").scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  });
  document.addEventListener("language", () => {
    if (many) filter();
    player.translate();
    for (const shot of document.querySelectorAll(".shot")) {
      const { time, amount } = shot.dataset;
      shot.setAttribute("aria-label", t(shot.dataset.brighter ? "moments.go_brighter" : "moments.go", { time, n: amount }));
    }
    if (shown >= 0) charts.show(article(shown), DATA.clips[shown]);
  });
  begin();
  route();
}

start();
