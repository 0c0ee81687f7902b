// Texts in the chosen language, and how numbers are said in it.

import { clock } from "./dom.js";

const root = document.documentElement;
let texts = { en: {}, ko: {} };

/** A text in the chosen language; {name} is replaced by vars.name. */
export function t(key, vars = {}) {
  const text = texts[root.lang]?.[key] ?? texts.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => vars[name] ?? whole);
}

/** A text that depends on a number: KEY.one or KEY.many. */
export const count = (key, n, vars = {}) => t(`${key}_${n === 1 ? "one" : "many"}`, { n, ...vars });

/** Fill in what is marked, below a node. */
export function translate(node = document) {
  for (const one of node.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of node.querySelectorAll("[data-t-label]")) {
    one.setAttribute("aria-label", t(one.dataset.tLabel));
    if (one.hasAttribute("title")) one.title = t(one.dataset.tLabel);
  }
}

export const language = () => root.lang;

export function speak(wanted) {
  root.lang = wanted;
  localStorage.setItem("language", wanted);
  translate();
  document.dispatchEvent(new Event("language"));
}

export async function loadTexts() {
  texts = await (await fetch("assets/texts.json")).json();
  const chosen = localStorage.getItem("language");
  const browser = navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
  root.lang = texts[chosen] ? chosen : browser;
  translate();
}

export function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (n >= 999.5 && at < units.length - 1) {
    n /= 1000;
    at += 1;
  }
  return `${n.toLocaleString(root.lang, { maximumFractionDigits: n < 10 && at ? 1 : 0 })} ${units[at]}`;
}

/** About how long: in the unit that matters. */
export function about(seconds) {
  if (seconds < 45) return t("time.seconds", { n: Math.max(5, Math.round(seconds / 5) * 5) });
  if (seconds < 3600) return t("time.minutes", { n: Math.max(1, Math.round(seconds / 60)) });
  return t("time.hours", { h: Math.floor(seconds / 3600), m: Math.round((seconds % 3600) / 60) });
}

export const length = (seconds) => clock(seconds, 0);

export const day = (iso) =>
  new Date(iso).toLocaleDateString(root.lang, { weekday: "short", year: "numeric", month: "short", day: "numeric" });
export const hour = (iso) => new Date(iso).toLocaleTimeString(root.lang, { hour: "numeric", minute: "2-digit" });
export const percent = (share) => `${Math.floor(share * 100)}%`;
