// What the server rendered for this page: settings and texts in the language of the page.

import { Clock } from "./times.js";

const page = JSON.parse(document.getElementById("chat-page").textContent);

export const settings = page.settings;

/** Return the text of `key` with `{name}` replaced by `values.name`. */
export function text(key, values = {}) {
  return page.texts[key].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The clock that this page shows. */
export const clock = new Clock(settings.language === "zh-hans" ? "zh-CN" : "en", settings.timeZone);

/** Return hours and minutes of a date. */
export function timeOf(date) {
  return clock.shortTime.format(date);
}

/** Return the date in full, for a tooltip. */
export function momentOf(date) {
  return clock.moment.format(date);
}

/** Return "today", "yesterday" or the date, as a heading between messages. */
export function dayOf(date, now = new Date()) {
  const days = clock.daysBetween(date, now);
  if (days <= 0) return text("today");
  if (days === 1) return text("yesterday");
  return (clock.sameYear(date, now) ? clock.longDay : clock.fullDay).format(date);
}

/** Return a waiting time in whole minutes, at least one. */
export function minutesOf(seconds) {
  return Math.max(1, Math.round(seconds / 60));
}
