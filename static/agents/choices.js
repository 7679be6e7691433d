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

function wireSound() {
  const sounds = byId("sound-choice");
  const kept = sounds.querySelector(`[value="${CSS.escape(chosen.sound)}"]`);
  if (kept) kept.checked = true;
  sounds.addEventListener("change", (event) => choose("sound", event.target.value));
}

function wireQuiet() {
  const hours = byId("quiet-hours");
  const box = byId("quiet-choice");
  for (const [name, id] of [["quietFrom", "quiet-from"], ["quietTo", "quiet-to"]]) {
    const field = byId(id);
    field.value = chosen[name];
    field.addEventListener("change", () => (field.value ? choose(name, field.value) : (field.value = chosen[name])));
  }
  const show = () => (hours.disabled = !box.checked);
  box.addEventListener("change", show);
  show();
}

// Another tab of the same agent has changed something.
window.addEventListener("storage", ({ key }) => key === KEY && Object.assign(chosen, read()));

/** Make the controls of the preferences work. */
export function wireChoices() {
  for (const name of ["quiet", "notify", "keys"]) {
    const box = byId(`${name}-choice`);
    box.checked = chosen[name];
    box.addEventListener("change", () => choose(name, box.checked));
  }
  wireSound();
  wireQuiet();
  wireAppearance();
}
