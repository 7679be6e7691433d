// The conversation as the server knows it: opening, resuming, and each thing a contact may ask of it.

import { readEvents } from "./events.js";
import { host } from "./host.js";
import { visitor } from "./keeping.js";
import { settings } from "./texts.js";
import { Refused, Unreachable, newUuid, pause, request, requestFile, requestJson } from "./wire.js";

const HANDSHAKE = "/api/v1/widget/handshake";
const SESSIONS = "/api/v1/chat/sessions";
const MESSAGES = "/api/v1/chat/messages";
const RESUMES = 4;
const wireLanguage = settings.language === "en" ? "en" : "zh";

export class Conversation {
  #opening = null;
  #openingKey = newUuid();

  get exists() {
    return Boolean(visitor.get());
  }

  get id() {
    return visitor.get()?.session_id ?? null;
  }

  get token() {
    return visitor.get()?.visitor_token ?? null;
  }

  /**
   * Open the conversation unless there is one. Several callers share one request. Returns whether it is one that a
   * signed-in customer has begun elsewhere.
   */
  async open() {
    if (this.exists) return false;
    this.#opening ??= this.#begin();
    try {
      const handshake = await this.#opening;
      this.#keep(handshake);
      return handshake.last_seq > 0;
    } finally {
      this.#opening = null;
    }
  }

  async #begin() {
    if (host.user) return this.#introduce(null);
    const handshake = await this.#shake();
    if (handshake.visitor_token) return handshake;
    // The answer to the first attempt was lost on its way, and a repeat shows no token.
    return this.#shake();
  }

  async #shake() {
    const handshake = await requestJson("POST", SESSIONS, {
      body: { channel: "web", language: wireLanguage, ...(host.page ? { metadata: { page_url: host.page } } : {}) },
      headers: { "Idempotency-Key": this.#openingKey },
    });
    this.#openingKey = newUuid();
    return handshake;
  }

  /** Tell the server who the page says the visitor is; another customer's conversation is not gone on with. */
  async identify() {
    if (host.user && this.exists) this.#keep(await this.#introduce(visitor.get().visitor_token));
  }

  async #introduce(token) {
    try {
      return await this.#sayWho(token);
    } catch (problem) {
      if (problem.status !== 401 || !host.user) throw problem;
      console.warn("Kimono: the signature of this user_id is not valid; the visitor goes on without a name.");
      host.user = null;
      return this.#sayWho(token);
    }
  }

  #sayWho(token) {
    const { id = null, hash = null } = host.user ?? {};
    const said = { visitor_token: token, user_id: id, user_hash: hash || null, page_url: host.page || null };
    const body = Object.fromEntries(Object.entries({ ...said, language: wireLanguage }).filter(([, value]) => value !== null));
    return requestJson("POST", HANDSHAKE, { body });
  }

  /** Exchange an expired token for a new one. Returns whether it is still the same conversation. */
  async renew() {
    const old = visitor.get();
    visitor.clear();
    try {
      const handshake = await this.#introduce(old?.visitor_token ?? null);
      this.#keep(handshake);
      return handshake.session_id === old?.session_id;
    } catch (problem) {
      if (problem instanceof Unreachable) {
        visitor.set(old);
        throw problem;
      }
      return false;
    }
  }

  forget() {
    visitor.clear();
  }

  /** Return `{items, session}`: everything with a sequence number above `after`, in order. */
  async history(after = 0, include = "messages") {
    const items = [];
    let session = null;
    for (let cursor = after, more = true; more; ) {
      const page = await this.#ask("GET", `/messages?after_seq=${cursor}&limit=200&include=${include}`);
      items.push(...page.items);
      session = page.session;
      more = page.has_more && page.items.length > 0;
      cursor = page.items.at(-1)?.seq ?? cursor;
    }
    return { items, session };
  }

  session() {
    return this.#ask("GET", "");
  }

  stop() {
    return this.#ask("POST", "/stop", {});
  }

  escalate(reason = null) {
    return this.#ask("POST", "/escalate", reason ? { reason } : {});
  }

  /** `resolved` is null where the contact has not said whether it helped. */
  rate(score, resolved, comment) {
    const given = Object.entries({ score, resolved, comment }).filter(([, value]) => value !== null);
    return this.#ask("POST", "/csat", Object.fromEntries(given));
  }

  close(reason) {
    return this.#ask("POST", "/close", { reason });
  }

  vote(messageId, rating, comment = null) {
    return this.#ask("POST", "/feedback", { message_id: messageId, rating, ...(comment ? { comment } : {}) });
  }

  /** Return the whole conversation as `{blob, name}`. */
  file(format) {
    const { session_id: id, visitor_token: token } = visitor.get();
    return requestFile(`${SESSIONS}/${encodeURIComponent(id)}/export?format=${format}`, { token });
  }

  /** Return one answer as `{blob, name}`. */
  answerFile(messageId, format) {
    const { visitor_token: token } = visitor.get();
    return requestFile(`${MESSAGES}/${encodeURIComponent(messageId)}/export?format=${format}`, { token });
  }

  /** Return the address of the live events, for EventSource, which cannot send headers. */
  eventsUrl(after) {
    const { session_id: id, visitor_token: token } = visitor.get();
    return `${SESSIONS}/${encodeURIComponent(id)}/events?${new URLSearchParams({ token, after_seq: after })}`;
  }

  /**
   * Yield the events of one turn. `message` is `{id, text, lastEventId}`; a broken line is taken up again with the
   * same id from the last event that came, up to four times, and each time `{type: "resuming"}` is yielded.
   */
  async *turn(message, signal) {
    for (let broken = 0; ; ) {
      try {
        for await (const event of readEvents(await this.#postTurn(message, signal))) {
          message.lastEventId = event.id ?? message.lastEventId;
          yield event.data;
          if (event.name === "done" || event.name === "error") return;
        }
        throw new Unreachable("stream ended early");
      } catch (problem) {
        const wait = this.#waitBeforeResume(problem, message, broken);
        if (wait === null) throw problem;
        broken += 1;
        yield { type: "resuming" };
        await pause(wait, signal);
      }
    }
  }

  #waitBeforeResume(problem, message, broken) {
    if (broken >= RESUMES) return null;
    if (problem instanceof Unreachable && message.lastEventId) return 500 * 2 ** broken;
    if (problem instanceof Refused && problem.code === "idempotency_in_progress") return 1000;
    return null;
  }

  async #postTurn(message, signal) {
    const { session_id: id, visitor_token: token } = visitor.get();
    const response = await request("POST", "/api/v1/chat/stream", {
      token,
      signal,
      headers: message.lastEventId ? { "Last-Event-ID": message.lastEventId } : {},
      body: { message: message.text, session_id: id, client_message_id: message.id, channel: "web" },
    });
    return response.body;
  }

  #ask(method, path, body = null) {
    const { session_id: id, visitor_token: token } = visitor.get();
    return requestJson(method, `${SESSIONS}/${encodeURIComponent(id)}${path}`, { token, body });
  }

  /** Remember how far the contact has read, here or on another page. */
  markSeen(seq) {
    const kept = visitor.get();
    if (kept && seq > this.seen) visitor.set({ ...kept, seen: seq });
  }

  get seen() {
    return visitor.get()?.seen ?? 0;
  }

  #keep({ visitor_token, session_id }) {
    const before = visitor.get();
    visitor.set({ visitor_token, session_id, seen: before?.session_id === session_id ? this.seen : 0 });
  }
}
