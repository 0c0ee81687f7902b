// The queue: order, pause, cancel, how far all of it is; and what came of it.

import { get, post } from "./api.js";
import { element } from "./dom.js";
import { attempt, button, chip, named, progress, thumbnail } from "./parts.js";
import { about, bytes, count, language, percent, t } from "./speech.js";
import { state } from "./state.js";

const KINDS = { done: "done", failed: "failed", cancelled: "calm", running: "running", waiting: "calm", damaged: "damaged", skipped: "done", bright: "calm" };

/** What the recordings of a job are drawn by: another one, and they are asked for anew. */
const stampOf = (job) => JSON.stringify([language(), job.state, job.done, job.running.map((clip) => clip.path)]);

export class Run {
  constructor(host) {
    this.host = host;
    this.open = new Map(); // jobs whose recordings are shown: their rows
    this.drawn = "";
    this.build();
    state.addEventListener("queue", () => this.fill());
    document.addEventListener("language", () => {
      this.drawn = "";
      this.build();
    });
    document.addEventListener("view", (event) => {
      if (event.detail === "run") this.fill();
    });
  }

  build() {
    this.all = element("div", { class: "all" });
    this.jobs = element("ol", { class: "jobs", "aria-label": t("run.title") });
    this.host.replaceChildren(element("div", { class: "lead" }, element("h1", { id: "run-title", tabindex: "-1" }, t("run.title"))), this.all, this.jobs);
    this.fill();
  }

  fill() {
    const { queue } = state;
    if (!queue || this.host.hidden) return;
    // Buttons stay where they are while numbers change: only a change of states draws anew.
    const shape = JSON.stringify([queue.paused, queue.fault, queue.all.jobs > 0, queue.jobs.map((job) => [job.id, job.state, job.stopping, job.error])]);
    if (shape !== this.drawn) this.draw(queue);
    this.drawn = shape;
    this.update(queue);
    for (const job of queue.jobs) {
      const open = this.open.get(job.id);
      const stamp = stampOf(job);
      if (open && open.stamp !== stamp) {
        open.stamp = stamp;
        attempt(() => this.rows(job));
      }
    }
  }

  draw(queue) {
    const focused = document.activeElement?.dataset?.does;
    this.all.replaceChildren();
    if (queue.all.jobs) {
      this.total = progress(queue.all.share, t("run.all"));
      this.left = element("p", { class: "left" });
      const hold = queue.paused
        ? button(t("run.resume"), () => post("api/queue/resume"), { kind: "strong", shape: "play", "data-does": "hold" })
        : button(t("run.pause"), () => post("api/queue/pause"), { kind: "plain", shape: "pause", "data-does": "hold" });
      this.all.append(element("div", { class: "all-row" }, this.left, hold), this.total);
    }
    if (queue.fault) this.all.append(element("p", { class: "note" }, queue.fault));
    this.parts = new Map();
    const waiting = queue.jobs.filter((job) => job.state === "waiting");
    this.jobs.replaceChildren(...queue.jobs.map((job) => this.job(job, waiting)));
    if (!queue.jobs.length) {
      this.jobs.replaceChildren(element("li", { class: "empty" }, t("run.none"), " ", element("a", { href: "#choose" }, t("see.to_choose"))));
    }
    if (focused) this.host.querySelector(`[data-does="${focused}"]`)?.focus();
  }

  job(job, waiting) {
    const act = (action) => () => post(`api/jobs/${job.id}/${action}`);
    const does = (action) => ({ "data-does": `${action} ${job.id}` });
    const at = waiting.findIndex((one) => one.id === job.id);
    const tools = [];
    if (job.state === "waiting" && waiting.length > 1) {
      tools.push(
        button("", act("earlier"), { kind: "ghost", shape: "up", title: t("run.earlier"), disabled: at === 0, ...does("earlier") }),
        button("", act("later"), { kind: "ghost", shape: "down", title: t("run.later"), disabled: at === waiting.length - 1, ...does("later") }));
    }
    if (["running", "waiting"].includes(job.state)) tools.push(button(t(job.stopping ? "run.stopping" : "run.cancel"), act("cancel"), { kind: "plain", disabled: job.stopping, ...does("cancel") }));
    if (["cancelled", "failed"].includes(job.state) || job.counts.failed) tools.push(button(t(job.state === "done" ? "run.retry" : "run.continue"), act("again"), { kind: "plain", shape: "again", ...does("again") }));
    if (job.state === "done") tools.push(button(t("run.folder"), () => post("api/open", { job: job.id }), { kind: "plain", shape: "folder", ...does("folder") }));
    if (["done", "cancelled", "failed"].includes(job.state)) tools.push(button("", act("remove"), { kind: "ghost", shape: "close", title: t("run.remove"), ...does("remove") }));
    const title = job.clips === 1 ? job.first : t("run.job", { folder: job.folder, clips: count("choose.clips", job.clips) });
    const facts = element("p", { class: "muted facts-line" });
    const bar = progress(job.share, t("run.of", { name: title }));
    bar.hidden = !["running", "cancelled", "failed"].includes(job.state);
    const now = element("ul", { class: "now" });
    const details = element("details", { class: "clips", open: this.open.has(job.id) },
      element("summary", {}, count("run.recordings", job.clips)), this.open.get(job.id)?.body ?? element("div", { class: "rows" }));
    details.addEventListener("toggle", () => {
      if (!details.open) this.open.delete(job.id);
      else if (!this.open.has(job.id)) {
        this.open.set(job.id, { body: details.lastElementChild, stamp: stampOf(job), rows: [] });
        attempt(() => this.rows(job));
      }
    });
    const word = state.queue.paused && job.state !== "done" && job.state === "running" ? "paused" : job.state;
    const partly = job.state === "done" && job.counts.failed;
    const item = element("li", { class: "job", "data-state": job.state },
      element("div", { class: "job-row" },
        element("div", { class: "job-name" }, element("h2", {}, title), partly ? chip("damaged", count("run.some_failed", job.counts.failed)) : chip(KINDS[job.state], t(`job.${word}`))),
        element("div", { class: "job-tools" }, ...tools)),
      facts, bar, now,
      ...(job.error ? [element("p", { class: "fault" }, element("strong", {}, job.error), " ", job.advice)] : []),
      details);
    this.parts.set(job.id, { facts, bar, now });
    if (job.state === "done" && job.clips === 1 && !this.seen?.has(job.id)) {
      this.seen = (this.seen ?? new Set()).add(job.id);
      details.open = true;
    }
    return item;
  }

