// Getting what the contact wrote to the server, one message after the other, and showing the answer as it comes.

import { outbox } from "./keeping.js";
import { text } from "./texts.js";
import { Refused, Unreachable, newUuid } from "./wire.js";

const SKELETON_AFTER = 200;

export class Delivery {
  #queue = [];
  #running = false;
  #abort = null;
  #held = [];

  /**
   * `thread`, `conversation`, `announcer`, `composer`, and `room`, which knows who answers:
   * `room.handler`, `room.learn(message)`, `room.turned(done, bubble)`. The page sets `refusals`.
   */
  constructor({ thread, conversation, announcer, composer, room }) {
    Object.assign(this, { thread, conversation, announcer, composer, room });
  }

  get busy() {
    return this.#running;
  }

  get unsent() {
    return this.#queue.length > 0;
  }

  /** Send `words` after everything that is already waiting. */
  send(words) {
    const message = { id: newUuid(), text: words, lastEventId: null, failed: false };
    this.#show(message);
    this.#remember();
    this.thread.toEnd();
    this.pump();
  }

  /** Bring back what an earlier visit could not send; `known` are the ids that the server has after all. */
  restore(known) {
    for (const { id, text: words } of outbox.get() ?? []) {
      if (known.has(id) || this.#queue.some((message) => message.id === id)) continue;
      const message = { id, text: words, lastEventId: null, failed: true };
      this.#show(message);
      message.bubble.setFailed("notSentEarlier");
    }
    this.#remember();
  }

  /** Try everything again that a broken line has held up. */
  retryAll() {
    for (const message of this.#queue) message.failed = false;
    this.pump();
  }

  /** Begin anew with what has not been sent, in a conversation that was just opened. */
  moveOver() {
    for (const message of this.#queue) {
      message.lastEventId = null;
      message.acknowledged = message.failed = false;
      this.#show(message, false);
    }
    this.pump();
  }

  /** Show again, below what was brought back, what is still to be sent. */
  showAgain() {
    for (const message of this.#queue) this.#show(message, false);
  }

  drop() {
    this.#abort?.abort();
    this.#queue = [];
    this.#held = [];
    this.#remember();
  }

  /** Return the bubble of the message with this client id, if it is one of ours; it has arrived. */
  acknowledge(clientMessageId) {
    const message = this.#queue.find(({ id }) => id === clientMessageId);
    if (message && !message.acknowledged) {
      message.acknowledged = true;
      message.bubble.setState("sent");
    }
    return message?.bubble ?? null;
  }

  /** Keep a message of the bot back while an answer is being written here: it may be that very answer. */
  hold(message) {
    if (this.#running) this.#held.push(message);
    return this.#running;
  }

  /** Ask the server to end the answer; if that does not help, stop listening to it. */
  async stop() {
    this.composer.markStopping();
    const abort = this.#abort;
    const deadline = setTimeout(() => abort?.abort(), 4000);
    abort?.signal.addEventListener("abort", () => clearTimeout(deadline));
    try {
      await this.conversation.stop();
    } catch {
      abort?.abort();
    }
  }

  async pump() {
    if (this.#running) return;
    this.#running = true;
    for (let message; (message = this.#queue.find(({ failed }) => !failed)); ) {
      const delivered = await this.#deliver(message);
      if (delivered) this.#queue = this.#queue.filter((other) => other !== message);
      this.#remember();
    }
    this.#running = false;
    this.composer.setBusy(false);
    for (const message of this.#held.splice(0)) this.room.learn(message);
  }

  #show(message, queued = true) {
    const onRetry = () => {
      message.failed = false;
      this.pump();
    };
    message.bubble = this.thread.addOwn({ content: message.text, onRetry });
    message.bubble.setState("sending");
    if (queued) this.#queue.push(message);
  }

  #remember() {
    const waiting = this.#queue.map(({ id, text: words }) => ({ id, text: words }));
    outbox.set(waiting.length ? waiting : null);
  }

  async #deliver(message) {
    this.#abort = new AbortController();
    const turn = { message, reply: null, timer: null };
    message.bubble.setState("sending");
    this.announcer.reset();
    try {
      if (await this.conversation.open()) await this.room.bringBack();
      this.room.listen();
      this.composer.setBusy(this.room.handler === "bot");
      if (this.room.handler === "bot") {
        turn.timer = setTimeout(() => (turn.reply ??= this.#open(turn)), SKELETON_AFTER);
      }
      for await (const event of this.conversation.turn(message, this.#abort.signal)) this.#take(event, turn);
      return true;
    } catch (problem) {
      return this.#broken(problem, turn);
    } finally {
      clearTimeout(turn.timer);
    }
  }

  /** Open the answer of a turn, above what waits for its own turn. */
  #open({ message }) {
    return this.thread.openReply(this.#queue.find((other) => other !== message && !other.failed)?.bubble);
  }

  #take(event, turn) {
    if (event.type === "meta") this.#begin(event, turn);
    else if (event.type === "token") this.#grow(event, turn);
    else if (event.type === "done") this.#finish(event, turn);
    else if (event.type === "error") this.#fail(event, turn);
  }

  #begin(meta, turn) {
    turn.message.acknowledged = true;
    turn.message.bubble.setState("sent");
    this.room.sawOwn(meta.user_message_id);
    if (meta.status === "human") {
      clearTimeout(turn.timer);
      turn.reply?.remove();
      turn.reply = null;
    } else if (turn.reply?.content) {
      turn.reply.restart();
      this.announcer.reset();
    }
  }

  #grow(token, turn) {
    if (!token.content) return;
    clearTimeout(turn.timer);
    turn.reply ??= this.#open(turn);
    turn.reply.append(token.content);
    this.announcer.feed(token.content);
    this.thread.follow(turn.reply);
  }

  #finish(done, turn) {
    clearTimeout(turn.timer);
    const data = done.data ?? {};
    const repeated = done.message_id && this.room.has(done.message_id);
    if (!done.answer || repeated) {
      turn.reply?.remove();
      if (data.stopped) this.thread.addNotice(text("stopped"));
    } else {
      turn.reply ??= this.#open(turn);
      turn.reply.finish({
        content: done.answer,
        messageId: done.message_id,
        citations: data.citations ?? data.sources ?? [],
        attachments: data.attachments ?? [],
        data,
      });
      this.thread.follow(turn.reply);
      this.announcer.flush();
    }
    if (done.message_id) this.room.sawOwn(done.message_id);
    this.room.turned(done, turn.message.bubble);
  }

  #fail(error, turn) {
    if (error.code === "taken_over") {
      turn.reply?.remove();
      turn.message.bubble.setState("delivered");
      this.room.refresh();
      return;
    }
    const reply = (turn.reply ??= this.#open(turn));
    const again = () => {
      reply.remove();
      this.#queue.push(turn.message);
      turn.message.lastEventId = null;
      this.pump();
    };
    const key = error.code === "timeout" ? "answerTimeout" : "answerFailed";
    reply.fail(key, error.retryable ? again : null);
    this.announcer.say(text(key));
  }

  /** Return true when there is nothing left to deliver, false when the message stays in the queue. */
  #broken(problem, turn) {
    clearTimeout(turn.timer);
    if (problem.name === "AbortError") {
      const kept = turn.reply?.content;
      if (kept) {
        turn.reply.finish({ content: kept, data: { stopped: true } });
        this.room.adopt(turn.reply);
      } else turn.reply?.remove();
      return true;
    }
    if (!(problem instanceof Unreachable) && !(problem instanceof Refused)) console.error(problem);
    turn.reply?.remove();
    turn.message.failed = true;
    if (problem instanceof Unreachable || [401, 404, 503].includes(problem.status)) this.#holdBack(turn.message);
    this.refusals.ofMessage(problem, turn.message);
    return problem.status === 422 || problem.status === 413;
  }

  /** Let nothing overtake a message that waits for the line to come back. */
  #holdBack(first) {
    for (const message of this.#queue) {
      if (message === first || message.failed) continue;
      message.failed = true;
      message.bubble.setFailed("notSent");
    }
  }
}
