// What the server rendered for this page: settings and texts in the language of the page.

const page = JSON.parse(document.getElementById("chat-page").textContent);

export const settings = page.settings;

/** Return the text of `key` with `{name}` replaced by `values.name`. */
export function text(key, values = {}) {
  return page.texts[key].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

const language = settings.language === "zh-hans" ? "zh-CN" : "en";
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false });
const dayThisYear = new Intl.DateTimeFormat(language, { month: "long", day: "numeric" });
const dayOfYear = new Intl.DateTimeFormat(language, { year: "numeric", month: "long", day: "numeric" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });

/** Return hours and minutes of a date. */
export function timeOf(date) {
  return clock.format(date);
}

/** Return the date in full, for a tooltip. */
export function momentOf(date) {
  return moment.format(date);
}

/** Return "today", "yesterday" or the date, as a heading between messages. */
export function dayOf(date, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.ceil((midnight - date) / 86_400_000);
  if (days <= 0) return text("today");
  if (days === 1) return text("yesterday");
  return (date.getFullYear() === now.getFullYear() ? dayThisYear : dayOfYear).format(date);
}

/** Return a waiting time in whole minutes, at least one. */
export function minutesOf(seconds) {
  return Math.max(1, Math.round(seconds / 60));
}
