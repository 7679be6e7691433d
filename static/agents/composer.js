// Where an agent writes: a reply, or a note that only colleagues see.

import { byId } from "../conversations/elements.js";
import { text } from "../conversations/texts.js";
import { Picks } from "./picks.js";

const TYPING_EVERY = 3000;
const LONGEST = { reply: 5000, note: 2000 };

function draftKey(sessionId) {
  return `kimono.draft.${sessionId}`;
}

export class Composer {
  #root = byId("writing");
  #form = byId("writing-form");
  #field = byId("writing-text");
  #send = byId("writing-send");
  #composing = false;
  #typedAt = 0;
  #mayReply = true;
  #canned = null;

  /** `onReply(text, id of the canned reply it was made from)`, `onNote(text)` (may throw), `onTyping(on)`. */
  constructor({ sessionId, onReply, onNote, onTyping }) {
    Object.assign(this, { sessionId, onReply, onNote, onTyping });
    this.picks = new Picks(this.#field, sessionId, (pick) => {
      this.put(pick.content);
      this.#canned = pick.id ?? null;
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener("change", (event) => event.target.name === "mode" && this.#showMode());
    this.#field.addEventListener("input", () => this.#onInput());
    this.#field.addEventListener("compositionstart", () => (this.#composing = true));
    this.#field.addEventListener("compositionend", () => {
      this.#composing = false;
      this.#onInput();
    });
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#field.addEventListener("blur", () => this.#stopTyping());
    this.#field.value = this.#kept();
    this.#showMode();
  }

  get mode() {
    return this.#form.elements.mode.value;
  }

  /** Go to the field to write a `reply` or a `note`. */
  write(mode) {
    if (mode === "reply" && !this.#mayReply) return;
    this.#form.elements.mode.value = mode;
    this.#showMode();
    this.#field.focus();
  }

  /** Put words into the field: in place of what called for them, else after what is there. */
  put(words) {
    if (this.#mayReply) this.#form.elements.mode.value = "reply";
    const own = /^[/／、?？]/.test(this.#field.value) ? "" : this.#field.value.trimEnd();
    this.#field.value = own ? `${own}\n${words}` : words;
    this.#showMode();
    this.#field.focus();
    this.#field.setSelectionRange(this.#field.value.length, this.#field.value.length);
  }

  /** Say who may write now: without `mayReply` only notes can be written, and `why` says so. */
  allow(mayReply, why) {
    this.#mayReply = mayReply;
    const note = byId("writing-shut");
    note.hidden = mayReply;
    note.textContent = why;
    const reply = this.#form.querySelector("[name=mode][value=reply]");
    reply.disabled = !mayReply;
    if (!mayReply) this.#form.elements.mode.value = "note";
    else if (!this.#field.value) this.#form.elements.mode.value = "reply";
    this.#showMode();
  }

  #showMode() {
    const mode = this.mode;
    this.#root.dataset.mode = mode;
    this.#field.placeholder = this.#field.dataset[mode];
    this.#field.setAttribute("aria-label", this.#field.dataset[mode]);
    byId("writing-hint").textContent = text(mode === "note" ? "noteHint" : "replyHint");
    this.#send.textContent = text(mode === "note" ? "addNote" : "send");
    this.#refresh();
  }

  #onInput() {
    if (!this.#field.value) this.#canned = null;
    this.#refresh();
    if (this.#composing) return;
    if (this.mode === "reply") this.picks.look();
    else this.picks.close();
    const now = Date.now();
    if (this.mode === "reply" && this.#field.value && now - this.#typedAt > TYPING_EVERY) {
      this.#typedAt = now;
      this.onTyping(true);
    }
  }

  #stopTyping() {
    if (this.#typedAt) this.onTyping(false);
    this.#typedAt = 0;
  }

  #onKey(event) {
    // 229 is how some browsers report the Enter that only closes the input method's list.
    if (event.isComposing || this.#composing || event.keyCode === 229) return;
    if (this.picks.onKey(event)) return;
    if (event.key === "Escape") this.#field.blur();
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#submit();
  }

  async #submit() {
    const words = this.#field.value.trim();
    const mode = this.mode;
    if (!words || [...words].length > LONGEST[mode]) return;
    this.picks.close();
    this.#stopTyping();
    this.#field.value = "";
    this.#refresh();
    const canned = this.#canned;
    this.#canned = null;
    if (mode === "reply") return void this.onReply(words, canned);
    if (!(await this.onNote(words))) this.#field.value ||= words;
    this.#refresh();
  }

  #refresh() {
    const length = [...this.#field.value.trim()].length;
    const most = LONGEST[this.mode];
    this.#send.disabled = length === 0 || length > most;
    this.#field.setAttribute("aria-invalid", String(length > most));
    if (length > most) byId("writing-hint").textContent = text("tooLong", { n: most });
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight + 2}px`; // CSS holds it to eight lines
    this.#keep();
  }

  #kept() {
    try {
      return window.sessionStorage.getItem(draftKey(this.sessionId)) ?? "";
    } catch {
      return "";
    }
  }

  #keep() {
    try {
      window.sessionStorage.setItem(draftKey(this.sessionId), this.#field.value);
    } catch {
      // storage is blocked: the field itself has to do
    }
  }
}
