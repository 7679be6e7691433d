// What a "no" of the server, or no answer at all, means for the contact, in plain words, and what is done about it.

import { minutesOf, text } from "./texts.js";
import { Refused, Unreachable } from "./wire.js";

const SHORT = 120; // seconds that are still told as seconds

export class Refusals {
  /** `room`, `live`, `delivery`, `conversation`, `thread`. */
  constructor({ room, live, delivery, conversation, thread }) {
    Object.assign(this, { room, live, delivery, conversation, thread });
  }

  /** A message did not get through. */
  ofMessage(problem, message) {
    const waits = message.acknowledged ? "answerWaits" : "notSent";
    if (problem instanceof Unreachable) {
      message.bubble.setFailed(waits);
      return this.live.trouble();
    }
    const { status, code, retryAfter } = problem;
    if (status === 401 || status === 404) return this.#expired(message);
    if (code === "session_closed") {
      message.bubble.setFailed("notSentEnded");
      return this.room.show("closed");
    }
    if (code === "tenant_suspended") {
      message.bubble.setFailed("notSentPaused");
      return this.room.pause();
    }
    if (status === 429) return this.#tooFast(message, retryAfter ?? 10);
    if (status === 503) {
      message.bubble.setFailed(waits);
      return this.live.trouble(retryAfter);
    }
    if (status === 422 || status === 413) return message.bubble.setRejected("notAccepted");
    return message.bubble.setFailed("notSentBroken");
  }

  /** A person could not be asked for. */
  ofPerson(problem) {
    if (!(problem instanceof Refused)) {
      this.thread.addNotice(text("personFailed"));
      return this.live.trouble();
    }
    const { status, code, retryAfter } = problem;
    if (code === "session_closed") return this.room.show("closed");
    if (code === "tenant_suspended") return this.room.pause();
    if (status === 401 || status === 404) return this.#expired(null);
    const words = status === 429 ? text("tooFastPerson", { n: retryAfter ?? 10 }) : text("personFailed");
    return this.thread.addNotice(words);
  }

  /** What the page fetches by itself was refused. */
  ofFetching(problem) {
    if (problem instanceof Unreachable) return this.live.trouble();
    if (!(problem instanceof Refused)) throw problem;
    if (problem.code === "tenant_suspended") return this.room.pause();
    if (problem.status === 401 || problem.status === 404) return this.#expired(null);
    return this.live.trouble(problem.retryAfter);
  }

  #tooFast(message, seconds) {
    if (seconds <= SHORT) return message.bubble.setFailed("tooFast", seconds);
    return message.bubble.setFailed("tooMany", null, { n: minutesOf(seconds) });
  }

  /** The token is not taken any more: show that we are still the same visitor, or begin anew. */
  async #expired(message) {
    this.live.stop();
    const same = await this.conversation.renew().catch(() => null);
    if (same === null) {
      message?.bubble.setFailed("notSent");
      return this.live.trouble();
    }
    if (same) return message ? this.delivery.retryAll() : this.room.resume();
    this.room.reset();
    this.thread.addNotice(text("expired"));
    return this.delivery.moveOver();
  }
}
