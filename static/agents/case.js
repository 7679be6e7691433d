// The conversation that is open: its story so far, what comes, and who may write.

import { byId } from "../conversations/elements.js";
import { settings, text } from "../conversations/texts.js";
import { AgentBubble, DraftBubble, newsLine, noteBubble, otherBubble } from "./bubbles.js";
import { call, casePath } from "./calls.js";
import { Composer } from "./composer.js";
import { drawn, oneAtATime, put } from "./fragments.js";
import { Thread } from "./thread.js";
import { complain } from "./toasts.js";

const TYPING_LASTS = 6000;
const SHUT = { pending: "shutPending", bot: "shutBot", assigned: "shutOther", resolved: "shutResolved", closed: "shutClosed" };

/** Return a function that brings back what the agent was at, once head and facts have been drawn anew. */
function handsOn() {
  const menu = byId("case-menu").matches(":popover-open");
  const tag = byId("tag-text").value;
  const inTag = document.activeElement === byId("tag-text");
  const inHead = byId("case-head").contains(document.activeElement);
  return () => {
    if (menu) byId("case-menu").showPopover();
    byId("tag-text").value = tag;
    if (inTag) byId("tag-text").focus();
    // The button that had the focus may be gone; the next key should still mean this conversation.
    else if (inHead) byId("stage").focus({ preventScroll: true });
  };
}

function dateOf(event) {
  return new Date(event.message?.created_at ?? event.note?.created_at ?? event.ts);
}

export class Case {
  #story = JSON.parse(byId("story").textContent);
  #thread = new Thread();
  #shown = new Set();
  #own = new Map();
  #draft = null;
  #typing = null;
  #mine = false;
  /** The reply that is being suggested, or was last. */
  suggestion = null;

  /** `line`, `outgoing`, `sheet`, `announcer`. */
  constructor({ line, outgoing, sheet, announcer }) {
    Object.assign(this, { line, outgoing, sheet, announcer });
    this.sessionId = this.#story.session_id;
    this.lastSeq = this.#story.last_seq;
    this.firstSeq = this.#story.items[0]?.seq ?? 0;
    this.composer = new Composer({
      sessionId: this.sessionId,
      onReply: (words, canned) => this.#say(words, canned),
      onNote: (words) => this.#note(words),
      onTyping: (on) => this.acts && this.line.send("typing", { session_id: this.sessionId, on }),
    });
    for (const event of this.#story.items) this.#take(event, false);
    this.outgoing.restore(this.sessionId, new Set(this.#own.keys()), (content, id) => {
      const bubble = this.#addOwn(content);
      this.#own.set(id, bubble);
      return bubble;
    });
    this.#showEarlier(this.#story.more);
    byId("earlier").addEventListener("click", () => this.#loadEarlier());
    /** Fetch anew who has the conversation, and what is known about it. */
    this.refresh = oneAtATime(() => this.#refresh());
    this.#allow();
    this.#thread.toEnd();
  }

  get head() {
    return byId("case-head").dataset;
  }

  get acts() {
    return this.head.acts === "yes";
  }

  /** Whether one's own; what was so last, while another conversation takes this one's place. */
  get mine() {
    return this.#mine;
  }

  /** Take a frame of this conversation's stream. */
  onFrame(frame) {
    if (frame.type === "typing") return this.#onTyping(frame);
    if (frame.type === "read") return frame.author === "visitor" && this.#onRead(frame.seq);
    if (frame.seq) this.lastSeq = Math.max(this.lastSeq, frame.seq);
    if (["snapshot", "delta", "abort"].includes(frame.type)) return this.#onDraft(frame);
    this.#take(frame, true);
    if (frame.type === "state") this.refresh();
    if (frame.type === "message" && frame.message.author === "visitor") this.#asked(frame.message.content);
    this.read();
    return undefined;
  }

  /** Say how far this conversation has been read. */
  read() {
    if (!document.hidden) this.line.send("read", { session_id: this.sessionId, seq: this.lastSeq });
  }

  close() {
    this.suggestion?.stop();
    this.#thread.close();
    clearTimeout(this.#typing);
  }

  async #refresh() {
    const { url } = byId("open-case").dataset;
    try {
      const [head, facts] = await Promise.all([drawn(`${url}head/`), drawn(`${url}facts/`)]);
      if (byId("open-case")?.dataset.session !== this.sessionId) return;
      const restore = handsOn();
      put("#case-head", head);
      put("#case-facts", facts);
      restore();
      this.#allow();
    } catch (problem) {
      complain(problem);
    }
  }

  #allow() {
    const { state, mine } = this.head;
    this.#mine = mine === "yes";
    this.composer.allow(this.acts, text(SHUT[state] ?? "shutClosed"));
  }

  #take(event, isNew) {
    const node = this.#nodeOf(event, isNew);
    if (!node) return;
    this.#thread.add(node, dateOf(event));
    if (isNew && event.type === "message" && event.message.author === "visitor") this.announcer.say(event.message.content);
  }

  #nodeOf(event, isNew) {
    if (event.seq && this.#shown.has(event.seq)) return null;
    if (event.seq) this.#shown.add(event.seq);
    if (event.type === "message") return this.#messageNode(event.message);
    if (event.type === "note") return noteBubble(event.note);
    if (event.type === "state") return newsLine(this.#stateWords(event, isNew));
    if (event.type === "csat") return newsLine(text("csat", { score: event.score }));
    if (event.type === "feedback") return newsLine(text(this.#isUp(event) ? "feedbackUp" : "feedbackDown"));
    return null;
  }

  #isUp({ rating }) {
    return typeof rating === "number" ? rating >= 3 : rating === "up";
  }

  #messageNode(message) {
    if (message.author === "system" || message.role === "system") return newsLine(message.content);
    if (message.author !== "agent") {
      if (message.author === "bot") this.#dropDraft();
      return otherBubble(message, this.sheet);
    }
    const id = message.client_message_id;
    const sent = id ? this.#own.get(id) : null;
    if (sent) {
      this.outgoing.acknowledge(message);
      sent.seq = message.seq;
      return null;
    }
    const own = message.agent_id === settings.agent.id;
    const said = new AgentBubble({
      content: message.content,
      date: new Date(message.created_at),
      name: message.agent_name ?? text("agent"),
      own,
    });
    said.setState("sent");
    said.seq = message.seq;
    this.#own.set(id ?? message.message_id, said);
    return said.node;
  }

  #stateWords({ state, agent, reason }) {
    const name = agent?.name;
    if (state === "assigned") return text("stateAssigned", { name: name ?? text("agent") });
    if (state === "resolved") return name ? text("stateResolved", { name }) : text("stateResolvedPlain");
    if (state === "bot") return text(reason === "reopened" ? "stateReopened" : "stateBot");
    return text(state === "pending" ? "statePending" : "stateClosed");
  }

  #say(words, canned) {
    const bubble = this.#addOwn(words);
    this.#own.set(this.outgoing.send(this.sessionId, words, bubble, canned), bubble);
    this.#thread.toEnd();
  }

