// Two videos that run as one. The first is the clock; the second follows it.

import { between } from "./dom.js";

const CLOSE = 0.012; // seconds apart that nobody sees
const FAR = 0.25; // apart so much that only a jump helps
const BEHIND = 0.1; // seconds of a video behind the clip's end that count as a part left out

/** Times of frames, as they are packed: {start, step, count} or {list} in units of 0.1 ms. */
export class Times {
  constructor(packed = {}) {
    this.packed = packed;
    this.count = packed.list ? packed.list.length : packed.count ?? 0;
  }

  at(index) {
    const { list, start, step } = this.packed;
    return list ? list[index] / 10000 : start + index * step;
  }

  /** The frame shown at a time: the last that begins no later. */
  index(seconds) {
    let [low, high] = [0, this.count - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.at(middle) <= seconds + 0.0005) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The middle of a frame's time on screen, where no rounding shows its neighbour. */
  middle(index) {
    if (index + 1 < this.count) return (this.at(index) + this.at(index + 1)) / 2;
    return this.at(index) + (index ? (this.at(index) - this.at(index - 1)) / 2 : 0.01);
  }
}

export class Sync {
  /** `changed` is called whenever there is something new to show, `ended` at the end. */
  constructor(first, second, { changed, ended }) {
    this.videos = [first, second];
    this.changed = changed;
    this.ended = ended;
    this.rate = 1;
    this.wanted = null; // page time that a seek is under way to
    this.bases = [0, 0];
    this.duration = 0;
    this.times = new Times();
    for (const video of this.videos) {
      video.addEventListener("seeked", () => {
        if (!this.videos.some((v) => v.seeking)) this.wanted = null;
        changed();
      });
      video.addEventListener("ended", () => {
        if (video === this.lead) ended();
      });
      for (const event of ["loadeddata", "pause", "play"]) video.addEventListener(event, changed);
    }
  }

  /** Take two sources of {src, base}; null for one that isn't there. */
  load(sources, { duration, times }) {
    this.stop();
    this.wanted = null;
    this.duration = duration;
    this.times = new Times(times);
    this.bases = sources.map((source) => source?.base ?? 0);
    for (const [index, video] of this.videos.entries()) {
      if (sources[index]?.src) {
        video.src = sources[index].src;
        video.currentTime = this.bases[index]; // of a part, both begin with its first picture
      } else if (video.hasAttribute("src")) {
        video.removeAttribute("src");
        video.load();
      }
    }
  }

  get there() {
    return this.videos.filter((video) => video.hasAttribute("src"));
  }

  get lead() {
    return this.there[0] ?? this.videos[0];
  }

  base(video) {
    return this.bases[this.videos.indexOf(video)];
  }

  /** Seconds from the first picture on. */
  get now() {
    return this.wanted ?? Math.max(0, this.lead.currentTime - this.base(this.lead));
  }

  get playing() {
    return this.there.length > 0 && !this.lead.paused && !this.lead.ended;
  }

  get atEnd() {
    const { times, now } = this;
    return this.lead.ended || (times.count ? times.index(now) >= times.count - 1 : now >= this.duration - 0.05);
  }

  /** Where the last picture is: a longer recording behind the clip's end isn't shown. */
  get last() {
    return this.times.count ? this.times.middle(this.times.count - 1) : this.duration;
  }

  go(seconds) {
    const time = between(0, seconds, this.last);
    this.wanted = time;
    for (const video of this.there) video.currentTime = time + this.base(video);
    this.changed();
  }

  step(by) {
    this.pause();
    const { times } = this;
    if (!times.count) return this.go(this.now + by / 30);
    return this.go(times.middle(between(0, times.index(this.now) + by, times.count - 1)));
  }

  async play() {
    if (this.atEnd) this.go(0);
    this.#follow();
    try {
      await Promise.all(this.there.map((video) => video.play()));
    } catch (error) {
      // paused again before it began; or no video, which its own event says
      if (!["AbortError", "NotSupportedError"].includes(error.name)) throw error;
    }
    requestAnimationFrame(() => this.#tick());
  }

  stop() {
    for (const video of this.videos) video.pause();
  }

  pause() {
    this.stop();
    const [first, second] = this.there;
    if (second && this.wanted === null) {
      second.currentTime = first.currentTime - this.base(first) + this.base(second);
    }
    this.changed();
  }

  pace(rate) {
    this.rate = rate;
    this.#follow();
  }

  /** Keep the second video beside the first. */
  #follow() {
    const [first, second] = this.there;
    if (!first) return;
    first.playbackRate = this.rate;
    if (!second) return;
    const apart = first.currentTime - this.base(first) - (second.currentTime - this.base(second));
    if (Math.abs(apart) > FAR && !second.seeking) {
      second.currentTime += apart;
      second.playbackRate = this.rate;
    } else {
      const push = Math.abs(apart) < CLOSE ? 0 : between(-0.15, apart * 2, 0.15);
      second.playbackRate = this.rate * (1 + push);
    }
  }

  #tick() {
    if (!this.playing) return;
    const { lead } = this;
    const goesOn = lead.duration - this.base(lead) - this.duration > BEHIND;
    if (goesOn && this.wanted === null && this.now >= this.last) {
      this.stop();
      this.go(this.last);
      this.ended();
      return;
    }
    this.#follow();
    this.changed();
    requestAnimationFrame(() => this.#tick());
  }
}
