// What happens in the conversation without being asked for: live events, the broken line, and the way back.

import { Refused, Unreachable } from "./wire.js";

const EVENTS = ["message", "state", "snapshot", "delta", "abort", "typing", "queue", "feedback", "csat"];
const WAITS = [1, 2, 4, 8, 15, 30]; // seconds between attempts
const HIDDEN_FOR = 60_000; // a browser allows only a few open streams per host, over all tabs

export class Live {
  #source = null;
  #tries = 0;
  #timer = null;
  #hiddenTimer = null;
  #visiblyDown = false;
  #attempting = false;

  /** Whether to go on listening while nobody sees the page: someone waits for a person. */
  stayWhenHidden = false;

  /**
   * `conversation`; `wanted()`: is there anything left to hear; `lastSeq()`; `onEvent(event)` for each event; `onCatchUp()` fetches what was missed and may throw;
   * `onDown(seconds)` each second while the line is down; `onUp()` when it is back; `onRefused(problem)`.
   */
  constructor({ conversation, wanted, lastSeq, onEvent, onCatchUp, onDown, onUp, onRefused }) {
    Object.assign(this, { conversation, wanted, lastSeq, onEvent, onCatchUp, onDown, onUp, onRefused });
    window.addEventListener("offline", () => this.trouble());
    window.addEventListener("online", () => this.#visiblyDown && this.retryNow());
    document.addEventListener("visibilitychange", () => this.#onVisibility());
  }

  /** Begin to listen, unless already listening. */
  listen() {
    if (this.#source || this.#timer || !this.conversation.exists || !this.wanted()) return;
    const source = new EventSource(this.conversation.eventsUrl(this.lastSeq()));
    this.#source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.onEvent(JSON.parse(event.data)));
    }
    source.addEventListener("ready", () => {
      this.#tries = 0;
    });
    source.addEventListener("bye", (event) => this.#onBye(JSON.parse(event.data)));
    source.addEventListener("error", () => this.#again());
  }

  /** Stop listening: the conversation has ended or is being replaced. */
  stop() {
    this.#drop();
    clearInterval(this.#timer);
    this.#timer = null;
    this.#tries = 0;
    if (this.#visiblyDown) this.#markUp();
  }

  /** Say that a request of the page found nobody. `seconds`: what the server asked to wait, if it did. */
  trouble(seconds = null) {
    if (this.#timer && (!this.#visiblyDown || seconds)) {
      // A silent wait is going on, or a shorter one than the server asked for: count anew, in sight.
      clearInterval(this.#timer);
      this.#timer = null;
    }
    this.#visiblyDown = true;
    this.#again(seconds);
  }

  retryNow() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.#attempt();
  }

  #onBye({ reason, reconnect }) {
    if (reconnect) return this.#again(0);
    this.#drop();
    return this.onRefused(new Refused(403, { code: reason }, null));
  }

  #drop() {
    this.#source?.close();
    this.#source = null;
  }

  #again(seconds = null) {
    this.#drop();
    if (this.#timer) return;
    let left = seconds ?? WAITS[Math.min(this.#tries, WAITS.length - 1)];
    this.#tries += 1;
    const tick = () => {
      if (left <= 0) {
        this.retryNow();
      } else if (this.#visiblyDown) {
        this.onDown(left);
      }
      left -= 1;
    };
    this.#timer = setInterval(tick, 1000);
    tick();
  }

  async #attempt() {
    if (this.#attempting) return;
    this.#attempting = true;
    try {
      await this.onCatchUp();
    } catch (problem) {
      this.#attempting = false;
      if (problem instanceof Unreachable || (problem instanceof Refused && problem.status >= 500)) {
        this.#visiblyDown = true;
        this.#again(problem.retryAfter ?? null);
      } else {
        if (this.#visiblyDown) this.#markUp();
        this.onRefused(problem);
      }
      return;
    }
    this.#attempting = false;
    if (this.#visiblyDown) this.#markUp();
    this.listen();
  }

  #markUp() {
    this.#visiblyDown = false;
    this.#tries = 0;
    this.onUp();
  }

  #onVisibility() {
    clearTimeout(this.#hiddenTimer);
    if (document.hidden) {
      this.#hiddenTimer = setTimeout(() => !this.stayWhenHidden && this.#drop(), HIDDEN_FOR);
    } else if (!this.#source && !this.#timer && this.conversation.exists) {
      this.#attempt();
    }
  }
}
