// Quiet hours: when nothing sounds and no notification is shown.

/** Return the minutes after midnight that `HH:MM` says, null where it says no time. */
export function minutesOf(words) {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(words);
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}

/**
 * Tell whether a minute of the day lies in the hours from `from` (included) to `to` (excluded), both `HH:MM`. Hours
 * that end before they begin go over midnight; those that end where they begin are the whole day.
 */
export function isQuiet(minute, from, to) {
  const [start, end] = [minutesOf(from), minutesOf(to)];
  if (start === null || end === null) return false;
  if (start < end) return start <= minute && minute < end;
  return minute >= start || minute < end;
}
