// Which colleagues are there: how many at a glance, who in the menu.

import { byId } from "../conversations/elements.js";
import { text } from "../conversations/texts.js";
import { place } from "./fragments.js";

const GATHER = 500;
const STALE = 60_000; // somebody whose window has died says nothing

const PRESENCES = { online: "presenceOnline", away: "presenceAway", offline: "presenceOffline" };

/** Return the word for a presence. */
export function presenceWord(status) {
  return text(PRESENCES[status]);
}

export class Team {
  #timer = null;

  constructor() {
    byId("presence-menu").addEventListener("toggle", (event) => event.newState === "open" && this.#fetch());
    setInterval(() => !document.hidden && this.#fetch(), STALE);
  }

  /** Fetch anew who is there, soon. */
  refresh() {
    this.#timer ??= setTimeout(() => this.#fetch(), GATHER);
  }

  async #fetch() {
    clearTimeout(this.#timer);
    this.#timer = null;
    try {
      await place(byId("team").dataset.url, "#team", { into: true });
    } catch {
      return; // the banner says that the line is down
    }
    byId("agents-online").textContent = byId("team").querySelector("[data-agents-online]").dataset.agentsOnline;
  }
}
