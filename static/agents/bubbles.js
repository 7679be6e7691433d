// What stands in a conversation as an agent sees it: who said what, notes, and lines of news.

import { attachmentList } from "../conversations/attachments.js";
import { chipMaker, sourceList } from "../conversations/citations.js";
import { element, icon } from "../conversations/elements.js";
import { visible } from "../conversations/inline.js";
import { markdown } from "../conversations/markdown.js";
import { momentOf, settings, text, timeOf } from "../conversations/texts.js";

function stamp(date) {
  return element("time", { datetime: date.toISOString(), title: momentOf(date) }, timeOf(date));
}

function named(author, name) {
  const icons = { bot: "bot", agent: "headset", visitor: "person" };
  return element("p", { class: "row-name" }, icon(icons[author] ?? "alert", "small"), name);
}

/** Return a message of the contact or of the bot. `sheet` shows its sources. */
export function otherBubble(message, sheet) {
  const { author, citations = [], attachments = [], content } = message;
  const body = element("div", { class: "bubble" });
  if (author === "visitor") body.append(visible(content));
  else body.append(markdown(content, chipMaker(citations ?? [], sheet)));
  const node = element("article", { class: `row row-${author === "visitor" ? "contact" : author}` });
  node.append(named(author, text(author === "visitor" ? "visitor" : "bot")), body);
  if (citations?.length) node.append(sourceList(citations, sheet));
  const attached = attachments?.length ? attachmentList(attachments) : null;
  if (attached) node.append(attached);
  node.append(element("div", { class: "foot" }, stamp(new Date(message.created_at))));
  return node;
}

/** Return what a note says, with the names of those whom it calls standing out. */
function called(content, mentions) {
  const names = mentions.map(({ name }) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).sort((one, other) => other.length - one.length);
  if (!names.length) return [visible(content)];
  const parts = content.split(new RegExp(`([@＠](?:${names.join("|")}))`, "i"));
  return parts.map((part, at) => (at % 2 ? element("span", { class: "mention" }, visible(part)) : visible(part)));
}

/** Return a private note. */
export function noteBubble(note) {
  const node = element("article", { class: "row row-note" });
  const name = text("noteOf", { name: note.author_name || text("agent") });
  node.append(
    element("p", { class: "row-name" }, icon("lock", "small"), name),
    element("div", { class: "bubble" }, ...called(note.content, note.mentions ?? [])),
    element("div", { class: "foot" }, stamp(new Date(note.created_at))),
  );
  return node;
}

/** Return one line of news. */
export function newsLine(words) {
  return element("p", { class: "notice" }, element("span", {}, words));
}

/** A message of an agent, with its way to the contact. */
export class AgentBubble {
  constructor({ content, date = new Date(), name = settings.agent.name, own = true, onRetry = null }) {
    this.onRetry = onRetry;
    this.state = element("span", { class: "delivery" });
    this.foot = element("div", { class: "foot" }, stamp(date), this.state);
    const body = element("div", { class: "bubble" }, visible(content));
    this.node = element("article", { class: "row row-own" }, named("agent", own ? text("you") : name), body, this.foot);
  }

  /** Show `sending`, `sent` or `read`. */
  setState(state) {
    this.node.dataset.delivery = state;
    this.foot.querySelector(".retry")?.remove();
    this.state.replaceChildren(icon(state === "sending" ? "clock" : "check", "small"), text(state));
  }

  /** Show that the contact has not got it, and why; with a button to try again unless that is of no use. */
  setFailed(words, again = true) {
    this.node.dataset.delivery = "failed";
    this.foot.querySelector(".retry")?.remove();
    this.state.replaceChildren(icon("alert", "small"), words);
    if (!again) return;
    const retry = { class: "retry", type: "button", on: { click: () => this.onRetry?.() } };
    this.foot.append(element("button", retry, text("retry")));
  }
}

/** A reply of the bot that is still being written. */
export class DraftBubble {
  #text = "";

  constructor() {
    this.words = document.createTextNode("");
    this.node = element(
      "article",
      { class: "row row-bot", "aria-busy": "true" },
      named("bot", text("writing")),
      element("div", { class: "bubble" }, element("p", { class: "tail" }, this.words)),
    );
  }

  restart() {
    this.#text = "";
  }

  append(piece) {
    this.#text += piece;
    this.words.data = visible(this.#text);
  }
}
