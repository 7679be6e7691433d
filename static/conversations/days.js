// The lines between messages that say which day it is.

import { element } from "./elements.js";
import { clock, dayOf } from "./texts.js";

/** The days of one column of messages. That it begins with today goes without saying. */
export class Days {
  #last = null;
  #lines = [];

  /** Return what to put before something of `date`: a line where a day begins, or nothing. */
  before(date) {
    const day = clock.dayNumber(date);
    const begins = this.#last === null ? day < clock.dayNumber(new Date()) : day !== this.#last;
    this.#last = day;
    if (!begins) return [];
    // What was today may be yesterday by now.
    for (const line of this.#lines) line.words.textContent = dayOf(line.date);
    const words = element("span", {}, dayOf(date));
    this.#lines.push({ words, date });
    return [element("p", { class: "day" }, words)];
  }
}
