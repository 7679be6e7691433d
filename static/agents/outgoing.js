// Messages on their way: each is sent until the server has acknowledged it, and is stored there once.

import { text } from "../conversations/texts.js";
import { newUuid } from "../conversations/wire.js";
import { reasonOf } from "./toasts.js";
import { Refused } from "./calls.js";

const PATIENCE = 10_000;
const KEY = "kimono.unsent";

function kept() {
  try {
    return JSON.parse(window.sessionStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

export class Outgoing {
  #waiting = new Map();
  #frames = new Map();

  /** `line` is the socket. */
  constructor(line) {
    this.line = line;
  }

  /** Send `content` to the contact of a conversation; `bubble` shows how far it is. Returns the message's own id. */
  send(sessionId, content, bubble, canned = null) {
    const message = { id: newUuid(), sessionId, content, bubble, canned };
    this.#waiting.set(message.id, message);
    bubble.onRetry = () => this.#push(message);
    this.#remember();
    this.#push(message);
    return message.id;
  }

  /** Send again what the broken line has swallowed. */
  resend() {
    for (const message of this.#waiting.values()) if (!message.refused) this.#push(message);
  }

  /** Return what an earlier visit could not send in this conversation; `show(content, id)` makes its bubble. */
  restore(sessionId, known, show) {
    for (const { id, sessionId: where, content } of kept()) {
      if (where !== sessionId || known.has(id)) continue;
      const message = this.#waiting.get(id) ?? { id, sessionId, content };
      message.bubble = show(content, id);
      message.bubble.onRetry = () => this.#push(message);
      message.bubble.setFailed(text("failed"));
      this.#waiting.set(id, message);
    }
    for (const id of known) this.#waiting.delete(id);
    this.#remember();
  }

  /** Take an answer to a frame, or a stored message: one of ours has arrived. */
  acknowledge({ client_message_id: id }) {
    const message = this.#waiting.get(id);
    if (!message) return;
    clearTimeout(message.timer);
    this.#waiting.delete(id);
    this.#remember();
    message.bubble.setState("sent");
  }

  /** Take a refusal; returns whether it was about one of ours. */
  refuse(frame) {
    const message = this.#waiting.get(this.#frames.get(frame.id));
    if (!message) return false;
    clearTimeout(message.timer);
    message.refused = frame.code !== "rate_limited";
    const words = frame.code === "invalid_state" || frame.code === "not_your_session" ? text("failedShut") : null;
    message.bubble.setFailed(words ?? reasonOf(new Refused(frame.code === "rate_limited" ? 429 : 503, frame, frame.retry_after)));
    return true;
  }

  #push(message) {
    message.refused = false;
    message.bubble.setState("sending");
    const { id, sessionId, content, canned = null } = message;
    const fields = { session_id: sessionId, client_message_id: id, content, canned_reply_id: canned };
    const frame = this.line.send("send", fields);
    clearTimeout(message.timer);
    if (frame) this.#frames.set(frame, id);
    message.timer = setTimeout(() => message.bubble.setFailed(text("failed")), PATIENCE);
  }

  #remember() {
    const all = [...this.#waiting.values()].map(({ id, sessionId, content }) => ({ id, sessionId, content }));
    try {
      window.sessionStorage.setItem(KEY, JSON.stringify(all));
    } catch {
      // storage is blocked: memory has to do
    }
  }
}
