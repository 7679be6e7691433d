// Where an agent writes: a reply, or a note that only colleagues see.

import { byId } from "../conversations/elements.js";
import { text } from "../conversations/texts.js";
import { Growth } from "./growth.js";
import { Picks } from "./picks.js";

const TYPING_EVERY = 3000;
const LONGEST = { reply: 5000, note: 2000 };
const CALLING = /^[/／、?？]/;

function draftKey(sessionId) {
  return `kimono.drafts.${sessionId}`;
}

export class Composer {
  #root = byId("writing");
  #form = byId("writing-form");
  #field = byId("writing-text");
  #send = byId("writing-send");
  #hintLine = byId("writing-hint");
  #composing = false;
  #typedAt = 0;
  #mayReply = true;
  #canned = null;
  // A note is never sent because the mode has changed: each of the two has its own words. `#shown` stands in the field.
  #drafts = { reply: "", note: "" };
  #shown = "reply";
  #growth = null;

  /** `onReply(text, id of the canned reply it was made from)`, `onNote(text)` (may throw), `onTyping(on)`. */
  constructor({ sessionId, onReply, onNote, onTyping }) {
    Object.assign(this, { sessionId, onReply, onNote, onTyping });
    this.picks = new Picks(this.#field, sessionId, (pick) => this.#take(pick));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener("change", (event) => event.target.name === "mode" && this.#showMode());
    this.#field.addEventListener("input", () => this.#onInput());
    this.#field.addEventListener("compositionstart", () => (this.#composing = true));
    this.#field.addEventListener("compositionend", () => {
      this.#composing = false;
      this.#growth?.flush();
      this.#onInput();
    });
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#field.addEventListener("blur", () => this.#stopTyping());
    Object.assign(this.#drafts, this.#kept());
    this.#field.value = this.#drafts.reply;
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

  #take({ content, id = null, replaces = 0 }) {
    if (!replaces) {
      this.put(content);
      this.#canned = id;
      return;
    }
    const caret = this.#field.selectionEnd;
    this.#field.setRangeText(content, caret - replaces, caret, "end");
    this.#refresh();
  }

  /** Put words into the field: in place of what called for them, else after what is there. */
  put(words) {
    if (this.#mayReply) this.#form.elements.mode.value = "reply";
    this.#showMode();
    const own = CALLING.test(this.#field.value) ? "" : this.#field.value.trimEnd();
    this.#field.value = own ? `${own}\n${words}` : words;
    this.#refresh();
    this.#field.focus();
    this.#field.setSelectionRange(this.#field.value.length, this.#field.value.length);
  }

  /**
   * Return where a suggestion may grow in the reply, after what the agent has written; null where it may not reply.
   * Meanwhile nothing is sent, and the button, or Escape, calls `onStop()`.
   */
  grow(onStop) {
    if (!this.#mayReply || this.#growth) return null;
    this.#form.elements.mode.value = "reply";
    this.#showMode();
    if (CALLING.test(this.#field.value)) this.#field.value = "";
    this.picks.close();
    this.#growth = new Growth({
      read: () => this.#reply,
      insert: (at, words) => this.#insert(at, words),
      busy: () => this.#composing,
      onStop,
      onEnd: () => this.#grown(),
    });
    this.#showMode();
    return this.#growth;
  }

  /** Say something of the reply until it is changed. */
  remark(words) {
    this.#hintLine.textContent = words;
    this.#hintLine.dataset.tone = "warning";
  }

  get #reply() {
    return this.#shown === "reply" ? this.#field.value : this.#drafts.reply;
  }

  #insert(at, words) {
    if (this.#shown === "reply") {
      this.#field.setRangeText(words, at, at, "preserve");
      if (document.activeElement !== this.#field) this.#field.scrollTop = this.#field.scrollHeight;
    } else {
      this.#drafts.reply = this.#drafts.reply.slice(0, at) + words + this.#drafts.reply.slice(at);
    }
    this.#refresh();
  }

  #grown() {
    this.#growth = null;
    this.#showMode();
  }

  /** Say who may write now: without `mayReply` only notes can be written, and `why` says so. */
  allow(mayReply, why) {
    const mightReply = this.#mayReply;
    this.#mayReply = mayReply;
    const note = byId("writing-shut");
    note.hidden = mayReply;
    note.textContent = why;
    const reply = this.#form.querySelector("[name=mode][value=reply]");
    reply.disabled = !mayReply;
    if (!mayReply) this.#form.elements.mode.value = "note";
    // Not from under the hands of somebody who is about to write a note.
    else if (!mightReply && !this.#field.value) this.#form.elements.mode.value = "reply";
    this.#showMode();
  }

  #showMode() {
    const mode = this.mode;
    if (mode !== this.#shown) {
      this.#drafts[this.#shown] = this.#field.value;
      this.#field.value = this.#drafts[mode];
      this.#shown = mode;
    }
    this.#root.dataset.mode = mode;
    this.#field.placeholder = this.#field.dataset[mode];
    this.#field.setAttribute("aria-label", this.#field.dataset[mode]);
    this.#hint();
    this.#send.textContent = text(this.#growing ? "stopWriting" : mode === "note" ? "addNote" : "send");
    this.#refresh();
  }

  /** Whether the reply in the field is still being written by the knowledge. */
  get #growing() {
    return this.#growth !== null && this.mode === "reply";
  }

  #hint() {
    this.#hintLine.textContent = text(this.#growing ? "growingHint" : this.mode === "note" ? "noteHint" : "replyHint");
    delete this.#hintLine.dataset.tone;
  }

  #onInput() {
    if (this.mode === "reply" && !this.#field.value) this.#canned = null;
    this.#hint();
    this.#refresh();
    if (this.#composing) return;
    this.picks.look(this.mode);
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
    if (event.key === "Escape" && this.#growing) return void this.#growth.stop();
    if (event.key === "Escape") this.#field.blur();
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!this.#growing) this.#submit();
  }

  async #submit() {
    if (this.#growing) return void this.#growth.stop();
    const words = this.#field.value.trim();
    const mode = this.mode;
    if (!words || [...words].length > LONGEST[mode]) return undefined;
    this.picks.close();
    this.#stopTyping();
    this.#field.value = "";
    this.#refresh();
    const canned = this.#canned;
    this.#canned = null;
    if (mode === "reply") return void this.onReply(words, canned);
    if (!(await this.onNote(words))) this.#giveBack(words);
    return undefined;
  }

  /** Let a note that could not be added stand where it was written, unless another has been begun there. */
  #giveBack(words) {
    if (this.#shown === "note") this.#field.value ||= words;
    else this.#drafts.note ||= words;
    this.#refresh();
  }

  #refresh() {
    const length = [...this.#field.value.trim()].length;
    const most = LONGEST[this.mode];
    this.#send.disabled = !this.#growing && (length === 0 || length > most);
    this.#field.setAttribute("aria-invalid", String(length > most));
    if (length > most) this.#hintLine.textContent = text("tooLong", { n: most });
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight + 2}px`; // CSS holds it to eight lines
    this.#keep();
  }

  #kept() {
    try {
      return JSON.parse(window.sessionStorage.getItem(draftKey(this.sessionId)) ?? "{}");
    } catch {
      return {};
    }
  }

  #keep() {
    try {
      const drafts = { ...this.#drafts, [this.#shown]: this.#field.value };
      window.sessionStorage.setItem(draftKey(this.sessionId), JSON.stringify(drafts));
    } catch {
      // storage is blocked: the field itself has to do
    }
  }
}
