// What an agent has chosen for this browser: sound, notifications, keys.

import { byId } from "../conversations/elements.js";
import { wireAppearance } from "../kimono/appearance.js";

const KEY = "kimono.workbench";
const usual = { sound: true, notify: false, keys: true, beside: true };

function read() {
  try {
    return { ...usual, ...JSON.parse(window.localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { ...usual };
  }
}

const chosen = read();

/** Return what was chosen. */
export function choice(name) {
  return chosen[name];
}

/** Keep a choice. */
export function choose(name, value) {
  chosen[name] = value;
  try {
    window.localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // it holds for as long as the page lives
  }
}

/** Make the controls of the preferences work. */
export function wireChoices() {
  for (const name of ["sound", "notify", "keys"]) {
    const box = byId(`${name}-choice`);
    box.checked = chosen[name];
    box.addEventListener("change", () => choose(name, box.checked));
  }
  wireAppearance();
}
