// Getting the attention of an agent who looks elsewhere: title, a quiet sound, a notification where it is allowed.

import { byId } from "../conversations/elements.js";
import { text } from "../conversations/texts.js";
import { choice } from "./choices.js";

const TITLE = document.title;
const LOUDNESS = 0.04;
const TONES = [660, 880];

let audio = null;

/** A browser lets a page sound only after somebody has touched it. */
function unlock() {
  audio ??= new AudioContext();
  audio.resume();
}

function play() {
  if (!audio || !choice("sound")) return;
  TONES.forEach((tone, at) => {
    const start = audio.currentTime + at * 0.12;
    const sound = audio.createOscillator();
    const volume = audio.createGain();
    sound.frequency.value = tone;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
    sound.connect(volume).connect(audio.destination);
    sound.start(start);
    sound.stop(start + 0.32);
  });
}

/** Show in the title how much there is to do. */
export function count(n) {
  document.title = n ? `(${n}) ${TITLE}` : TITLE;
}

/** Say that something has come in; `onClick` leads to it. */
export function announce(words, onClick) {
  play();
  if (!document.hidden || !choice("notify") || window.Notification?.permission !== "granted") return;
  const shown = new Notification(TITLE, { body: words, tag: "kimono" });
  shown.addEventListener("click", () => {
    window.focus();
    shown.close();
    onClick();
  });
}

/** Make the choice of notifications ask the browser, and only then. */
export function wireAlerts() {
  document.addEventListener("pointerdown", unlock, { once: true });
  document.addEventListener("keydown", unlock, { once: true });
  const box = byId("notify-choice");
  box.addEventListener("change", async () => {
    byId("notify-note").textContent = "";
    if (!box.checked || !window.Notification) return;
    if ((await Notification.requestPermission()) === "granted") return;
    box.click();
    byId("notify-note").textContent = text("notifyDenied");
  });
}
