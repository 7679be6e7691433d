// Reading a stream of server-sent events out of a fetch body, which EventSource cannot do for a POST.

import { Unreachable } from "./wire.js";

const SILENCE = 40_000; // the server pings every 15 s

async function readOrGiveUp(reader) {
  let timer;
  const silence = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Unreachable("silent stream")), SILENCE);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } catch (problem) {
    if (problem.name === "AbortError" || problem instanceof Unreachable) throw problem;
    throw new Unreachable(problem.message);
  } finally {
    clearTimeout(timer);
  }
}

function parse(block) {
  const event = { id: null, name: "message", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue; // a comment, or a field without a value
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") event.id = value;
    else if (field === "event") event.name = value;
    else if (field === "data") event.data += (event.data ? "\n" : "") + value;
  }
  return event.data ? { ...event, data: JSON.parse(event.data) } : null;
}

/** Yield `{id, name, data}` for each event of `body`. Throws `Unreachable` when the line breaks or goes silent. */
export async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder("utf-8");
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await readOrGiveUp(reader);
      if (done) return;
      buffer = (buffer + decoder.decode(value, { stream: true })).replace(/\r\n/g, "\n");
      let end;
      while ((end = buffer.indexOf("\n\n")) >= 0) {
        const event = parse(buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
