// "Was this helpful?": one tap, and an optional reason after a thumb down.

import { element, iconButton } from "./elements.js";
import { text } from "./texts.js";

const REASONS = ["reasonWrong", "reasonBeside", "reasonUnclear"];
const LONGEST = 500;

function ratingOf(feedback) {
  const rating = typeof feedback === "object" && feedback ? feedback.rating : feedback;
  if (typeof rating === "number") return rating >= 3 ? "up" : "down";
  return rating ?? null;
}

export class Votes {
  #rating = null;

  /** `send(rating, comment)` stores the vote and may throw; `feedback` is what the server already has. */
  constructor(send, feedback = null) {
    this.send = send;
    this.up = iconButton("thumb-up", text("helpful"), () => this.#vote("up"));
    this.down = iconButton("thumb-down", text("notHelpful"), () => this.#vote("down"));
    this.note = element("span", { class: "vote-note", role: "status" });
    this.buttons = element("span", { class: "votes" }, this.up, this.down, this.note);
    this.reasons = element("div", { class: "reasons", hidden: true });
    this.#press(ratingOf(feedback));
  }

  #press(rating) {
    this.#rating = rating;
    this.up.setAttribute("aria-pressed", String(rating === "up"));
    this.down.setAttribute("aria-pressed", String(rating === "down"));
  }

  async #vote(rating, comment = null) {
    const before = this.#rating;
    this.#press(rating);
    this.note.textContent = "";
    this.reasons.hidden = rating !== "down" || Boolean(comment);
    try {
      await this.send(rating, comment);
      if (rating === "up" || comment) this.note.textContent = text("thanks");
      if (rating === "down" && !comment) this.#ask();
    } catch {
      this.#press(before);
      this.reasons.hidden = true;
      this.note.textContent = text("voteFailed");
    }
  }

  #ask() {
    const field = element("input", {
      class: "reason-field",
      type: "text",
      maxlength: LONGEST,
      placeholder: text("reasonOther"),
      "aria-label": text("reasonOther"),
    });
    const form = element("form", {}, field, element("button", { class: "button", type: "submit" }, text("sendReason")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (field.value.trim()) this.#vote("down", field.value.trim());
    });
    const chips = REASONS.map((key) =>
      element("button", { class: "suggestion", type: "button", on: { click: () => this.#vote("down", text(key)) } }, text(key)),
    );
    this.reasons.replaceChildren(
      element("p", { class: "reasons-title" }, text("whatWasWrong")),
      element("div", { class: "reasons-row" }, ...chips),
      form,
    );
    this.reasons.scrollIntoView({ block: "nearest" });
  }
}
