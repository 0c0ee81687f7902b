// Asking the server; what it refuses comes as a sentence with advice.

import { language, t } from "./speech.js";

export const TAB = crypto.randomUUID(); // the newest ask of a tab wins

export class Fault extends Error {
  constructor({ message, advice = "" }) {
    super(message);
    this.advice = advice;
  }
}

async function ask(path, options = {}) {
  const headers = { "X-Language": language(), ...options.headers };
  let reply;
  try {
    reply = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Fault({ message: t("app.lost") });
  }
  if (reply.ok) return reply;
  const said = await reply.json().catch(() => null);
  throw new Fault(said?.error ?? { message: t("app.refused", { n: reply.status }) });
}

export const get = async (path, options) => (await ask(path, options)).json();

export const post = async (path, data = {}) =>
  (await ask(path, { method: "POST", body: JSON.stringify(data) })).json();

export const put = async (path, body) => (await ask(path, { method: "PUT", body })).json();

/** Lines of JSON, as they come. */
export async function* lines(path, data, signal) {
  const reply = await ask(path, { method: "POST", body: JSON.stringify(data), signal });
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const parts = rest.split("\n");
    rest = parts.pop();
    for (const part of parts) {
      const line = JSON.parse(part);
      if (line.error) throw new Fault(line.error);
      yield line;
    }
  }
}
