// The column of bubbles: what stands where, what is scrolled to, and what must not move.

import { OwnBubble, ReplyBubble } from "./bubbles.js";
import { Days } from "./days.js";
import { byId, element } from "./elements.js";
import { text } from "./texts.js";

const NEAR = 72; // pixels from the end that still count as being at the end
const ROOM = 16; // pixels left above an answer that has reached the top

export class Thread {
  #stage = byId("stage");
  #node = byId("thread");
  #latest = byId("latest");
  #days = new Days();
  #atEnd = true;
  #typing = null;
  #typingTimer = null;
  #replies = [];

  constructor(actions) {
    this.actions = actions;
    this.#stage.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.#latest.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(this.#stage);
  }

  addOwn(options) {
    for (const reply of this.#replies) reply.settle();
    const bubble = new OwnBubble(options);
    this.#place(bubble.node, options.date ?? new Date());
    return bubble;
  }

  /** Open an answer that is still to come; `next` is the bubble that waits for one of its own. */
  openReply(next = null) {
    const reply = new ReplyBubble({ actions: this.actions });
    this.#replies.push(reply);
    if (next) next.node.before(reply.node);
    else this.#place(reply.node, new Date());
    this.follow(reply);
    return reply;
  }

  /** Add a finished message as the server has it. */
  addReply(message) {
    for (const earlier of this.#replies) earlier.settle();
    const reply = new ReplyBubble({ author: message.author, agentName: message.agent_name, actions: this.actions });
    this.#replies.push(reply);
    const date = new Date(message.created_at);
    finishReply(reply, message);
    this.#place(reply.node, date);
    return reply;
  }

  /** Add one line of news: who joined, that the conversation ended. */
  addNotice(words, date = new Date()) {
    this.#place(element("p", { class: "notice" }, element("span", {}, words)), date);
  }

  /** Add something to fill in. */
  addCard(node) {
    this.#place(node, new Date());
  }

  /** Show for six seconds, or until told otherwise, that a person is writing. */
  showTyping(on) {
    clearTimeout(this.#typingTimer);
    this.#typing?.remove();
    this.#typing = null;
    if (!on) return;
    this.#typing = element("p", { class: "notice typing" }, element("span", {}, text("agentTyping")));
    this.#node.append(this.#typing);
    if (this.#atEnd) this.toEnd();
    this.#typingTimer = setTimeout(() => this.showTyping(false), 6000);
  }

  /** Show the shape of a conversation that is still being fetched; returns a function that takes it away. */
  showLoading() {
    let shape = null;
    const timer = setTimeout(() => {
      const row = (side, lines) =>
        element(
          "div",
          { class: `row row-${side}` },
          element("div", { class: "bubble" }, ...Array.from({ length: lines }, () => element("span", { class: "skeleton" }))),
        );
      shape = element("div", { "aria-busy": "true", class: "loading" }, row("own", 1), row("bot", 3), row("own", 1));
      this.#node.append(shape);
    }, 200);
    return () => {
      clearTimeout(timer);
      shape?.remove();
    };
  }

  clear() {
    this.#node.replaceChildren();
    this.#replies = [];
    this.#days = new Days();
    this.#typing = null;
    this.#stage.scrollTop = 0;
    this.#atEnd = true;
    this.#latest.hidden = true;
  }

  toEnd() {
    this.#stage.scrollTop = this.#stage.scrollHeight;
    this.#atEnd = true;
    this.#latest.hidden = true;
  }

  /** Keep up with a growing answer, until its first line stands at the top: then it grows downward, out of sight. */
  follow(reply) {
    if (!this.#atEnd) return this.#onScroll();
    const top = reply.node.getBoundingClientRect().top - this.#stage.getBoundingClientRect().top;
    const end = this.#stage.scrollHeight - this.#stage.clientHeight;
    const limit = Math.max(this.#stage.scrollTop, this.#stage.scrollTop + top - ROOM);
    this.#stage.scrollTop = Math.min(end, limit);
    this.#onScroll();
  }

  #place(node, date) {
    const wasAtEnd = this.#atEnd;
    this.#node.append(...this.#days.before(date), node);
    if (wasAtEnd) this.toEnd();
    else this.#onScroll();
  }

  #onScroll() {
    const left = this.#stage.scrollHeight - this.#stage.scrollTop - this.#stage.clientHeight;
    this.#atEnd = left < NEAR;
    this.#latest.hidden = this.#atEnd;
  }
}

/** Finish a reply with a message as the server stores it. */
export function finishReply(reply, message) {
  reply.finish({
    content: message.content,
    messageId: message.message_id,
    date: new Date(message.created_at),
    kind: message.kind ?? null,
    citations: message.citations ?? [],
    attachments: message.attachments ?? [],
    feedback: message.feedback,
  });
}
