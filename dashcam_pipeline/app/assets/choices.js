// How recordings are to be cleaned: the same panel wherever it is shown.

import { element } from "./dom.js";
import { button } from "./parts.js";
import { t } from "./speech.js";
import { state } from "./state.js";

const LOOKS = ["gentle", "standard", "strong"];
const SLIDERS = [["streaks", 1], ["haze", 1.5], ["brightness", 1]];

const asPercent = (value) => `${Math.round(value * 100)}%`;

function looks() {
  const buttons = LOOKS.map((name) => {
    const input = element("input", { type: "radio", name: "look", value: name, checked: state.choices.look === name });
    input.addEventListener("change", () => state.set("look", name));
    return element("label", {}, input, element("span", {}, t(`look.${name}`)));
  });
  return element("fieldset", { class: "segments" }, element("legend", {}, t("look.title")), element("div", { class: "segment-row" }, ...buttons));
}

function slider([name, most]) {
  const value = state.choices[name];
  const output = element("output", { for: `slide-${name}` }, asPercent(value));
  const input = element("input", { type: "range", id: `slide-${name}`, min: "0", max: String(most), step: "0.05", value: String(value), "aria-describedby": `about-${name}` });
  const fill = () => input.style.setProperty("--share", input.value / most);
  input.setAttribute("aria-valuetext", asPercent(value));
  fill();
  input.addEventListener("input", () => {
    output.textContent = asPercent(input.value);
    input.setAttribute("aria-valuetext", asPercent(input.value));
    fill();
    state.set(name, Number(input.value));
  });
  return element("div", { class: "slide" },
    element("label", { for: `slide-${name}` }, t(`slide.${name}`)), output, input,
    element("p", { class: "muted", id: `about-${name}` }, t(`slide.${name}_hint`)));
}

function toggle(name, label, hint) {
  const input = element("input", { type: "checkbox", role: "switch", id: `switch-${name}`, checked: state.choices[name], "aria-describedby": `about-${name}` });
  input.addEventListener("change", () => state.set(name, input.checked));
  return element("div", { class: "switch" }, element("label", { for: `switch-${name}` }, input, element("span", {}, label)),
    element("p", { class: "muted", id: `about-${name}` }, hint));
}

function select(name, values) {
  const node = element("select", { id: `select-${name}` }, ...values.map((value) =>
    element("option", { value, selected: state.choices[name] === value }, t(`${name}.${value}`))));
  node.addEventListener("change", () => state.set(name, node.value));
  return element("div", { class: "pick" }, element("label", { for: `select-${name}` }, t(`${name}.title`)), node);
}

/** The whole panel, as it stands. */
export function panel(open = false) {
  const usual = button(t("slide.reset"), () => {
    state.reset();
    state.tell("reset");
  }, { kind: "ghost", shape: "again" });
  usual.hidden = state.usual;
  state.addEventListener("choices", () => {
    usual.hidden = state.usual;
  });
  return element("div", { class: "choices" },
    looks(),
    ...SLIDERS.map(slider),
    toggle("day", t("day.title"), t("day.hint")),
    element("details", { class: "more", open },
      element("summary", {}, t("more.title")),
      select("quality", ["fast", "balanced", "best"]),
      select("codec", ["auto", "h264", "hevc"]),
      toggle("replace", t("more.replace"), t("more.replace_hint"))),
    usual);
}
