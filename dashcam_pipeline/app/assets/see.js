// See before deciding: one moment before and after, as the settings would have it, and some seconds.

import { TAB, get, lines } from "./api.js";
import { panel } from "./choices.js";
import { clock, element } from "./dom.js";
import { foretell } from "./estimate.js";
import { attempt, button, say } from "./parts.js";
import { createPlayer } from "./player.js";
import { bytes, count, t } from "./speech.js";
import { clean } from "./start.js";
import { state } from "./state.js";

const REST = 120; // milliseconds without a change until a picture is asked for
const STEPS = [[0, 960], [961, 1280], [1281, 1920]]; // columns of a picture, by those of the window

export class See {
  constructor(host) {
    this.host = host;
    this.facts = null;
    this.seconds = 0;
    this.empty();
    document.addEventListener("language", () => this.rebuild());
    document.addEventListener("view", (event) => {
      if (event.detail === "see") this.arrive();
      else this.stop();
    });
    state.addEventListener("choices", () => {
      this.later();
      this.foretell();
    });
    state.addEventListener("reset", () => this.side?.replaceWith(this.sidebar()));
    state.addEventListener("chosen", () => this.foot?.replaceWith(this.footer()));
  }

  empty() {
    this.host.replaceChildren(
      element("div", { class: "lead" }, element("h1", { id: "see-title", tabindex: "-1" }, t("see.title"))),
      element("p", { class: "empty" }, t("see.none"), " ", element("a", { href: "#choose" }, t("see.to_choose"))));
    this.built = null;
  }

  arrive() {
    const clip = state.current ?? state.wanted[0];
    if (!clip) {
      if (this.built) this.empty();
      return;
    }
    if (this.clip?.id === clip.id && this.built) {
      this.later();
      return;
    }
    state.current = clip;
    this.clip = clip;
    this.facts = null;
    this.seconds = 0;
    attempt(() => this.begin(clip));
  }

  async begin(clip) {
    this.build();
    this.busy(true);
    const facts = await get(`api/facts?id=${clip.id}`).catch((error) => {
      if (this.clip === clip) this.refuse(error);
      return null;
    });
    if (!facts || this.clip !== clip) return;
    this.facts = facts;
    this.seconds = Math.min(facts.duration / 2, Math.max(0, facts.duration - facts.frame));
    this.moment.max = String(Math.max(facts.frame, facts.duration - facts.frame));
    this.moment.step = String(facts.frame);
    this.moment.disabled = false;
    this.placeMoment();
    this.ask();
  }

  /** There is nothing to see: say why in its place. */
  refuse(error) {
    this.host.querySelector(".see-main").replaceChildren(this.note);
    this.note.replaceChildren(element("strong", {}, error.message), " ", error.advice, " ", element("a", { href: "#choose" }, t("see.to_choose")));
    this.note.hidden = false;
    this.built = null; // it is tried again when somebody comes back
  }

  rebuild() {
    if (!this.built) {
      this.empty();
      return;
    }
    const { facts, seconds } = this;
    this.build();
    if (!facts) return;
    this.moment.max = String(Math.max(facts.frame, facts.duration - facts.frame));
    this.moment.step = String(facts.frame);
    this.moment.disabled = false;
    this.seconds = seconds;
    this.placeMoment();
    this.later();
  }

  build() {
    const { clip } = this;
    this.built = clip.id;
    this.stage = element("div", { "aria-label": t("player.title"), role: "region" });
    this.note = element("p", { class: "note", role: "status", hidden: true });
    this.status = element("p", { class: "status", role: "status" });
    this.moment = element("input", { type: "range", id: "moment", min: "0", max: "1", value: "0", disabled: true });
    this.moment.addEventListener("input", () => {
      this.seconds = Number(this.moment.value);
      this.placeMoment();
      this.later();
    });
    this.when = element("output", { for: "moment", class: "when-now" });
    this.playing = button(t("see.clip"), () => this.play(), { kind: "plain", shape: "play" });
    this.host.replaceChildren(
      element("div", { class: "lead row" }, element("div", {}, element("h1", { id: "see-title", tabindex: "-1" }, t("see.title")), this.picker())),
      element("div", { class: "see-grid" },
        element("div", { class: "see-main" }, this.stage,
          element("div", { class: "moment" }, element("label", { for: "moment" }, t("see.moment")), this.moment, this.when, this.playing),
          this.status, this.note),
        this.sidebar()));
    this.player = createPlayer(this.stage, { t });
    for (const node of this.stage.querySelectorAll(".moving")) node.hidden = true; // pictures come first
  }

  picker() {
    const among = state.chosen.size ? [...state.chosen.values()] : [this.clip];
    if (!among.some((clip) => clip.id === this.clip.id)) among.unshift(this.clip);
    if (among.length === 1) return element("p", { class: "muted file" }, this.clip.name);
    const select = element("select", { "aria-label": t("see.which") }, ...among.map((clip) =>
      element("option", { value: clip.id, selected: clip.id === this.clip.id }, clip.name)));
    select.addEventListener("change", () => {
      state.current = among.find((clip) => clip.id === select.value);
      this.arrive();
    });
    return select;
  }

  sidebar() {
    const open = this.side?.querySelector("details")?.open ?? false;
    this.side = element("aside", { class: "side", "aria-label": t("see.settings") }, panel(open), this.footer());
    return this.side;
  }

