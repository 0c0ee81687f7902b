// How the pair is looked at: divider, side by side or one after the other; zoom, pan, brightness.

import { $, between } from "./dom.js";

const MOST = 16; // times enlarged
const STEP = 1.5;
const TAPPED = 4; // pixels that a click may move

export class View {
  /** `t` gives texts; `changed` is called when what is shown changed without a video's doing. */
  constructor(host, { t, changed }) {
    this.host = host;
    this.t = t;
    this.changed = changed;
    this.stage = $("stage");
    this.divider = $("divider");
    this.share = 0.5;
    this.shown = "before"; // of the two, where one is shown at a time
    this.fingers = new Map();
    this.size = { width: 16, height: 9 };
    this.reset();
    this.#listen();
  }

  /** Divider in the middle, nothing enlarged, as bright as it is. */
  reset() {
    this.divide(0.5);
    this.zoom = 1;
    this.pan = [0, 0];
    this.brighten(1);
    this.#move();
  }

  get mode() {
    return this.stage.dataset.view;
  }

  set mode(name) {
    const onDivider = document.activeElement === this.divider; // it may be about to disappear
    this.stage.dataset.view = name;
    this.stage.dataset.shown = this.shown;
    $("view").setAttribute("aria-pressed", name === "side");
    $("blink").setAttribute("aria-pressed", name === "blink");
    if (onDivider && name !== "divider") this.host.focus({ preventScroll: true });
    this.shape();
    this.changed();
  }

  toggle(name) {
    this.mode = this.mode === name ? "divider" : name;
  }

  /** One after the other: the first time the recording, then by turns. */
  blink() {
    this.shown = this.mode === "blink" && this.shown === "before" ? "after" : "before";
    this.mode = "blink";
    $("said").textContent = this.t(`player.${this.shown}`);
  }

  shape({ width, height } = this.size) {
    this.size = { width, height };
    const across = this.mode === "side" ? 2 : 1;
    this.host.style.setProperty("--ratio", (width * across) / height);
    this.host.style.setProperty("--pane-ratio", width / height);
  }

  divide(share) {
    this.share = between(0, share, 1);
    const percent = Math.round(this.share * 100);
    this.stage.style.setProperty("--x", `${this.share * 100}%`);
    this.divider.setAttribute("aria-valuenow", percent);
    this.divider.setAttribute("aria-valuetext", this.t("player.divider_value", { n: percent }));
  }

  brighten(times) {
    this.gain = between(1, times, 6);
    $("bright").value = this.gain;
    $("bright").setAttribute("aria-valuetext", `${this.gain.toFixed(1)}×`);
    this.stage.style.setProperty("--gain", this.gain);
  }

  /** Enlarge about a point, given as shares of a pane: it stays where it is. */
  enlarge(times, [x, y] = [0.5, 0.5]) {
    const before = this.zoom;
    this.zoom = between(1, times, MOST);
    const keep = (from, at) => from + at / before - at / this.zoom;
    this.pan = [keep(this.pan[0], x), keep(this.pan[1], y)];
    this.#move();
  }

  in(at) {
    this.enlarge(this.zoom * STEP, at);
  }

  out(at) {
    this.enlarge(this.zoom / STEP < 1.05 ? 1 : this.zoom / STEP, at);
  }

  /** Move both pictures by shares of a pane. */
  shift(dx, dy) {
    this.pan = [this.pan[0] - dx / this.zoom, this.pan[1] - dy / this.zoom];
    this.#move();
  }

  /** What is seen of the picture, in its own pixels: x, y, width, height. */
  get part() {
    const { width, height } = this.size;
    return [this.pan[0] * width, this.pan[1] * height, width / this.zoom, height / this.zoom];
  }

  #move() {
    this.pan = this.pan.map((at) => between(0, at, 1 - 1 / this.zoom));
    const [x, y] = this.pan.map((at) => `${-at * this.zoom * 100}%`);
    const { style } = this.stage;
    style.setProperty("--zoom", this.zoom);
    style.setProperty("--pan-x", x);
    style.setProperty("--pan-y", y);
    this.stage.toggleAttribute("data-zoomed", this.zoom > 1);
    $("zoom").textContent = `${Math.round(this.zoom * 100)}%`;
    $("zoom-out").disabled = this.zoom === 1;
    $("zoom-in").disabled = this.zoom === MOST;
    this.changed();
  }

  /** Where a pointer is, as shares of the pane that it is over. */
  #at(event) {
    const panes = [...this.stage.querySelectorAll(".pane")].map((pane) => pane.getBoundingClientRect());
    const inside = (box) => event.clientX <= box.right && event.clientY <= box.bottom;
    const box = panes.find(inside) ?? panes[1];
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #drag(event) {
    const box = this.stage.getBoundingClientRect();
    this.divide((event.clientX - box.left) / box.width);
  }

  #listen() {
    const { stage, fingers } = this;
    stage.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.closest(".message")) return;
      stage.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      this.moved = fingers.size > 1;
      this.dragging = this.mode === "divider" && (this.zoom === 1 || event.target.closest(".divider"));
      if (this.dragging && fingers.size === 1) {
        this.#drag(event);
        this.divider.focus({ preventScroll: true });
      } else this.host.focus({ preventScroll: true });
      event.preventDefault();
    });
    stage.addEventListener("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      fingers.set(event.pointerId, event);
      const first = this.started ?? (this.started = last);
      if (Math.hypot(event.clientX - first.clientX, event.clientY - first.clientY) > TAPPED) this.moved = true;
      if (fingers.size === 2) this.#pinch(event, last);
      else if (this.dragging) this.#drag(event);
      else if (this.zoom > 1) this.#slide(last, event);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (event) => {
        fingers.delete(event.pointerId);
        this.started = null;
        if (name === "pointerup" && !this.moved && this.mode === "blink") this.blink();
      });
    }
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page's own scrolling
      event.preventDefault();
      this.enlarge(this.zoom * 2 ** (-event.deltaY / (event.deltaMode ? 8 : 240)), this.#at(event));
    }, { passive: false });
    stage.addEventListener("dblclick", (event) => {
      if (event.target.closest(".divider")) return this.divide(0.5);
      return this.enlarge(this.zoom > 1 ? 1 : 3, this.#at(event));
    });
  }

  #slide(from, to) {
    const [x, y] = this.#at(from);
    const [u, v] = this.#at(to);
    this.shift(u - x, v - y);
  }

  #pinch(event, last) {
    const other = [...this.fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
    const apart = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
    const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    if (apart(last) > 0) this.enlarge((this.zoom * apart(event)) / apart(last), this.#at(middle));
  }
}
