// What was chosen: recordings, and how they are to be cleaned. Views listen to its events.

const USUAL = { look: "standard", streaks: 1, haze: 1, brightness: 0, day: false, quality: "balanced", replace: false, codec: "auto" };

function stored(key, usual) {
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(key) ?? "{}") };
  } catch {
    return { ...usual };
  }
}

class State extends EventTarget {
  folder = null; // that recordings were chosen in
  chosen = new Map(); // by id
  current = null; // the one that is looked at
  choices = { ...stored("choices", USUAL), replace: false }; // replacing is decided each time
  queue = null;

  tell(what) {
    this.dispatchEvent(new Event(what));
  }

  enter(folder) {
    if (this.folder !== folder) this.clear();
    this.folder = folder;
  }

  choose(clips, on) {
    for (const clip of clips) {
      if (on) this.chosen.set(clip.id, clip);
      else this.chosen.delete(clip.id);
    }
    this.tell("chosen");
  }

  /** Of what is chosen keep what is still there. */
  keep(clips) {
    const there = new Set(clips.map((clip) => clip.id));
    this.choose([...this.chosen.values()].filter((clip) => !there.has(clip.id)), false);
  }

  clear() {
    this.chosen.clear();
    this.tell("chosen");
  }

  look(clip) {
    this.current = clip;
    this.tell("current");
  }

  set(name, value) {
    this.choices = { ...this.choices, [name]: value };
    localStorage.setItem("choices", JSON.stringify(this.choices));
    this.tell("choices");
  }

  reset() {
    this.choices = { ...USUAL };
    localStorage.setItem("choices", JSON.stringify(this.choices));
    this.tell("choices");
  }

  get usual() {
    return Object.keys(USUAL).every((key) => this.choices[key] === USUAL[key]);
  }

  /** Recordings that are to be cleaned: those chosen, or else the one that is looked at. */
  get wanted() {
    if (this.chosen.size) return [...this.chosen.values()];
    return this.current ? [this.current] : [];
  }
}

export const state = new State();
