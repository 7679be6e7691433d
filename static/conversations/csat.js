// "How was it?" at the end of a conversation with a person: stars, whether it helped, and an optional word.

import { element, icon } from "./elements.js";
import { text } from "./texts.js";

const LONGEST = 500;
const SCORES = ["csat1", "csat2", "csat3", "csat4", "csat5"];
const ARROWS = 700; // milliseconds: whoever chooses with the arrow keys passes what stands before

export class SatisfactionCard {
  #score = null;
  #resolved = null;
  #group = `csat-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  #comment = element("textarea", { rows: 2, maxlength: LONGEST, placeholder: text("csatWhy"), "aria-label": text("csatWhy") });
  #pause = 0;
  #timer = null;
  #saving = Promise.resolve(true);

  /** `rate(score, resolved, comment)` stores the rating and may throw. */
  constructor(rate) {
    this.rate = rate;
    this.note = element("p", { class: "csat-note", role: "status" });
    this.scores = this.#scores();
    this.more = element("form", { class: "csat-more", hidden: true }, this.#comment);
    this.more.append(element("button", { class: "button", type: "submit" }, text("sendReason")));
    this.more.addEventListener("submit", (event) => this.#submit(event));
    const asked = { class: "card csat", "aria-label": text("csatQuestion") };
    this.node = element("section", asked, this.scores, this.#helped(), this.more, this.note);
    this.node.addEventListener("pointerdown", () => (this.#pause = 0));
    this.node.addEventListener("keydown", () => (this.#pause = ARROWS));
  }

  /** Whether the contact has begun to answer here. */
  get touched() {
    return this.#score !== null || this.#resolved !== null;
  }

  remove() {
    clearTimeout(this.#timer);
    this.node.remove();
  }

  #scores() {
    const labels = SCORES.map((key, index) => {
      const input = this.#radio("score", index + 1, () => this.#choose(index + 1));
      return element("label", { class: "csat-score", title: text(key) }, input, icon("star"), element("span", {}, text(key)));
    });
    return element("fieldset", { class: "csat-scores" }, element("legend", {}, text("csatQuestion")), ...labels);
  }

  #helped() {
    const labels = [true, false].map((value) => {
      const input = this.#radio("resolved", String(value), () => this.#tell(value));
      return element("label", { class: "csat-answer" }, input, element("span", {}, text(value ? "yes" : "no")));
    });
    return element("fieldset", { class: "csat-resolved" }, element("legend", {}, text("csatResolved")), ...labels);
  }

  #radio(name, value, onChange) {
    const given = { type: "radio", name: `${this.#group}-${name}`, value, class: "visually-hidden", on: { change: onChange } };
    return element("input", given);
  }

  #choose(score) {
    this.#score = score;
    [...this.scores.querySelectorAll(".csat-score")].forEach((node, index) => (node.dataset.lit = String(index < score)));
    this.more.hidden = false;
    this.#show();
    this.#saveSoon();
  }

  #tell(resolved) {
    this.#resolved = resolved;
    if (this.#score !== null) this.#saveSoon();
  }

  #show() {
    this.node.scrollIntoView({ block: "nearest" });
  }

  #saveSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), this.#pause);
  }

  /** Store what is chosen by now, after what is on its way; returns whether it is stored. */
  #save() {
    clearTimeout(this.#timer);
    this.note.textContent = "";
    this.#saving = this.#saving.then(async () => {
      try {
        await this.rate(this.#score, this.#resolved, this.#comment.value.trim() || null);
        this.note.textContent = text("thanks");
        this.#show();
        return true;
      } catch {
        this.note.textContent = text("voteFailed");
        return false;
      }
    });
    return this.#saving;
  }

  async #submit(event) {
    event.preventDefault();
    if (!(await this.#save())) return;
    // Whoever has answered is not asked any more; the focus must not fall out of the page.
    this.note.tabIndex = -1;
    this.node.replaceChildren(this.note);
    this.note.focus({ preventScroll: true });
  }
}