  footer() {
    const wanted = state.wanted;
    const size = wanted.reduce((sum, clip) => sum + clip.size, 0);
    const target = element("p", { class: "muted" });
    if (state.folder) {
      get(`api/output?id=${state.folder}`).then(
        ({ output }) => target.replaceChildren(t("see.output"), " ", element("strong", {}, output)),
        (error) => { target.textContent = [error.message, error.advice].join(" "); });
    }
    const alone = wanted.length === 1 && wanted[0].id === this.clip?.id;
    const also = this.clip && !this.clip.result && !wanted.some((clip) => clip.id === this.clip.id);
    this.foot = element("div", { class: "go" },
      button(alone ? t("see.this") : count("see.clean", wanted.length), clean, { kind: "strong", disabled: !wanted.length }),
      ...(also ? [button(t("see.add"), () => state.choose([this.clip], true), { kind: "plain" })] : []),
      element("p", { class: "muted" }, count("choose.clips", wanted.length), " · ", bytes(size)), element("p", { class: "muted" }), target);
    this.foretell();
    return this.foot;
  }

  /** How long what is wanted will take, as it is chosen now. */
  foretell() {
    if (!this.foot) return;
    const { quality, day } = state.choices;
    const shape = JSON.stringify([quality, day, state.wanted.map((clip) => clip.id)]);
    if (this.foot.dataset.foretold === shape) return;
    this.foot.dataset.foretold = shape;
    const time = element("p", { class: "muted" });
    this.foot.querySelector("p + p").replaceWith(time);
    foretell(time, state.wanted, state.choices);
  }

  placeMoment() {
    const { moment, facts } = this;
    moment.value = String(this.seconds);
    moment.style.setProperty("--share", Number(moment.value) / Number(moment.max)); // it keeps to its steps
    this.when.textContent = `${clock(this.seconds)} / ${clock(facts.duration)}`;
    moment.setAttribute("aria-valuetext", clock(this.seconds));
  }

  /** Ask for a picture soon; what changes meanwhile is asked for with it. */
  later() {
    if (!this.facts || this.host.hidden) return;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.ask(), REST);
  }

  stop() {
    clearTimeout(this.resting);
    this.asking?.abort();
    this.player?.pause();
  }

  ask() {
    this.stop();
    const mine = new AbortController();
    this.asking = mine;
    attempt(() => this.see(mine)).finally(() => {
      if (this.asking === mine) this.busy(false);
    });
  }

  async see(mine) {
    const { clip } = this;
    this.busy(true);
    this.note.hidden = true;
    const wide = Math.round(this.stage.clientWidth * devicePixelRatio);
    const width = (STEPS.find(([, most]) => wide <= most) ?? STEPS.at(-1))[1];
    const asked = { id: clip.id, seconds: this.seconds, width, choices: state.choices, tab: TAB };
    let before = null;
    const begin = performance.now();
    for await (const line of lines("api/see", asked, mine.signal)) {
      if (line.superseded || this.asking !== mine) return;
      if (line.before) {
        before = line.before;
        // at once, with the last result beside it only if it is of the same moment
        if (this.shown !== `${clip.id} ${line.seconds}`) this.show(before, before, asked);
        this.shown = `${clip.id} ${line.seconds}`;
      } else if (line.after) {
        this.show(before, line.after, asked);
        this.stage.dataset.seen = JSON.stringify([line.seconds, state.choices]);
        const took = ((performance.now() - begin) / 1000).toFixed(1);
        this.status.textContent = line.glass ? t("see.glass", { glass: line.glass, took }) : t("see.took", { took });
        say(t("see.ready"));
      }
    }
  }

  show(before, after, { choices }) {
    const { facts } = this;
    const source = (src) => ({ src, kind: "image" });
    this.player.load({ before: source(before), after: source(after), width: facts.width, height: facts.height, change: { limit: 64, both: true }, synthetic: choices.day }, { keep: true });
  }

  /** A few seconds as videos. */
  async play() {
    this.stop();
    const mine = new AbortController();
    this.asking = mine;
    this.busy(true);
    try {
      const asked = { id: this.clip.id, seconds: this.seconds, choices: state.choices, tab: TAB };
      for await (const line of lines("api/clip", asked, mine.signal)) {
        if (line.superseded || this.asking !== mine) return;
        if (line.done !== undefined && !line.before) this.status.textContent = t("see.rendering", { n: line.done, m: line.total });
        if (!line.before) continue;
        const duration = (line.times.at(-1) ?? 0) + this.facts.frame;
        this.status.textContent = t("see.playing");
        this.shown = null;
        this.player.load({
          before: { src: line.before, base: 0 }, after: { src: line.after, base: 0 },
          width: line.width, height: line.height, duration,
          times: { list: line.times.map((time) => Math.round(time * 10000)) },
          change: { limit: 64, both: true }, synthetic: asked.choices.day,
        }, { keep: true });
        this.player.play();
      }
    } finally {
      if (this.asking === mine) this.busy(false);
    }
  }

  busy(on) {
    this.stage?.toggleAttribute("data-busy", on);
    this.stage?.setAttribute("aria-busy", on);
    if (on && this.status) this.status.textContent = t("see.working");
  }
}
