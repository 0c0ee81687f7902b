// Data, texts and colours of the page; its other scripts build on this one.

import { $, redrawWithFonts } from "./dom.js";

export const DATA = JSON.parse($("data").textContent);
export const root = document.documentElement;

/** A text in the chosen language; {name} is replaced by vars.name. */
export function t(key, vars = {}) {
  const text = DATA.texts[root.lang]?.[key] ?? DATA.texts.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => vars[name] ?? whole);
}

function speak(language) {
  root.lang = language;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-en]")) node.textContent = node.dataset[language];
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

/** Speak as the page, or else the browser, is set; called once, when all others listen. */
export function begin() {
  redrawWithFonts();
  $("language").addEventListener("click", () => speak(root.lang === "ko" ? "en" : "ko"));
  $("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
  });
  const wish = root.dataset.language;
  const browser = navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
  speak(wish === "auto" ? browser : wish);
}
