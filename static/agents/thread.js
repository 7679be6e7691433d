// The column of an open conversation: what stands where, and what must not move.

import { Days } from "../conversations/days.js";
import { byId } from "../conversations/elements.js";

const NEAR = 80; // pixels from the end that still count as being at the end

export class Thread {
  #stage = byId("stage");
  #node = byId("thread");
  #days = new Days();
  #first = null;
  #atEnd = true;
  #sizes = new ResizeObserver(() => this.#atEnd && this.toEnd());

  constructor() {
    this.#stage.addEventListener("scroll", () => this.#look(), { passive: true });
    this.#sizes.observe(this.#stage);
  }

  /** Put something at the end. */
  add(node, date = new Date()) {
    const wasAtEnd = this.#atEnd;
    this.#first ??= date;
    this.#node.append(...this.#days.before(date), node);
    if (wasAtEnd) this.toEnd();
  }

  /** Put earlier things, each a node and its date, before the rest, which stays where it is on the screen. */
  addBefore(earlier) {
    if (!earlier.length) return;
    const height = this.#stage.scrollHeight;
    const begins = this.#node.firstElementChild;
    if (begins?.matches(".day")) begins.remove(); // whether a day begins here is to be said anew
    const days = new Days();
    const nodes = earlier.flatMap(([node, date]) => [...days.before(date), node]);
    this.#node.prepend(...nodes, ...(this.#first ? days.before(this.#first) : []));
    [[, this.#first]] = earlier;
    this.#stage.scrollTop += this.#stage.scrollHeight - height;
  }

  /** Follow what has grown, if its end was in sight. */
  follow() {
    if (this.#atEnd) this.toEnd();
  }

  toEnd() {
    this.#stage.scrollTop = this.#stage.scrollHeight;
    this.#atEnd = true;
  }

  close() {
    this.#sizes.disconnect();
  }

  #look() {
    this.#atEnd = this.#stage.scrollHeight - this.#stage.scrollTop - this.#stage.clientHeight < NEAR;
  }
}
