// Choosing recordings: dropped here, or in the folders of this machine, by drive and camera.

import { TAB, get, post } from "./api.js";
import { element } from "./dom.js";
import { filesOf, place } from "./drop.js";
import { foretell } from "./estimate.js";
import { attempt, button, chip, icon, named, say, thumbnail, toast } from "./parts.js";
import { bytes, count, day, hour, length, t } from "./speech.js";
import { clean } from "./start.js";
import { state } from "./state.js";

const clipsOf = (drive) => [...drive.cameras.flatMap((camera) => camera.clips), ...drive.copies];

export class Choose {
  constructor(host, roots) {
    this.host = host;
    this.roots = roots;
    this.groups = null;
    this.open = new Set(); // drives that are shown whole
    this.build();
    document.addEventListener("language", () => {
      this.build();
      // what the server said is in the other language
      if (this.groups?.damaged.length) attempt(() => this.go(this.view.id));
      else if (!this.view && !this.host.hidden) this.arrive();
    });
    document.addEventListener("view", (event) => {
      if (event.detail === "choose") this.arrive();
    });
    state.addEventListener("chosen", () => this.mark());
  }

  build() {
    this.title = element("h1", { id: "choose-title", tabindex: "-1" }, t("choose.title"));
    this.picker = element("input", { type: "file", multiple: true, accept: "video/*,.ts,.mts,.m2ts,.avi,.mkv", class: "sr", id: "picker", tabindex: "-1", "aria-label": t("choose.files") });
    this.picker.addEventListener("change", () => attempt(() => this.take([...this.picker.files])));
    this.zone = element("div", { class: "zone" }, icon("drop"),
      element("p", {}, element("strong", {}, t("choose.drop")), element("span", { class: "muted" }, t("choose.drop_hint"))),
      button(t("choose.files"), () => this.picker.click()), this.picker);
    this.way = element("nav", { class: "way", "aria-label": t("choose.way") });
    this.folders = element("ul", { class: "folders", "aria-label": t("choose.folders") });
    this.list = element("div", { class: "drives" });
    this.bar = element("div", { class: "bar-bottom", role: "region", "aria-label": t("choose.selection"), hidden: true });
    this.host.replaceChildren(element("div", { class: "lead" }, this.title, element("p", { class: "muted" }, t("choose.hint"))), this.zone, this.way, this.folders, this.list, this.bar);
    this.dropping();
    if (this.view) this.fill();
  }

  /** The folder that the address names, or the first root. */
  arrive() {
    const [, wanted] = location.hash.slice(1).split("/");
    const id = wanted || this.view?.id || this.roots[0].id;
    attempt(() => (this.view?.id === id ? this.again() : this.go(id)));
  }

  /** Look again at a folder, if something came into it or went away meanwhile. */
  async again() {
    const { view } = this;
    const now = await get(`api/folder?id=${view.id}`).catch(() => null);
    if (this.view === view && JSON.stringify(now) !== JSON.stringify(view)) await this.go(view.id);
  }

  async go(id) {
    this.going = id;
    const view = await get(`api/folder?id=${id}`).catch((error) => {
      if (this.going === id) this.refuse(error);
      return null;
    });
    if (!view || this.going !== id) return; // somebody went elsewhere meanwhile
    state.enter(view.id);
    this.view = view;
    this.groups = null;
    this.open.clear();
    this.fill();
    const groups = await get(`api/groups?tab=${TAB}&id=${id}`).catch((error) => {
      if (this.view === view) this.refuse(error);
      return null;
    });
    if (this.view !== view || !groups || groups.superseded) return;
    this.groups = groups;
    this.fill();
    state.keep(this.all());
    say(count("choose.found", this.all().length));
  }

  /** The folder can't be looked at: say why in its place, with the ways elsewhere. */
  refuse(error) {
    this.view = null;
    this.groups = null;
    state.clear();
    this.ways(null);
    this.folders.hidden = true;
    this.list.replaceChildren(element("p", { class: "note", role: "status" }, element("strong", {}, error.message), " ", error.advice));
  }

