// Leaving a message for people who are not at work: what it is about, and how the contact can be reached.

import { element } from "./elements.js";
import { text } from "./texts.js";

const LONGEST = 1800;
const LONGEST_ADDRESS = 150;

export class MessageCard {
  /** `send(words)` sends what is left as a message of the conversation. */
  constructor(send) {
    this.send = send;
    this.words = element("textarea", { rows: 3, maxlength: LONGEST, required: true });
    this.address = element("input", { type: "text", maxlength: LONGEST_ADDRESS, autocomplete: "email" });
    this.node = element(
      "form",
      { class: "card leave-message", "aria-label": text("leaveTitle"), on: { submit: (event) => this.#submit(event) } },
      element("p", { class: "card-title" }, text("leaveTitle")),
      element("label", {}, element("span", {}, text("leaveWords")), this.words),
      element("label", {}, element("span", {}, text("leaveAddress")), this.address),
      element("button", { class: "button button-primary", type: "submit" }, text("leaveSend")),
    );
  }

  remove() {
    this.node.remove();
  }

  #submit(event) {
    event.preventDefault();
    const words = this.words.value.trim();
    if (!words) return this.words.focus();
    const address = this.address.value.trim();
    this.send(address ? `${words}\n${text("leaveReach", { address })}` : words);
    this.remove();
    return undefined;
  }
}
