// The page begins here: texts, colours, the three views, and what the server says.

import { icon } from "./parts.js";
import { $, redrawWithFonts } from "./dom.js";
import { Choose } from "./choose.js";
import { get } from "./api.js";
import { language, loadTexts, speak } from "./speech.js";
import { listen } from "./listen.js";
import { Run } from "./run.js";
import { See } from "./see.js";
import { state } from "./state.js";

const VIEWS = ["choose", "see", "run"];
const root = document.documentElement;

function isDark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function dress() {
  const chosen = localStorage.getItem("theme");
  if (chosen) root.dataset.theme = chosen;
  $("theme").append(icon("theme"));
  $("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
  $("language").addEventListener("click", () => speak(language() === "ko" ? "en" : "ko"));
  const other = () => {
    $("language").lang = language() === "ko" ? "en" : "ko";
  };
  document.addEventListener("language", other);
  other();
}

function show(first = false) {
  const [wanted] = location.hash.slice(1).split("/");
  const name = VIEWS.includes(wanted) ? wanted : "choose";
  for (const view of VIEWS) $(view).hidden = view !== name;
  for (const link of document.querySelectorAll(".steps a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.body.dataset.view = name;
  document.dispatchEvent(new CustomEvent("view", { detail: name }));
  if (!first) {
    scrollTo(0, 0);
    $(`${name}-title`)?.focus({ preventScroll: true });
  }
}

redrawWithFonts();
await loadTexts();
dress();
const began = await get("api/begin");
new Choose($("choose"), began.roots);
new See($("see"));
new Run($("run"));
addEventListener("hashchange", () => show());
listen(state);
show(true);
document.body.dataset.ready = "";