  all() {
    return (this.groups?.drives ?? []).flatMap(clipsOf);
  }

  /** Links to the roots, and to the folders above what is shown; none is shown where it can't be. */
  ways(view) {
    const way = view?.way ?? [];
    const link = (id, name, more = {}) => {
      const node = element("a", { href: `#choose/${id}`, ...more }, name);
      node.addEventListener("click", () => {
        if (node.hash === location.hash) attempt(() => this.go(id)); // the address stays: look again
      });
      return node;
    };
    const titled = (root) => (root.dropped ? t("choose.dropped") : root.name);
    const roots = this.roots.map((root) => {
      const here = way[0]?.id === root.id;
      return element("li", {}, link(root.id, titled(root), { class: here ? "root here" : "root", "aria-current": here && way.length === 1 ? "location" : null }));
    });
    const rest = way.slice(1).map((one, at, all) =>
      element("li", {}, link(one.id, one.name, { "aria-current": at === all.length - 1 ? "location" : null })));
    this.way.replaceChildren(
      this.roots.length > 1 ? element("ul", { class: "roots" }, ...roots) : element("ul", { class: "roots single" }, roots[0]),
      ...(rest.length ? [element("ol", { class: "crumbs" }, ...rest)] : []));
  }

  fill() {
    const { view } = this;
    this.ways(view);
    this.folders.replaceChildren(...view.folders.map((one) =>
      element("li", {}, element("a", { class: "folder", href: `#choose/${one.id}` }, icon("folder"),
        named(one.name), ...(one.clips ? [element("span", { class: "muted" }, count("choose.clips", one.clips))] : [])))));
    this.folders.hidden = !view.folders.length;
    this.list.replaceChildren(...this.drives());
    this.mark();
  }

  drives() {
    const { groups, view } = this;
    if (!groups) return [element("p", { class: "waiting", role: "status" }, t("choose.reading"))];
    const drives = groups.drives.map((drive, at) => this.drive(drive, at));
    const notes = [];
    if (!groups.deep && view.folders.length) notes.push(element("p", { class: "note" }, t("choose.large")));
    if (groups.damaged.length) {
      notes.push(element("details", { class: "note" }, element("summary", {}, count("choose.damaged", groups.damaged.length)),
        element("ul", {}, ...groups.damaged.map((one) => element("li", {}, element("strong", {}, one.name), element("span", { class: "reason" }, one.reason, " ", one.advice))))));
    }
    if (!drives.length && !view.folders.length) return [element("p", { class: "empty" }, t("choose.none")), ...notes];
    return [...drives, ...notes];
  }

  drive(drive, at) {
    const clips = clipsOf(drive).filter((clip) => !clip.result);
    const whole = element("input", { type: "checkbox", class: "whole", "aria-label": t("choose.whole", { name: day(drive.start) }) });
    whole.disabled = !clips.length;
    whole.addEventListener("change", () => state.choose(clips, whole.checked));
    const kind = drive.kind === "parked" ? [chip("calm", t("choose.parked"))] : [];
    const head = element("div", { class: "drive-head" },
      element("label", {}, whole, element("h2", {}, day(drive.start))),
      element("p", { class: "muted" }, `${[...new Set([hour(drive.start), hour(drive.end)])].join(" – ")} · ${length(drive.length)} · ${count("choose.clips", clipsOf(drive).length)}`, ...(drive.card ? [` · ${drive.card}`] : [])), ...kind);
    const rows = drive.cameras.map((camera) => this.row(camera.clips, drive.cameras.length > 1 || camera.camera !== "front" ? t(`camera.${camera.camera}`) : null));
    if (drive.copies.length) rows.push(this.row(drive.copies, t("choose.copies")));
    const node = element("section", { class: "drive" }, head, ...rows);
    node.drive = { whole, clips, at };
    return node;
  }

  row(clips, label) {
    return element("div", { class: "camera" }, ...(label ? [element("h3", {}, label)] : []),
      element("ul", { class: "cards" }, ...clips.map((clip) => this.card(clip))));
  }

