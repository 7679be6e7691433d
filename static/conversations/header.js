// The header: who is answering now, and how the page looks.

import { byId, showIcon } from "./elements.js";
import { minutesOf, settings, text } from "./texts.js";

const ICONS = { bot: "bot", pending: "clock", assigned: "person", resolved: "check", closed: "check", paused: "pause" };
const YEAR = 31_536_000;

export class Header {
  #node = byId("handler");
  #words = byId("handler-text");

  /** Show the state: `bot`, `pending`, `assigned`, `resolved`, `closed` or `paused`. */
  show(state, { agentName = null, position = null, waitSeconds = null } = {}) {
    this.#node.dataset.handler = state;
    showIcon(this.#node, ICONS[state] ?? "bot");
    this.#words.textContent = this.#describe(state, agentName, position);
    this.#node.title = state === "pending" && waitSeconds ? text("about", { n: minutesOf(waitSeconds) }) : "";
  }

  #describe(state, agentName, position) {
    if (state === "pending") return position ? text("waitingAt", { n: position }) : text("waiting");
    if (state === "assigned") return agentName ? text("agentNamed", { name: agentName }) : text("agent");
    if (state === "resolved") return text("resolved");
    if (state === "closed") return text("ended");
    if (state === "paused") return text("paused");
    return text("bot");
  }
}

/** Make the appearance and language choices work. */
export function wirePreferences() {
  const themes = byId("theme-choice");
  const kept = themes.querySelector(`[value="${document.documentElement.dataset.themeChoice ?? "system"}"]`);
  if (kept) kept.checked = true;
  themes.addEventListener("change", (event) => {
    document.dispatchEvent(new CustomEvent("kimono:theme", { detail: event.target.value }));
  });
  byId("language-choice").addEventListener("change", (event) => {
    if (settings.embed) {
      // In a frame of another site no cookie arrives.
      const here = new URL(window.location.href);
      here.searchParams.set("lang", event.target.value === "en" ? "en" : "zh");
      return window.location.replace(here);
    }
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `django_language=${event.target.value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
    return window.location.reload();
  });
}
