// Text that grows in a field while somebody may write around it: what the agent has written is never touched.

export class Growth {
  #at = 0;
  #written = "";
  #held = "";
  #lost = false;

  /**
   * `read()` the field's text; `insert(at, words)` into it; `busy()` while an input method composes there, which no
   * change of the field may disturb; `onStop()` when the agent wants no more; `onEnd()` when nothing more comes.
   */
  constructor({ read, insert, busy, onStop, onEnd }) {
    Object.assign(this, { read, insert, busy, stop: onStop, onEnd });
  }

  /** Whether all of it stands in the field as it was given. */
  get whole() {
    return !this.#lost && !this.#held && this.#written !== "" && this.#found();
  }

  /** Add words after those that were added before; nothing more once the agent has changed these. */
  add(words) {
    this.#held += words;
    this.flush();
  }

  /** Put what was held back into the field. */
  flush() {
    if (!this.#held || this.#lost || this.busy()) return;
    if (!this.#written) this.#begin();
    else if (!this.#found()) {
      this.#lost = true;
      return;
    }
    this.insert(this.#at + this.#written.length, this.#held);
    this.#written += this.#held;
    this.#held = "";
  }

  end() {
    this.flush();
    this.onEnd();
  }

  #begin() {
    const own = this.read();
    if (own.trim() && !own.endsWith("\n")) this.insert(own.length, "\n");
    this.#at = this.read().length;
  }

  /** Find what was added: where it was, or at the end, if the agent has written before it. */
  #found() {
    const now = this.read();
    if (now.startsWith(this.#written, this.#at)) return true;
    if (!now.endsWith(this.#written)) return false;
    this.#at = now.length - this.#written.length;
    return true;
  }
}
