// Files that are dropped: looked for where they lie, and sent only if they lie elsewhere.

import { post, put } from "./api.js";

const PIECE = 256 << 10; // as batch/fingerprint.py has it

async function fingerprint(file) {
  const { size } = file;
  const cuts = size <= 3 * PIECE ? [[0, size]] : [0, Math.floor((size - PIECE) / 2), size - PIECE].map((at) => [at, at + PIECE]);
  const parts = [new TextEncoder().encode(String(size)), ...(await Promise.all(cuts.map(([from, to]) => file.slice(from, to).arrayBuffer())))];
  const whole = await new Blob(parts).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** All files of what was dropped, folders too. */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  const walk = async (entry) => {
    if (entry.isFile) found.push(await new Promise((done, failed) => { entry.file(done, failed); }));
    else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((done, failed) => { reader.readEntries(done, failed); });
        if (!some.length) break;
        for (const one of some) await walk(one);
      }
    }
  };
  for (const entry of entries) await walk(entry);
  return found.filter((file) => !file.name.startsWith("."));
}

/** Where a file is: {id, folder}; `sending` is called if it must be sent. */
export async function place(file, sending) {
  const print = await fingerprint(file);
  const found = await post("api/found", { name: file.name, size: file.size, print });
  if (found.id) return found;
  sending();
  const query = new URLSearchParams({ name: file.name, size: file.size, print });
  return put(`api/dropped?${query}`, file);
}