  #addOwn(content) {
    const bubble = new AgentBubble({ content });
    this.#thread.add(bubble.node);
    return bubble;
  }

  async #note(content) {
    try {
      const note = await call("POST", casePath(this.sessionId, "/notes"), { content });
      this.#thread.toEnd();
      // The line brings it whole, with those whom it names.
      if (!this.line.up) this.#take({ type: "note", seq: note.seq, note }, true);
      return true;
    } catch (problem) {
      complain(problem);
      return false;
    }
  }

  #onTyping({ author, on }) {
    if (author === "agent" && this.#mine) return; // one's own, told to all
    clearTimeout(this.#typing);
    byId("typing").textContent = on ? text(author === "visitor" ? "typingVisitor" : "typingAgent") : "";
    if (on) this.#typing = setTimeout(() => (byId("typing").textContent = ""), TYPING_LASTS);
  }

  #onRead(seq) {
    for (const bubble of this.#own.values()) if (bubble.seq && bubble.seq <= seq) bubble.setState("read");
  }

  #onDraft(frame) {
    if (frame.type === "abort") return this.#dropDraft();
    if (frame.type === "snapshot") this.#draft?.restart();
    if (!this.#draft) {
      this.#draft = new DraftBubble();
      this.#thread.add(this.#draft.node);
    }
    this.#draft.append(frame.content ?? "");
    return this.#thread.follow();
  }

  #dropDraft() {
    this.#draft?.node.remove();
    this.#draft = null;
  }

  /** Look up what the contact has just asked, unless the agent is looking for something else. */
  #asked(words) {
    const field = byId("help-text");
    if (document.activeElement === field || (field.value && field.value !== field.defaultValue)) return;
    if ([...words].length < 4) return;
    field.value = field.defaultValue = words;
    window.htmx.trigger("#help-form", "ask");
  }

  #showEarlier(more) {
    byId("earlier").hidden = !more;
  }

  async #loadEarlier() {
    const query = new URLSearchParams({ before_seq: this.firstSeq, limit: 100, include: "events" });
    try {
      const part = await call("GET", `chat/sessions/${this.sessionId}/messages?${query}`);
      const hadFocus = document.activeElement === byId("earlier");
      const earlier = part.items.map((event) => [this.#nodeOf(event, false), dateOf(event)]);
      this.#thread.addBefore(earlier.filter(([node]) => node));
      this.firstSeq = part.items[0]?.seq ?? this.firstSeq;
      this.#showEarlier(part.has_more);
      if (hadFocus && !part.has_more) byId("stage").focus({ preventScroll: true });
    } catch (problem) {
      complain(problem);
    }
  }
}
