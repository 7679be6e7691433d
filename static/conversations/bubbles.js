// The bubbles of a conversation: what the contact wrote, and what the bot or a person answered.

import { attachmentList } from "./attachments.js";
import { chipMaker, sourceList } from "./citations.js";
import { AnswerDownload } from "./downloads.js";
import { element, icon, iconButton } from "./elements.js";
import { visible } from "./inline.js";
import { markdown } from "./markdown.js";
import { momentOf, text, timeOf } from "./texts.js";
import { Votes } from "./votes.js";

const NO_QUESTIONS = new Set(["chitchat", "transfer_to_human", "blocked"]);
const COPIED_FOR = 1500;
const GROWING_TABLE = /^(?:[^|\n]*\n)?[ \t]*\|.+\|[ \t]*\n[ \t]*\|[-:| \t]+\|[ \t]*\n/;

function stamp(date) {
  return element("time", { datetime: date.toISOString(), title: momentOf(date) }, timeOf(date));
}

/** Return whether a reply answers, other than asking back, handing over or being polite; `data` is that of its turn. */
function answers(kind, data) {
  if (kind) return kind === "answer";
  const { escalate_to_human: transfers, follow_up_question: asks, handoff_offered: refuses, intent } = data;
  return !transfers && !asks && !refuses && !NO_QUESTIONS.has(intent);
}

