// Who is answering, what has already been shown, and what each event means for the page.

import { SatisfactionCard } from "./csat.js";
import { host } from "./host.js";
import { MessageCard } from "./leaving.js";
import { finishReply } from "./thread.js";
import { minutesOf, settings, text } from "./texts.js";
import { request } from "./wire.js";

const PAGE_TITLE = document.title;

export class Room {
  handler = "bot";
  #agentName = null;
  #shown = new Set();
  #lastSeq = 0;
  #remote = null; // {id, reply}: what is being written without a turn of this page; no id: a turn that was let go
  #unread = 0;
  #resumed = false;
  #asking = false;
  #handedOver = false; // whether the last message said that a person is brought in
  #asked = null; // the card that asks how it was
  #form = null; // the form of a message for people who are not at work

  /** `thread`, `conversation`, `header`, `composer`, `announcer`; the page sets `live`, `delivery` and `refusals`. */
  constructor({ thread, conversation, header, composer, announcer }) {
    Object.assign(this, { thread, conversation, header, composer, announcer });
  }

  /** Whether anything can still happen in the conversation. */
  get open() {
    return this.handler !== "closed" && this.handler !== "paused";
  }

  get lastSeq() {
    return this.#lastSeq;
  }

  has(messageId) {
    return this.#shown.has(messageId);
  }

  sawOwn(messageId) {
    if (!messageId) return;
    this.#shown.add(messageId);
    this.#dropDraft(messageId);
  }

  /** Keep a reply whose turn nobody follows any more: the bot's next message is its end. */
  adopt(reply) {
    if (reply.node.isConnected) this.#write({ id: null, reply });
  }

