// The lines between messages that say which day it is.

import { element } from "./elements.js";
import { dayOf, text } from "./texts.js";

/** The days of one column of messages. That it begins with today goes without saying. */
export class Days {
  #last = null;

  /** Return what to put before something of `date`: a line where a day begins, or nothing. */
  before(date) {
    const day = dayOf(date);
    const begins = day !== this.#last && (this.#last !== null || day !== text("today"));
    this.#last = day;
    return begins ? [element("p", { class: "day" }, element("span", {}, day))] : [];
  }
}
