// Moments as a page shows them: in its language, on the clock of the merchant, wherever the browser is.

const DAY = 86_400_000;

function known(timeZone) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
  } catch {
    return undefined; // the server knows more zones than this browser: then the browser's own
  }
}

export class Clock {
  #parts;

  /** `language` as browsers name it, `timeZone` by its name in the tz database. */
  constructor(language, timeZone) {
    const shared = { timeZone: known(timeZone), hourCycle: "h23" };
    const format = (options) => new Intl.DateTimeFormat(language, { ...shared, ...options });
    this.#parts = new Intl.DateTimeFormat("en", { ...shared, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" });
    this.shortTime = format({ hour: "2-digit", minute: "2-digit" });
    this.shortDay = format({ month: "numeric", day: "numeric" });
    this.longDay = format({ month: "long", day: "numeric" });
    this.fullDay = format({ year: "numeric", month: "long", day: "numeric" });
    this.moment = format({ dateStyle: "long", timeStyle: "short" });
  }

  /** Return how many minutes of its day have gone by at a moment, 0 to 1439. */
  minuteOf(date) {
    const { hour, minute } = this.#read(date);
    return hour * 60 + minute;
  }

  /** Return the number of a moment's day: days that follow each other have numbers that do. */
  dayNumber(date) {
    const { year, month, day } = this.#read(date);
    return Date.UTC(year, month - 1, day) / DAY;
  }

  /** Return how many days lie between the days of two moments; 0 for the same day, negative for a later one. */
  daysBetween(date, now) {
    return this.dayNumber(now) - this.dayNumber(date);
  }

  sameYear(date, other) {
    return this.#read(date).year === this.#read(other).year;
  }

  #read(date) {
    return Object.fromEntries(this.#parts.formatToParts(date).map(({ type, value }) => [type, Number(value)]));
  }
}
