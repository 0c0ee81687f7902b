"use strict";
// Two videos that run as one. The first is the clock; the second follows it.

const player = (() => {
  const [before, after] = [$("before"), $("after")];
  const stage = $("stage");
  const divider = $("divider");
  const seek = $("seek");
  const CLOSE = 0.012; // seconds apart that nobody sees
  const FAR = 0.25; // apart so much that only a jump helps

  let clip = null;
  let rate = 1;
  let wanted = null; // page time that a seek is under way to

  const lead = () => (clip.before[0] ? before : after);
  const base = (video) => (video === before ? clip.before[1] : clip.after[1]);
  const times = {
    get count() {
      const packed = clip.times;
      return packed.list ? packed.list.length : packed.count;
    },
    at(index) {
      const packed = clip.times;
      return packed.list ? packed.list[index] / 10000 : packed.start + index * packed.step;
    },
    /** The frame shown at a time: the last that begins no later. */
    index(seconds) {
      let [low, high] = [0, times.count - 1];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (times.at(middle) <= seconds + 0.0005) low = middle;
        else high = middle - 1;
      }
      return low;
    },
    /** The middle of a frame's time on screen, where no rounding shows its neighbour. */
    middle(index) {
      const begin = times.at(index);
      const next = index + 1 < times.count ? times.at(index + 1) : begin + 0.02;
      return (begin + next) / 2;
    },
  };

  /** Seconds from the first picture on. */
  function now() {
    if (!clip) return 0;
    return wanted ?? Math.max(0, lead().currentTime - base(lead()));
  }

  function go(seconds) {
    if (!clip) return;
    const time = Math.min(Math.max(0, seconds), clip.duration);
    wanted = time;
    for (const video of [before, after]) {
      if (video.getAttribute("src")) video.currentTime = time + base(video);
    }
    show();
  }

  function step(by) {
    pause();
    if (!times.count) return go(now() + by / 30);
    const index = Math.min(Math.max(0, times.index(now()) + by), times.count - 1);
    go(times.middle(index));
  }

  const playing = () => clip !== null && !lead().paused && !lead().ended;

  async function play() {
    if (!clip) return;
    if (now() >= clip.duration - 0.05) go(0);
    follow();
    try {
      await Promise.all(
        [before, after].filter((v) => v.getAttribute("src")).map((v) => v.play())
      );
    } catch (error) {
      if (error.name !== "AbortError") throw error; // paused again before it began
    }
    requestAnimationFrame(tick);
  }

  function pause() {
    before.pause();
    after.pause();
    if (clip && clip.before[0] && clip.after[0] && wanted === null) {
      after.currentTime = before.currentTime - base(before) + base(after);
    }
    show();
  }

  /** Keep the second video beside the first. */
  function follow() {
    before.playbackRate = rate;
    if (!clip.before[0] || !clip.after[0]) {
      after.playbackRate = rate;
      return;
    }
    const apart = before.currentTime - base(before) - (after.currentTime - base(after));
    if (Math.abs(apart) > FAR && !after.seeking) {
      after.currentTime += apart;
      after.playbackRate = rate;
    } else {
      const push = Math.abs(apart) < CLOSE ? 0 : Math.max(-0.15, Math.min(0.15, apart * 2));
      after.playbackRate = rate * (1 + push);
    }
  }

  function tick() {
    if (!clip) return;
    if (playing()) {
      follow();
      requestAnimationFrame(tick);
    }
    show();
  }

  function show() {
    if (!clip) return;
    const time = now();
    seek.value = time;
    seek.setAttribute("aria-valuetext", clock(time));
    $("time").textContent = `${clock(time)} / ${clock(clip.duration)}`;
    $("frame").textContent = times.count
      ? t("player.frame", { n: times.index(time) + 1, m: times.count })
      : "";
    const button = $("play");
    button.toggleAttribute("data-playing", playing());
    const key = playing() ? "player.pause" : "player.play";
    button.dataset.tLabel = key;
    button.title = t(key);
    button.setAttribute("aria-label", t(key));
    document.dispatchEvent(new CustomEvent("time", { detail: time }));
  }

  function divide(share) {
    const percent = Math.min(100, Math.max(0, share * 100));
    stage.style.setProperty("--x", `${percent}%`);
    divider.setAttribute("aria-valuenow", Math.round(percent));
    divider.setAttribute("aria-valuetext", t("player.divider_value", { n: Math.round(percent) }));
  }

  const share = () => Number.parseFloat(stage.style.getPropertyValue("--x") || "50") / 100;

  function load(next) {
    before.pause();
    after.pause();
    clip = next;
    wanted = null;
    $("message").hidden = true;
    const empty = !next.before[0] && !next.after[0];
    $("player").hidden = empty;
    $("proxy-note").hidden = !(next.before[2] || next.after[2]);
    if (empty) return;
    for (const [video, source] of [[before, next.before], [after, next.after]]) {
      if (source[0]) video.src = source[0];
      else {
        video.removeAttribute("src");
        video.load();
      }
    }
    stage.toggleAttribute("data-alone", !next.before[0]);
    after.muted = Boolean(next.before[0]);
    shape();
    seek.max = next.duration;
    spark();
    divide(0.5);
    show();
  }

  function shape() {
    const side = stage.dataset.view === "side";
    stage.style.aspectRatio = `${clip.width * (side ? 2 : 1)} / ${clip.height}`;
    for (const pane of stage.querySelectorAll(".pane")) {
      pane.style.aspectRatio = side ? `${clip.width} / ${clip.height}` : "";
    }
  }

  /** The glare over time, behind the slider. */
  function spark() {
    const { t: at, removed } = clip.curve;
    const svg = $("spark");
    svg.replaceChildren();
    if (at.length < 2) return;
    const most = Math.max(...removed, 0.5);
    svg.setAttribute("viewBox", "0 0 1000 100");
    const points = at.map(
      (x, i) => `L${((x / clip.duration) * 1000).toFixed(1)} ${(100 - (removed[i] / most) * 96).toFixed(1)}`
    );
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", `M0 100 ${points.join(" ")} L1000 100 Z`);
    svg.append(path);
  }

  function press(id) {
    const button = $(id);
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", on);
    return on;
  }

  const actions = {
    play: () => (playing() ? pause() : play()),
    back: () => step(-1),
    forward: () => step(1),
    loop: () => press("loop"),
    sound: () => {
      lead().muted = !press("sound");
    },
    view: () => {
      const onDivider = document.activeElement === divider; // it is about to disappear
      stage.dataset.view = press("view") ? "side" : "divider";
      if (onDivider) $("player").focus({ preventScroll: true });
      shape();
    },
    full: () =>
      document.fullscreenElement ? document.exitFullscreen() : $("player").requestFullscreen(),
    speed: (by) => {
      const select = $("speed");
      const index = select.selectedIndex + by;
      if (index >= 0 && index < select.options.length) select.selectedIndex = index;
      rate = Number(select.value);
      follow();
    },
  };
  for (const id of ["play", "back", "forward", "loop", "sound", "view", "full"]) {
    $(id).addEventListener("click", actions[id]);
  }
  $("speed").addEventListener("change", () => actions.speed(0));
  seek.addEventListener("input", () => go(Number(seek.value)));

  // Only inside the player, so that a screen reader's own keys keep their meaning elsewhere.
  const KEYS = {
    " ": actions.play, ",": actions.back, ".": actions.forward,
    "[": () => actions.speed(-1), "]": () => actions.speed(1),
    l: actions.loop, m: actions.sound, f: actions.full, s: actions.view,
    Home: () => go(0), End: () => go(clip.duration),
    ArrowLeft: () => go(now() - 1), ArrowRight: () => go(now() + 1),
  };
  $("player").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    const onDivider = event.target === divider;
    if (onDivider && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      const by = event.shiftKey ? 0.1 : 0.02;
      if (event.key === "Home" || event.key === "End") divide(event.key === "Home" ? 0 : 1);
      else divide(share() + (event.key === "ArrowLeft" ? -by : by));
      event.preventDefault();
      return;
    }
    // A focused button or the help is worked by the space bar itself.
    if (event.key === " " && ["BUTTON", "SUMMARY"].includes(event.target.tagName)) return;
    const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });

  function drag(event) {
    const box = stage.getBoundingClientRect();
    divide((event.clientX - box.left) / box.width);
  }
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || stage.dataset.view === "side") return;
    stage.setPointerCapture(event.pointerId);
    drag(event);
    divider.focus({ preventScroll: true });
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) drag(event);
  });

  for (const video of [before, after]) {
    video.addEventListener("seeked", () => {
      if (![before, after].some((v) => v.seeking)) wanted = null;
      show();
    });
    video.addEventListener("error", () => {
      if (!video.getAttribute("src")) return;
      const name = nameOf(video.getAttribute("src"));
      $("message").textContent = t("player.broken", { name });
      $("message").hidden = false;
    });
  }
  function nameOf(src) {
    const name = src.split("/").pop();
    try {
      return decodeURIComponent(name);
    } catch {
      return name; // no UTF-8
    }
  }
  function ended() {
    if ($("loop").getAttribute("aria-pressed") === "true") {
      go(0);
      play();
    } else pause();
  }
  for (const video of [before, after]) {
    video.addEventListener("ended", () => {
      if (clip && video === lead()) ended();
    });
    video.addEventListener("loadeddata", show);
    video.addEventListener("pause", show);
    video.addEventListener("play", show);
  }
  document.addEventListener("language", () => {
    if (!clip) return;
    divide(share());
    show();
  });
  return { load, go, now, pause, playing, get clip() { return clip; } };
})();