  /** Know what is being written elsewhere, or that nothing is; it can be stopped here as well. */
  #write(remote) {
    this.#remote = remote;
    this.composer.setBusy(Boolean(remote?.id) || this.delivery.busy);
  }

  listen() {
    this.#resumed = true; // what was opened on this page has no earlier visit to bring back
    this.live.listen();
  }

  /** Bring back the conversation of an earlier visit. */
  async resume() {
    const done = this.thread.showLoading();
    try {
      const { items, session } = await this.conversation.history();
      done();
      for (const item of items) this.#take(item, false);
      const sent = new Set(items.map((item) => item.client_message_id).filter(Boolean));
      this.delivery.restore(sent);
      this.thread.toEnd();
      this.#countMissed(items);
      await this.#follow(session);
      const hasWritten = items.at(-1)?.author === "visitor";
      if (session.state === "pending" && settings.closed && !hasWritten) this.#offerForm();
      this.#resumed = true;
      this.live.listen();
    } finally {
      done();
    }
  }

  /** Begin with the conversation that a signed-in customer has had elsewhere. */
  async bringBack() {
    const { items, session } = await this.conversation.history();
    this.thread.clear();
    for (const item of items) this.#take(item, false);
    await this.#follow(session);
    this.delivery.showAgain();
    this.thread.toEnd();
  }

  /** Go on with the conversation that another tab has begun. */
  async moveOver() {
    this.live.stop();
    this.reset();
    await this.bringBack();
    this.listen();
  }

  /** Everything here has been seen. */
  seen() {
    this.conversation.markSeen(this.#lastSeq);
    this.#countUnread(0);
  }

  #countMissed(items) {
    if (host.shown) return this.seen();
    const before = this.conversation.seen;
    return this.#countUnread(items.filter(({ seq, author }) => seq > before && author !== "visitor").length);
  }

  /** Fetch what was missed while the line was down. */
  async catchUp() {
    if (!this.conversation.exists) return void (await request("GET", "/livez"));
    if (!this.#resumed) return this.resume();
    const { items, session } = await this.conversation.history(this.#lastSeq);
    for (const item of items) this.#take(item, true);
    await this.#follow(session);
  }

  /** Ask the server who has the conversation now. */
  async refresh() {
    try {
      await this.#follow(await this.conversation.session());
    } catch {
      // the live events will say it
    }
  }

  /** Take one event of the live stream. */
  onEvent(event) {
    if (event.seq) this.#lastSeq = Math.max(this.#lastSeq, event.seq);
    switch (event.type) {
      case "message":
        return this.#take(event.message, true);
      case "state":
        return this.#onState(event);
      case "queue":
        return this.#onQueue(event);
      case "csat":
        return this.#askHow(this.handler, true);
      case "typing":
        return event.author === "agent" || event.author?.kind === "agent" ? this.thread.showTyping(Boolean(event.on)) : null;
      case "snapshot":
      case "delta":
      case "abort":
        return this.#onDraft(event);
      default:
        return null;
    }
  }

  learn(message) {
    this.#take(message, true);
  }

  /** Ask for a person. */
  async askForPerson() {
    if (this.#asking || this.handler === "pending" || this.handler === "assigned") return;
    this.#asking = true;
    this.composer.setPerson("asking");
    try {
      if (await this.conversation.open()) await this.bringBack();
      this.listen();
      const card = await this.conversation.escalate();
      this.show("pending", { position: card.queue_position, waitSeconds: card.estimated_wait_seconds });
      this.#announce(this.#queueWords(card));
      if (card.in_working_hours === false) this.#offerForm();
    } catch (problem) {
      this.composer.setPerson("idle");
      this.refusals.ofPerson(problem);
    } finally {
      this.#asking = false;
    }
  }

  /** Learn the place in the line of somebody who has asked for a person, and whether people are at work. */
  async #findPlace() {
    await this.refresh();
    // What a broken line tells late may be over: whoever does not wait any more must not ask for a person anew.
    if (this.handler !== "pending") return;
    const card = await this.conversation.escalate().catch(() => null);
    if (card?.state === "pending" && card.in_working_hours === false) this.#offerForm();
  }

  /** Read the end of a turn: it may have gone to a person. */
  turned(done, bubble) {
    if (done.status === "human") {
      bubble.setState(this.handler === "assigned" ? "delivered" : "waiting");
      if (this.handler === "bot") this.refresh();
    } else if (done.escalate || done.data?.escalate_to_human) {
      this.show("pending");
      this.#findPlace();
    } else if (this.handler === "resolved") {
      this.show("bot");
    }
  }

  pause() {
    this.handler = "paused";
    this.live.stop();
    this.composer.hide();
    this.header.show("paused");
    this.#announce(text("pausedNotice"));
  }

  /** Forget everything shown: a new conversation begins. */
  reset() {
    this.#shown.clear();
    this.#lastSeq = 0;
    this.#resumed = false;
    this.#agentName = null;
    this.#write(null);
    this.#asked = this.#form = null;
    this.thread.clear();
    this.show("bot");
  }

  #take(item, isNew) {
    if (item.seq) this.#lastSeq = Math.max(this.#lastSeq, item.seq);
    if (!item.message_id) return;
    if (item.author === "visitor" && this.delivery.acknowledge(item.client_message_id)) {
      this.#shown.add(item.message_id);
    }
    if (this.#shown.has(item.message_id)) return this.#dropDraft(item.message_id);
    if (isNew && item.author === "bot" && this.#remote?.id !== item.message_id && this.delivery.hold(item)) return;
    this.#shown.add(item.message_id);
    this.#handedOver = item.kind === "transfer";
    this.#add(item, isNew);
  }

  #add(item, isNew) {
    const date = new Date(item.created_at);
    if (item.author === "visitor") {
      this.thread.addOwn({ content: item.content, date }).setState("sent");
    } else if (item.role === "system" || item.author === "system") {
      this.thread.addNotice(item.content, date);
    } else if (item.author === "bot" && this.#remote?.id === item.message_id) {
      finishReply(this.#remote.reply, item);
      this.#write(null);
    } else {
      if (item.author === "bot") this.#dropDraft(null);
      if (item.author === "agent") this.#agentName = item.agent_name ?? this.#agentName;
      this.thread.showTyping(false);
      this.thread.addReply(item);
    }
    if (isNew && item.author !== "visitor") {
      this.announcer.tell(item.content);
      if (host.shown) this.conversation.markSeen(this.#lastSeq);
      else this.#countUnread(this.#unread + 1);
    }
  }

  #onDraft({ type, message_id: id, content }) {
    if (type === "abort") return this.#dropDraft(id);
    // The stream of the turn shows it, or has shown it: of two lines this one may be the slower.
    if (this.#shown.has(id) || this.#remote?.id === null) return;
    if (this.delivery.busy && this.#remote?.id !== id) return;
    if (this.#remote && this.#remote.id !== id) this.#dropDraft(this.#remote.id);
    if (type === "snapshot") this.#remote?.reply.restart();
    if (!this.#remote) this.#write({ id, reply: this.thread.openReply() });
    this.#remote.reply.append(content ?? "");
    this.thread.follow(this.#remote.reply);
  }

  #dropDraft(id) {
    if (this.#remote?.id !== id) return;
    this.#remote.reply.remove();
    this.#write(null);
  }

  #onQueue({ position, estimated_wait_seconds: waitSeconds }) {
    if (this.handler === "pending") this.header.show("pending", { position, waitSeconds });
  }

  #onState({ state, agent }) {
    const before = this.handler;
    if (agent?.name) this.#agentName = agent.name;
    if (state === before && state !== "assigned") return;
    this.show(state);
    const name = this.#agentName;
    if (state === "assigned") this.#announce(name ? text("agentJoined", { name }) : text("someoneJoined"));
    else if (state === "pending") this.#onWaiting();
    else if (state === "bot" && before !== "resolved") this.#announce(text("backToBot"));
    else if (state === "resolved") this.#announce(text("resolvedNotice"));
    if (state === "resolved") this.#askHow(state);
  }

  /** Ask how it was, once a person has resolved it, and no more once that was said, here or on another page. */
  #askHow(state, rated = false) {
    // Whoever says thank you has not answered by that.
    const over = state !== "resolved" && state !== "bot";
    if (over || (rated && !this.#asked?.touched)) {
      this.#asked?.remove();
      this.#asked = null;
    } else if (state === "resolved" && settings.csat && !rated && !this.#asked) {
      this.#asked = new SatisfactionCard((...given) => this.conversation.rate(...given));
      this.thread.addCard(this.#asked.node);
    }
  }

  #offerForm() {
    this.#form?.remove();
    this.#form = new MessageCard((words) => this.delivery.send(words));
    this.thread.addCard(this.#form.node);
  }

  #onWaiting() {
    // The answer of a turn, or of the button, says it already.
    if (!this.delivery.busy && !this.#asking && !this.#handedOver) this.#announce(text("askedForPerson"));
    this.refresh();
  }

  async #follow(session) {
    if (session.state === "assigned" && !this.#agentName) await this.#findAgentName();
    this.show(session.state, { position: session.queue_position });
    this.#askHow(session.state, session.csat !== null);
  }

  async #findAgentName() {
    const { items } = await this.conversation.history(0, "events");
    const last = items.filter((item) => item.type === "state" && item.agent).at(-1);
    this.#agentName = last?.agent.name ?? null;
  }

  /** Show who has the conversation now, and what that leaves for the contact to do. */
  show(state, { position = null, waitSeconds = null } = {}) {
    this.handler = state;
    this.header.show(state, { agentName: this.#agentName, position, waitSeconds });
    this.composer.setPerson({ pending: "asked", assigned: "joined" }[state] ?? "idle");
    this.composer.setEnded(state === "closed");
    this.live.stayWhenHidden = state === "pending" || state === "assigned";
    if (state === "closed") this.live.stop();
    if (state !== "resolved") this.#askHow(state);
    if (state !== "pending") this.#form?.remove();
  }

  #queueWords({ queue_position: position, estimated_wait_seconds: seconds, in_working_hours: open }) {
    if (open === false) return text("askedOutsideHours");
    if (!position) return text("askedForPerson");
    if (!seconds) return text("askedAt", { n: position });
    return text("askedAtAbout", { n: position, minutes: minutesOf(seconds) });
  }

  #announce(words) {
    this.thread.addNotice(words);
    this.announcer.say(words);
  }

  #countUnread(count) {
    this.#unread = count;
    host.tell({ type: "unread", count });
    document.title = count ? `(${count}) ${PAGE_TITLE}` : PAGE_TITLE;
  }
}
