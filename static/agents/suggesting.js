// A reply that the knowledge suggests: it grows in the composer as it is written, its sources stand beside.

import { chipMaker, sourceList } from "../conversations/citations.js";
import { byId, element } from "../conversations/elements.js";
import { readEvents } from "../conversations/events.js";
import { markdown } from "../conversations/markdown.js";
import { text } from "../conversations/texts.js";
import { Refused, stream } from "./calls.js";
import { reasonOf } from "./toasts.js";

// How it ended, in words; what is not complete is said at the composer as well.
const SAID = {
  quoted: "suggestQuoted",
  instead: "suggestInstead",
  nothing: "suggestNothing",
  unasked: "suggestUnasked",
  failed: "suggestFailed",
  unfinished: "suggestUnfinished",
  stopped: "suggestStopped",
  broken: "suggestBroken",
};
const HALF = new Set(["unfinished", "stopped", "broken"]);

/** Return as much of an answer as can be sent already: without the marks, for the contact of an agent has no sheet of sources. */
export function plain(words) {
  return words.replace(/\[\d{1,2}\]/g, "").replace(/\[\d{0,2}$/, "").trim();
}

export class Suggestion {
  #stopped = new AbortController();
  #sources = [];
  #told = "";
  #given = "";
  #growth = null;

  /** `sessionId`, `composer`, `sheet` of the open conversation; `reply()` brings the composer in sight. */
  constructor({ sessionId, composer, sheet, reply }) {
    Object.assign(this, { sessionId, composer, sheet, reply });
  }

  /** Stop it; the server then stops asking. */
  stop() {
    this.#stopped.abort();
  }

  /** Ask, and show what comes until its end. */
  async run() {
    this.#growth = this.composer.grow(() => this.stop());
    this.#draw();
    this.#say(text("suggestWriting"));
    let end;
    let reason = "";
    try {
      end = await this.#read();
    } catch (problem) {
      end = this.#stopped.signal.aborted ? "stopped" : this.#told ? "broken" : "failed";
      if (problem instanceof Refused) reason = reasonOf(problem);
    }
    const whole = this.#ended();
    if (!this.card.isConnected) return;
    this.#finish(end, whole, reason);
  }

  async #read() {
    const body = await stream(`/workbench/sessions/${encodeURIComponent(this.sessionId)}/draft/`, this.#stopped.signal);
    for await (const { name, data } of readEvents(body)) {
      if (name === "source") this.#sources.push(data);
      else if (name === "text") this.#take(data.content);
      else if (name === "done") return data.end;
    }
    return this.#told ? "broken" : "failed";
  }

  #take(words) {
    this.#told += words;
    const ready = plain(this.#told);
    this.#growth?.add(ready.slice(this.#given.length));
    this.#given = ready;
    this.words.replaceChildren(markdown(this.#told, chipMaker(this.#sources, this.sheet)));
    this.words.hidden = false;
  }

  /** Let go of the composer; returns whether the suggestion stands there as it was given. */
  #ended() {
    this.#growth?.end();
    return Boolean(this.#growth?.whole);
  }

  #draw() {
    this.status = element("p", { class: "about-note", role: "status" });
    this.words = element("div", { class: "suggestion-text bubble", id: "suggestion-text", hidden: true });
    this.card = element("div", { class: "suggestion-card", "aria-busy": "true" }, this.words, this.status);
    byId("suggested").replaceChildren(this.card);
    byId("suggest").disabled = true;
  }

  #say(words) {
    this.status.textContent = words;
    this.status.hidden = !words;
  }

  #finish(end, whole, reason) {
    byId("suggest").disabled = false;
    this.card.removeAttribute("aria-busy");
    this.card.dataset.end = end;
    const usual = whole ? "suggestDone" : this.#growth ? "suggestChanged" : "suggestBeside";
    this.#say(reason || text(SAID[end] ?? usual));
    if (end === "stopped" && !this.#told) this.card.remove(); // there is nothing to say about nothing
    if (!this.#given) return;
    const used = this.#sources.filter(({ n }) => this.#told.includes(`[${n}]`));
    if (used.length) this.words.after(sourceList(used, this.sheet));
    const label = text(whole ? "toReply" : "insert");
    const click = () => (whole ? this.reply() : this.reply(this.#given));
    const button = { class: "button button-small button-primary", type: "button", "data-use-suggestion": true, on: { click } };
    // Where the composer stands beside it, nobody needs a way there.
    const row = element("div", { class: whole ? "chunk-row to-reply" : "chunk-row" }, element("button", button, label));
    this.card.append(row);
    if (whole && HALF.has(end)) this.composer.remark(text(SAID[end]));
  }
}
