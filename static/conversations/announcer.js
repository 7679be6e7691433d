// Reading a growing answer out sentence by sentence, instead of token by token.

import { byId, element } from "./elements.js";

const SENTENCE = /[^\n]*?(?:[。！？\n]+|(?<!\d)[.!?](?=\s))/y;
const KEPT = 12;

/** Return a sentence without the marks that only the eye needs. */
function spoken(sentence) {
  if (/^[\s|:-]*$/.test(sentence)) return "";
  return sentence
    .replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, "$1")
    .replace(/\[\d+\]/g, "")
    .replace(/^\s*(?:#{1,6}|[-*+•>])\s+/, "")
    .replace(/^\s*\||\|\s*$/g, "")
    .replace(/\s*\|\s*/g, ", ")
    .replace(/\*\*|`/g, "")
    .trim();
}

export class Announcer {
  #region = byId("announcer");
  #rest = "";

  /** Say something at once. */
  say(sentence) {
    const words = spoken(sentence);
    if (!words) return;
    this.#region.append(element("p", {}, words));
    while (this.#region.childElementCount > KEPT) this.#region.firstChild.remove();
  }

  /** Take in the next piece of an answer and say each sentence that is complete. */
  feed(piece) {
    this.#rest += piece;
    SENTENCE.lastIndex = 0;
    let end = 0;
    for (let match; (match = SENTENCE.exec(this.#rest)) && match[0]; end = SENTENCE.lastIndex) this.say(match[0]);
    this.#rest = this.#rest.slice(end);
  }

  /** Say what is left. */
  flush() {
    this.say(this.#rest);
    this.#rest = "";
  }

  /** Say a whole text, sentence by sentence. */
  tell(words) {
    const rest = this.#rest;
    this.#rest = "";
    this.feed(words);
    this.flush();
    this.#rest = rest;
  }

  reset() {
    this.#rest = "";
  }
}
