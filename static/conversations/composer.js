// Where the contact writes. Enter sends, but never while an input method is still composing a word.

import { byId } from "./elements.js";
import { draft } from "./keeping.js";
import { text } from "./texts.js";

const LONGEST = 2000;
const COUNT_FROM = 1800;

export class Composer {
  #root = byId("composer");
  #form = byId("composer-form");
  #field = byId("composer-text");
  #count = byId("composer-count");
  #send = byId("send-button");
  #stop = byId("stop-button");
  #composing = false;

  /** `onSend(text)`, `onWrite()` at each change, `onStop()`, `onPerson()`, `onNew()`. */
  constructor({ onSend, onWrite, onStop, onPerson, onNew }) {
    this.onSend = onSend;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => {
      this.#refresh();
      onWrite();
    });
    this.#field.addEventListener("compositionstart", () => (this.#composing = true));
    this.#field.addEventListener("compositionend", () => (this.#composing = false));
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#stop.addEventListener("click", onStop);
    byId("person-button").addEventListener("click", onPerson);
    byId("ended-action").addEventListener("click", onNew);
    this.#field.value = draft.get() ?? "";
    this.#refresh();
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** Put the focus here, but not where that would open an on-screen keyboard over what is to be read. */
  focusGently() {
    if (window.matchMedia("(hover: hover)").matches) this.focus();
  }

  /** Show the stop button while an answer is being written. */
  setBusy(busy) {
    this.#root.dataset.busy = String(busy);
    const hadFocus = document.activeElement === this.#stop;
    this.#stop.hidden = !busy;
    this.#stop.disabled = false;
    if (!busy && hadFocus) this.focusGently();
    this.#refresh();
  }

  markStopping() {
    this.#stop.disabled = true;
  }

  /** Show whether a person can be asked for: `idle`, `asking` or `asked`. */
  setPerson(state) {
    const button = byId("person-button");
    button.setAttribute("aria-disabled", String(state !== "idle"));
    byId("person-button-text").textContent = text(
      { idle: "talkToPerson", asking: "askingForPerson", asked: "personAsked", joined: "personJoined" }[state],
    );
  }

  /** Replace the field by "start a new conversation", or bring it back. */
  setEnded(ended) {
    byId("ended").hidden = !ended;
    this.#form.hidden = ended;
    byId("composer-hint").hidden = ended;
  }

  hide() {
    this.#root.hidden = true;
  }

  #onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    // 229 is how some browsers report the Enter that only closes the input method's list.
    if (event.isComposing || this.#composing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const message = this.#field.value.trim();
    if (!message || [...message].length > LONGEST) return;
    this.#field.value = "";
    this.#refresh();
    this.onSend(message);
  }

  #refresh() {
    draft.set(this.#field.value || null);
    const length = [...this.#field.value.trim()].length;
    const over = length - LONGEST;
    this.#send.disabled = length === 0 || over > 0;
    // While an answer is being written the one round button stops it, unless there is something new to send.
    this.#send.hidden = !this.#stop.hidden && length === 0;
    this.#count.dataset.over = String(over > 0);
    this.#count.textContent =
      over > 0 ? text("tooLongBy", { n: over }) : length >= COUNT_FROM ? text("charactersLeft", { n: -over }) : "";
    this.#field.setAttribute("aria-invalid", String(over > 0));
    this.#grow();
  }

  #grow() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`; // CSS holds it to five lines
  }
}