  card(clip) {
    const box = element("input", { type: "checkbox", "data-id": clip.id, "aria-label": clip.name });
    box.disabled = clip.result;
    box.addEventListener("change", () => {
      if (box.checked) this.warm(clip);
      state.choose([clip], box.checked);
    });
    const picture = thumbnail(clip.id, 320, 180);
    const marks = [];
    if (clip.result) marks.push(chip("done", t("choose.result")));
    if (!clip.whole) marks.push(chip("damaged", t("choose.cut")));
    if (["event", "manual"].includes(clip.mode)) marks.push(chip("calm", t(`choose.${clip.mode}`)));
    const facts = [clip.duration ? length(clip.duration) : "", clip.height ? `${clip.height}p` : "", bytes(clip.size)].filter(Boolean);
    const look = button(t("choose.look"), () => this.look(clip), { kind: "peek", shape: "look", title: t("choose.look_at", { name: clip.name }) });
    for (const near of ["pointerenter", "focus"]) look.addEventListener(near, () => this.warm(clip));
    return element("li", { class: clip.result ? "card result" : "card" },
      element("label", { class: "face" }, picture, box, element("span", { class: "tick", "aria-hidden": "true" }, icon("check"))),
      look,
      element("div", { class: "about" }, named(clip.name, { title: clip.name }), element("span", { class: "muted" }, facts.join(" · ")), ...marks));
  }

  /** Let be read ahead what is likely to be looked at; whether that works out, looking says. */
  warm(clip) {
    if (this.warmed === clip.id) return;
    this.warmed = clip.id;
    post("api/warm", { id: clip.id }).catch(() => {});
  }

  look(clip) {
    state.look(clip);
    location.hash = "see";
  }

  /** Show what is chosen. */
  mark() {
    for (const box of this.list.querySelectorAll("input[data-id]")) {
      box.checked = state.chosen.has(box.dataset.id);
      box.closest(".card").toggleAttribute("data-chosen", box.checked);
    }
    for (const node of this.list.querySelectorAll(".drive")) {
      const { whole, clips } = node.drive;
      const chosen = clips.filter((clip) => state.chosen.has(clip.id)).length;
      whole.checked = chosen > 0 && chosen === clips.length;
      whole.indeterminate = chosen > 0 && chosen < clips.length;
    }
    const chosen = [...state.chosen.values()];
    this.bar.hidden = !chosen.length;
    const size = chosen.reduce((sum, clip) => sum + clip.size, 0);
    const time = element("span", { class: "muted" });
    foretell(time, chosen, state.choices);
    this.bar.replaceChildren(
      element("p", {}, element("strong", {}, count("choose.chosen", chosen.length)), element("span", { class: "muted" }, bytes(size)), time),
      button(t("choose.clear"), () => state.clear(), { kind: "plain" }),
      button(t("choose.preview"), () => this.look(chosen[0]), { kind: "plain", shape: "look" }),
      button(t("choose.clean"), () => clean(), { kind: "strong" }));
  }

  dropping() {
    let depth = 0;
    const over = (on) => document.body.toggleAttribute("data-dropping", on);
    if (this.listens) return;
    this.listens = true;
    addEventListener("dragenter", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      depth += 1;
      over(true);
    });
    addEventListener("dragleave", () => {
      depth = Math.max(0, depth - 1);
      if (!depth) over(false);
    });
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      depth = 0;
      over(false);
      attempt(async () => this.take(await filesOf(event.dataTransfer)));
    });
  }

  /** Find the places of dropped files, and choose them. */
  async take(files) {
    const places = [];
    for (const file of files) {
      const sending = () => toast(t("choose.sending", { name: file.name }), t("choose.sending_why"), true);
      const found = await attempt(() => place(file, sending));
      if (found) places.push(found);
    }
    if (!places.length) return;
    const { folder } = places[0];
    const { roots } = await get("api/begin");
    this.roots = roots;
    await this.go(folder);
    location.hash = `choose/${folder}`;
    state.choose(this.all().filter((clip) => places.some((one) => one.id === clip.id)), true);
    const others = places.filter((one) => one.folder !== folder).length;
    if (others) toast(count("choose.elsewhere", others));
  }
}
