// Begin to clean what is chosen.

import { post } from "./api.js";
import { mayNotify } from "./listen.js";
import { toast } from "./parts.js";
import { count } from "./speech.js";
import { state } from "./state.js";

export async function clean() {
  const wanted = state.wanted.filter((clip) => !clip.result);
  const { folder, choices } = state;
  mayNotify(); // it may wait for an answer; the work doesn't
  const { gone } = await post("api/jobs", { folder, clips: wanted.map((clip) => clip.id), choices });
  toast(count("run.queued", wanted.length - gone.length), "", true);
  if (gone.length) toast(count("run.left_out", gone.length), gone.join(", "));
  state.clear();
  state.set("replace", false);
  location.hash = "run";
}
