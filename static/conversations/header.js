// The header: who is answering now.

import { byId, showIcon } from "./elements.js";
import { minutesOf, text } from "./texts.js";

const ICONS = { bot: "bot", pending: "clock", assigned: "person", resolved: "check", closed: "check", paused: "pause" };

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