  update(queue) {
    if (queue.all.jobs && this.total) {
      this.total.value = queue.all.share;
      const left = queue.all.left === null ? t("run.unknown") : t("run.left_time", { time: about(queue.all.left) });
      const doing = queue.paused ? t("run.paused") : left;
      this.left.replaceChildren(element("strong", {}, percent(queue.all.share)), ` ${doing}`);
    }
    for (const job of queue.jobs) {
      const parts = this.parts?.get(job.id);
      if (!parts) continue;
      parts.bar.value = job.share;
      parts.facts.textContent = this.facts(job, queue);
      parts.now.replaceChildren(...job.running.map((clip) =>
        element("li", {}, named(clip.path), element("span", { class: "muted" }, percent(clip.share)))));
    }
  }

  facts(job, queue) {
    const { choices } = job;
    const how = [t(`look.${choices.look ?? "standard"}`), ...(choices.day ? [t("day.title")] : [])].join(", ");
    const facts = [bytes(job.bytes), how, t("run.into", { output: job.output })];
    if (job.state === "running") facts.push(t("run.done_of", { n: job.done, m: job.clips }));
    if (["running", "waiting"].includes(job.state) && job.left !== null && !queue.paused) facts.push(t("run.about", { time: about(job.left) }));
    return facts.join(" · ");
  }

  async rows(job) {
    const open = this.open.get(job.id);
    const stamp = open?.stamp;
    const { clips } = await get(`api/jobs/${job.id}`);
    if (!open || open.stamp !== stamp) return; // newer ones are on their way
    // What stays as it is keeps its place: somebody may be reading it, or about to press a button.
    const before = open.rows;
    open.rows = clips.map((clip, at) => {
      const shape = JSON.stringify([language(), { ...clip, share: 0 }]);
      return before[at]?.shape === shape ? before[at] : { shape, node: this.row(job, clip) };
    });
    if (before.length !== clips.length) open.body.replaceChildren(...open.rows.map(({ node }) => node));
    else open.rows.forEach(({ node }, at) => before[at].node !== node && before[at].node.replaceWith(node));
  }

  row(job, clip) {
    const said = element("p", { class: "verdict", role: "status" });
    const tools = clip.result ? [
      button(t("run.report"), () => this.report(job, clip), { kind: "plain", shape: "report" }),
      button(t("run.verify"), () => this.verify(job, clip, said), { kind: "plain", shape: "check" }),
    ] : [];
    return element("div", { class: "clip-row" },
      thumbnail(clip.result ?? clip.id, 96, 54),
      element("div", { class: "clip-name" }, named(clip.name), chip(KINDS[clip.status] ?? "calm", t(`clip.${clip.status}`)),
        ...[[clip.reason, clip.advice].filter(Boolean).join(" "), clip.note].filter(Boolean).map((text) => element("span", { class: "reason" }, text)), said),
      element("div", { class: "job-tools" }, ...tools));
  }

  async report(job, clip) {
    const tab = window.open("about:blank", "_blank"); // within the click, or the browser blocks it
    try {
      const { address } = await post("api/report", { job: job.id, result: clip.result });
      const place = new URL(address, location.href).href;
      if (tab) {
        tab.opener = null;
        tab.location.replace(place);
      } else location.href = place;
    } catch (error) {
      tab?.close();
      throw error;
    }
  }

  async verify(job, clip, said) {
    said.textContent = t("run.verifying");
    const { passed, rows } = await post("api/verify", { job: job.id, result: clip.result }).catch((error) => {
      said.textContent = "";
      throw error;
    });
    const wrong = rows.filter((row) => row.failed).map((row) => `${row.name}: ${row.said}`);
    said.className = passed ? "verdict good" : "verdict bad";
    said.textContent = passed ? t("run.verified") : t("run.not_verified", { what: wrong.join("; ") });
  }
}

