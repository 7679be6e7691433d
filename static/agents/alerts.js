// Getting the attention of an agent who looks elsewhere: title and tab, a sound, a notification where it is allowed.

import { byId } from "../conversations/elements.js";
import { clock, text } from "../conversations/texts.js";
import { badge } from "./badge.js";
import { choice, choose } from "./choices.js";
import { isQuiet } from "./quiet.js";
import { play, unlock } from "./sounds.js";

const TITLE = document.title;

/** Show in title and tab how much there is to do. */
export function count(n) {
  document.title = n ? `(${n}) ${TITLE}` : TITLE;
  badge(n);
}

function quietNow() {
  return choice("quiet") && isQuiet(clock.minuteOf(new Date()), choice("quietFrom"), choice("quietTo"));
}

/** Say that something has come in, unless the agent wants quiet just now; `onClick` leads to it. */
export function announce(words, onClick) {
  if (quietNow()) return;
  play(choice("sound"));
  if (!document.hidden || !choice("notify") || window.Notification?.permission !== "granted") return;
  const shown = new Notification(TITLE, { body: words, tag: "kimono" });
  shown.addEventListener("click", () => {
    window.focus();
    shown.close();
    onClick();
  });
}

/** Make the choice of notifications ask the browser, and only then; and let the agent hear the chosen sound. */
export function wireAlerts() {
  document.addEventListener("pointerdown", unlock, { once: true });
  document.addEventListener("keydown", unlock, { once: true });
  byId("sound-listen").addEventListener("click", () => {
    unlock();
    play(choice("sound"));
  });
  const box = byId("notify-choice");
  // What was allowed once may have been taken back in the browser.
  if (box.checked && window.Notification?.permission !== "granted") {
    box.checked = false;
    choose("notify", false);
  }
  box.addEventListener("change", async () => {
    byId("notify-note").textContent = "";
    if (!box.checked) return;
    if (window.Notification && (await Notification.requestPermission()) === "granted") return;
    box.click();
    byId("notify-note").textContent = text("notifyDenied");
  });
}