/** Return how far a growing answer consists of whole blocks, which will not change their shape any more. */
function finishedUpTo(source) {
  const end = source.lastIndexOf("\n\n") + 2;
  const fences = source.slice(0, end).match(/^\s*(```|~~~)/gm);
  if ((fences?.length ?? 0) % 2 === 1) return 0;
  const start = end < 2 ? 0 : end;
  // A table has its shape once the line under its head is there; after that each whole line is one more row.
  return GROWING_TABLE.test(source.slice(start)) ? source.lastIndexOf("\n") + 1 : start;
}

/** While an answer grows nobody knows yet which sources it will keep: its marks cannot be opened. */
function stillMark(number) {
  return element("span", { class: "chip chip-still" }, String(number));
}

/** A message of the contact, with its way to the server. */
export class OwnBubble {
  #timer = null;

  constructor({ content, date = new Date(), onRetry = null }) {
    this.onRetry = onRetry;
    this.state = element("span", { class: "delivery", role: "status" });
    this.foot = element("div", { class: "foot" }, stamp(date), this.state);
    const name = element("span", { class: "visually-hidden" }, text("you"));
    const bubble = element("div", { class: "bubble" }, visible(content));
    this.node = element("article", { class: "row row-own" }, name, bubble, this.foot);
  }

  /** Show `sending`, `sent`, `waiting` (a person will read it) or `delivered` (a person has it). */
  setState(state) {
    clearInterval(this.#timer);
    this.node.dataset.delivery = state;
    this.foot.querySelector(".retry")?.remove();
    const key = { sending: "sending", sent: "sent", waiting: "deliveredWaiting", delivered: "delivered" }[state];
    this.state.replaceChildren(icon(state === "sending" ? "clock" : "check", "small"), text(key));
  }

  /** Show why the message will never be taken. */
  setRejected(key) {
    this.setFailed(key);
    this.foot.querySelector(".retry").remove();
  }

  /** Show why the message did not get through, with a button to try again, after `seconds` if given. */
  setFailed(key, seconds = null, values = {}) {
    clearInterval(this.#timer);
    this.node.dataset.delivery = "failed";
    this.foot.querySelector(".retry")?.remove();
    const retry = element("button", { class: "retry", type: "button", on: { click: () => this.onRetry?.() } }, text("retry"));
    const say = (left) => this.state.replaceChildren(icon("alert", "small"), text(key, { n: left, ...values }));
    say(seconds);
    this.foot.append(retry);
    if (!seconds) return;
    let left = seconds;
    retry.disabled = true;
    this.#timer = setInterval(() => {
      left -= 1;
      if (left > 0) return say(left);
      clearInterval(this.#timer);
      this.state.replaceChildren(icon("clock", "small"), text("mayRetry"));
      retry.disabled = false;
    }, 1000);
  }
}

/** An answer of the bot or of a person; may still be growing. */
export class ReplyBubble {
  #text = "";
  #rendered = 0;

  /**
   * `author` bot or agent; `actions`: `sheet`, `onSuggestion(text)`, `onPerson()`, `vote(messageId, rating, comment)`,
   * `download(messageId, format)`.
   */
  constructor({ author = "bot", agentName = null, actions }) {
    this.actions = actions;
    this.author = author;
    this.words = document.createTextNode("");
    this.tail = element("p", { class: "tail" }, this.words);
    this.body = element("div", { class: "bubble" });
    this.name = element(
      "p",
      { class: "row-name" },
      icon(author === "agent" ? "person" : "bot", "small"),
      author === "agent" ? (agentName ?? text("agent")) : text("bot"),
    );
    this.node = element("article", { class: `row row-${author}`, "aria-busy": "true" }, this.name, this.body);
    this.#showSkeleton();
  }

  get content() {
    return this.#text;
  }

  #showSkeleton() {
    this.node.dataset.phase = "thinking";
    const lines = [1, 2, 3].map(() => element("span", { class: "skeleton" }));
    this.body.replaceChildren(element("span", { class: "visually-hidden" }, text("writing")), ...lines);
  }

  /** Begin the text anew: a resumed stream may come from its start. */
  restart() {
    this.#text = "";
    this.#showSkeleton();
  }

  append(piece) {
    if (!this.#text) {
      this.node.dataset.phase = "streaming";
      this.#rendered = 0;
      this.body.replaceChildren(this.tail);
    }
    this.#text += piece;
    const end = finishedUpTo(this.#text);
    if (end > this.#rendered) {
      this.body.replaceChildren(markdown(this.#text.slice(0, end), stillMark), this.tail);
      this.#rendered = end;
    }
    this.words.data = visible(this.#text.slice(end));
  }

  /** Put the finished answer in place. `data` is that of a chat response; parts of it may be missing. */
  finish({ content, messageId = null, date = new Date(), kind = null, citations = [], attachments = [], feedback = null, data = {} }) {
    this.#text = content;
    this.node.dataset.phase = "done";
    this.node.removeAttribute("aria-busy");
    this.body.replaceChildren(markdown(content, chipMaker(citations, this.actions.sheet)));
    const question = data.follow_up_question;
    if (question && !content.includes(question)) this.body.append(element("p", { class: "follow-up" }, question));
    const below = [
      citations.length ? sourceList(citations, this.actions.sheet) : null,
      attachmentList(attachments),
      this.#remark(data),
      this.#offers(data),
    ];
    const useful = this.author === "agent" || answers(kind, data);
    const foot = useful ? this.#foot(messageId, date, feedback) : [element("div", { class: "foot" }, stamp(date))];
    this.node.append(...below.filter(Boolean), ...foot);
  }

  /** Say in place of an answer that there will be none, and offer to try again. */
  fail(key, onRetry) {
    this.node.dataset.phase = "failed";
    this.node.removeAttribute("aria-busy");
    if (!this.#text) this.body.replaceChildren();
    const line = element("p", { class: "failure" }, icon("alert", "small"), element("span", {}, text(key)));
    if (onRetry) line.append(element("button", { class: "retry", type: "button", on: { click: onRetry } }, text("retry")));
    this.body.append(line);
  }

  remove() {
    this.node.remove();
  }

  /** Take away what may be tapped only while this is the last answer. */
  settle() {
    this.node.querySelector(".offers")?.remove();
  }

  #remark(data) {
    const words = [];
    if (data.stopped) words.push(text("stopped"));
    if (data.degraded && (data.sources ?? []).length) words.push(text("degraded"));
    return words.length ? element("p", { class: "remark" }, words.join(" ")) : null;
  }

  #offers(data) {
    const chips = (data.suggestions ?? []).map(({ text: words }) =>
      element("button", { class: "suggestion", type: "button", on: { click: () => this.actions.onSuggestion(words) } }, words),
    );
    if (data.handoff_offered && !data.escalate_to_human) {
      chips.push(
        element(
          "button",
          { class: "button offer-person", type: "button", on: { click: () => this.actions.onPerson() } },
          icon("headset", "small"),
          text("talkToPerson"),
        ),
      );
    }
    return chips.length ? element("div", { class: "offers" }, ...chips) : null;
  }

  #foot(messageId, date, feedback) {
    const copy = iconButton("copy", text("copy"), () => this.#copy(copy));
    const foot = element("div", { class: "foot" }, copy);
    if (messageId) foot.append(new AnswerDownload((format) => this.actions.download(messageId, format)).node);
    if (this.author !== "bot" || !messageId) {
      foot.append(stamp(date));
      return [foot];
    }
    const votes = new Votes((rating, comment) => this.actions.vote(messageId, rating, comment), feedback);
    foot.append(votes.buttons, stamp(date));
    return [foot, votes.reasons];
  }

  async #copy(button) {
    try {
      await navigator.clipboard.writeText(visible(this.#text));
    } catch {
      return; // without a secure context the browser has no clipboard for us
    }
    button.replaceChildren(icon("check", "small"));
    button.setAttribute("aria-label", text("copied"));
    setTimeout(() => {
      button.replaceChildren(icon("copy", "small"));
      button.setAttribute("aria-label", text("copy"));
    }, COPIED_FOR);
  }
}
