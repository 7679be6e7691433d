// What an agent has chosen in this browser: sound, quiet hours, notifications, keys.

import { byId } from "../conversations/elements.js";
import { settings } from "../conversations/texts.js";
import { wireAppearance } from "../kimono/appearance.js";

// Several agents may share a computer, and one agent has several with louder or softer speakers.
const KEY = `kimono.workbench.${settings.agent.id}`;
const usual = {
  sound: "soft",
  quiet: false,
  quietFrom: "22:00",
  quietTo: "08:00",
  notify: false,
  keys: true,
  beside: true,
};

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

const BOXES = ["quiet", "notify", "keys"];
const HOURS = [
  ["quietFrom", "quiet-from"],
  ["quietTo", "quiet-to"],
];

/** Show what was chosen, here or in another tab. */
function show() {
  for (const name of BOXES) byId(`${name}-choice`).checked = chosen[name];
  for (const [name, id] of HOURS) byId(id).value = chosen[name];
  for (const sound of byId("sound-choice").querySelectorAll("input")) sound.checked = sound.value === chosen.sound;
  byId("quiet-hours").disabled = !chosen.quiet;
}

/** Make the controls of the preferences work. */
export function wireChoices() {
  for (const name of BOXES) {
    byId(`${name}-choice`).addEventListener("change", (event) => choose(name, event.target.checked));
  }
  for (const [name, id] of HOURS) {
    byId(id).addEventListener("change", ({ target }) => target.value && choose(name, target.value));
  }
  byId("sound-choice").addEventListener("change", (event) => choose("sound", event.target.value));
  byId("preferences").addEventListener("change", show);
  window.addEventListener("storage", ({ key }) => {
    if (key !== KEY) return;
    Object.assign(chosen, read());
    show();
  });
  show();
  wireAppearance();
}
