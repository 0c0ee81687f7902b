// What the server says as it happens. The queue comes whole each time: nothing is lost by a reload.

import { $ } from "./dom.js";
import { count, language } from "./speech.js";
import { say } from "./parts.js";

const AGAIN = 1500; // milliseconds until a lost server is asked again
const ENDED = ["done", "failed", "cancelled"];

let source = null;
let resting = false; // other tabs are told; this one is again when somebody looks at it
let before = null; // states of jobs by id, as they were last heard

function open(state) {
  source?.close();
  resting = false;
  source = new EventSource(`api/events?lang=${language()}`);
  source.addEventListener("queue", (event) => {
    $("lost").hidden = true;
    state.queue = JSON.parse(event.data);
    tell(state.queue);
    state.tell("queue");
  });
  source.addEventListener("elsewhere", () => {
    resting = true;
    source.close();
  });
  source.addEventListener("error", () => {
    if (resting) return;
    $("lost").hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(() => open(state), AGAIN);
  });
}

/** Say, on the desktop too, what came to its end while the page was open. */
function tell(queue) {
  const now = new Map(queue.jobs.map((job) => [job.id, job.state]));
  for (const job of before ? queue.jobs : []) {
    const was = before.get(job.id);
    if (!was || ENDED.includes(was) || !["done", "failed"].includes(job.state)) continue;
    const failed = job.counts.failed ?? 0;
    const text = job.error || (failed ? count("run.some_failed", failed) : count("run.all_clean", job.clips));
    say(text);
    if (window.Notification?.permission === "granted") new Notification(`dashcam: ${job.folder}`, { body: text, icon: "assets/mark.svg" });
  }
  before = now;
  const left = queue.all.jobs;
  $("badge").hidden = !left;
  $("badge").textContent = left;
  $("badge").setAttribute("aria-label", count("run.left", left));
  const share = Math.floor(queue.all.share * 100);
  document.title = left ? `${share}% · dashcam` : "dashcam";
}

export function listen(state) {
  open(state);
  document.addEventListener("language", () => open(state));
  const awake = () => {
    if (resting && document.visibilityState === "visible") open(state);
  };
  document.addEventListener("visibilitychange", awake);
  addEventListener("focus", awake);
}

/** May we say it on the desktop when work is done? Asked once, where work is begun. */
export async function mayNotify() {
  if (window.Notification?.permission === "default") await Notification.requestPermission();
}
