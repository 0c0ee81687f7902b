"use strict";
// Data, texts and colours of the page; the other scripts build on this one.

const DATA = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const root = document.documentElement;

/** A text in the chosen language; {name} is replaced by vars.name. */
function t(key, vars = {}) {
  const text = DATA.texts[root.lang][key] ?? DATA.texts.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => vars[name] ?? whole);
}

/** Seconds as m:ss.t or h:mm:ss.t. */
function clock(seconds, digits = 1) {
  const unit = 10 ** digits;
  const ticks = Math.max(0, Math.round(seconds * unit));
  const rest = ticks % (60 * unit);
  const minutes = Math.floor(ticks / (60 * unit));
  const tail = (rest / unit).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

function speak(language) {
  root.lang = language;
  for (const node of document.querySelectorAll("[data-t]")) {
    node.textContent = t(node.dataset.t);
  }
  for (const node of document.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
    if (node.title) node.title = t(node.dataset.tLabel);
  }
  $("language").lang = language === "ko" ? "en" : "ko";
  document.dispatchEvent(new Event("language"));
}

function isDark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

$("language").addEventListener("click", () => speak(root.lang === "ko" ? "en" : "ko"));
$("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
});

/** Called once by the last script, when all others listen. */
function begin() {
  const wish = root.dataset.language;
  const browser = navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
  speak(wish === "auto" ? browser : wish);
}
