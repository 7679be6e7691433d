// The column of an open conversation: what stands where, and what must not move.

import { byId, element } from "../conversations/elements.js";
import { dayOf, text } from "../conversations/texts.js";

const NEAR = 80; // pixels from the end that still count as being at the end

export class Thread {
  #stage = byId("stage");
  #node = byId("thread");
  #day = null;
  #atEnd = true;
  #sizes = new ResizeObserver(() => this.#atEnd && this.toEnd());

  constructor() {
    this.#stage.addEventListener("scroll", () => this.#look(), { passive: true });
    this.#sizes.observe(this.#stage);
  }

  /** Put something at the end. */
  add(node, date = new Date()) {
    const wasAtEnd = this.#atEnd;
    const day = dayOf(date);
    if (day !== this.#day && (this.#day !== null || day !== text("today"))) {
      this.#node.append(element("p", { class: "day" }, element("span", {}, day)));
    }
    this.#day = day;
    this.#node.append(node);
    if (wasAtEnd) this.toEnd();
  }

  /** Put earlier things before the rest, which stays where it is on the screen. */
  addBefore(nodes) {
    const height = this.#stage.scrollHeight;
    this.#node.prepend(...nodes);
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
