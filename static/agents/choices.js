// What an agent has chosen for this browser: sound, notifications, keys, appearance, language.

import { byId } from "../conversations/elements.js";

const KEY = "kimono.workbench";
const YEAR = 31_536_000;
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

/** Show light, dark, or what the system has. */
export function chooseTheme(theme) {
  document.dispatchEvent(new CustomEvent("kimono:theme", { detail: theme }));
}

/** Make the controls of the preferences work. */
export function wireChoices() {
  for (const name of ["sound", "notify", "keys"]) {
    const box = byId(`${name}-choice`);
    box.checked = chosen[name];
    box.addEventListener("change", () => choose(name, box.checked));
  }
  const themes = byId("theme-choice");
  const kept = themes.querySelector(`[value="${document.documentElement.dataset.themeChoice ?? "system"}"]`);
  if (kept) kept.checked = true;
  themes.addEventListener("change", (event) => chooseTheme(event.target.value));
  byId("language-choice").addEventListener("change", (event) => {
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `django_language=${event.target.value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
    window.location.reload();
  });
}
