// "How was it?" at the end of a conversation with a person: one tap, then an optional word.

import { element, icon } from "./elements.js";
import { text } from "./texts.js";

const LONGEST = 500;
const LABELS = ["csat1", "csat2", "csat3", "csat4", "csat5"];

export class SatisfactionCard {
  #score = null;
  #asked = `csat-${crypto.getRandomValues(new Uint32Array(1))[0]}`;

  /** `rate(score, comment)` stores the rating and may throw. */
  constructor(rate) {
    this.rate = rate;
    this.note = element("p", { class: "csat-note", role: "status" });
    this.more = element("form", { class: "csat-more", hidden: true });
    this.scores = element("fieldset", { class: "csat-scores" }, element("legend", {}, text("csatQuestion")));
    this.scores.append(...LABELS.map((label, index) => this.#choice(index + 1, text(label))));
    this.node = element("section", { class: "card csat", "aria-label": text("csatQuestion") }, this.scores, this.more, this.note);
  }

  remove() {
    this.node.remove();
  }

  #choice(score, label) {
    const input = element("input", {
      type: "radio",
      name: this.#asked,
      value: score,
      class: "visually-hidden",
      on: { change: () => this.#choose(score) },
    });
    return element("label", { class: "csat-score", title: label }, input, icon("star"), element("span", {}, label));
  }

  async #choose(score) {
    this.#score = score;
    [...this.scores.querySelectorAll(".csat-score")].forEach((node, index) => (node.dataset.lit = String(index < score)));
    if (await this.#send(null)) this.#askWhy();
  }

  async #send(comment) {
    this.note.textContent = "";
    try {
      await this.rate(this.#score, comment);
      this.note.textContent = text("thanks");
      return true;
    } catch {
      this.note.textContent = text("voteFailed");
      return false;
    }
  }

  #askWhy() {
    if (!this.more.hidden) return;
    const field = element("textarea", { rows: 2, maxlength: LONGEST, placeholder: text("csatWhy"), "aria-label": text("csatWhy") });
    this.more.append(field, element("button", { class: "button", type: "submit" }, text("sendReason")));
    this.more.hidden = false;
    this.more.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (field.value.trim() && (await this.#send(field.value.trim()))) this.more.hidden = true;
    });
    this.more.scrollIntoView({ block: "nearest" });
  }
}
