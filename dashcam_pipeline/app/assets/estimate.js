// About how long work will take, before it is begun.

import { post } from "./api.js";
import { about, t } from "./speech.js";

const REST = 400; // milliseconds without a change until it is asked for
const AGAIN = 2500; // and until it is asked again, where pictures came first

const pause = (time) => new Promise((done) => { setTimeout(done, time); });

/** Say in a node, as long as it is shown, how long recordings will take, once that can be told. */
export async function foretell(node, clips, choices) {
  const bytes = clips.reduce((sum, clip) => sum + clip.size, 0);
  for (let rest = REST; clips.length; rest = AGAIN) {
    await pause(rest);
    if (!node.isConnected) return;
    const { pace } = await post("api/pace", { id: clips[0].id, choices }).catch(() => ({})); // its run will say what is wrong
    if (pace === undefined) return;
    if (pace === null) continue;
    node.textContent = t("time.foretold", { time: about(pace * bytes) });
    return;
  }
}
