// The line to the server: one WebSocket that is opened again when it breaks, and goes on from what was seen last.

const WAITS = [1, 2, 4, 8, 15, 30]; // seconds between attempts
const SILENCE = 60_000; // the server pings every 25 s
const BEHIND = 5000;
// Their numbers are of something else than themselves.
const UNNUMBERED = new Set(["ack", "read"]);
// 4409: another window has taken this one's place; to come back by itself would drive out the next.
const FINAL = new Set([4400, 4401, 4403, 4404, 4409]);

export class Line {
  #socket = null;
  #seen = new Map([["inbox", null]]);
  #resumed = false;
  #tries = 0;
  #timer = null;
  #silence = null;
  #behind = null;
  #visiblyDown = false;
  #ended = false;
  #frames = 0;

  /**
   * `onFrame(frame)` for each frame that is new; `onReady(again)` when all that was missed has come; `onDown(seconds)`
   * each second while the line is down; `onUp()` when it is back; `onEnd(code)` when the server wants no other try.
   */
  constructor({ onFrame, onReady, onDown, onUp, onEnd }) {
    Object.assign(this, { onFrame, onReady, onDown, onUp, onEnd });
    window.addEventListener("offline", () => this.#broken(true));
    window.addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#timer && this.retryNow());
  }

  get up() {
    return this.#resumed;
  }

  open() {
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${window.location.host}/ws/agent/`, ["kimono.v1"]);
    this.#socket = socket;
    this.#listenForSilence();
    socket.addEventListener("message", (event) => socket === this.#socket && this.#take(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#closed(event.code));
  }

  /** Send a frame; returns its id, or null when the line is down. */
  send(type, fields = {}) {
    if (!this.#resumed || this.#socket?.readyState !== WebSocket.OPEN) return null;
    return this.#write(type, fields);
  }

  /** Follow a conversation from a number on. */
  follow(sessionId, seq) {
    if (this.#seen.has(sessionId)) return;
    this.#seen.set(sessionId, seq);
    this.send("subscribe", { session_id: sessionId, after_seq: seq });
  }

  follows(sessionId) {
    return this.#seen.has(sessionId);
  }

  unfollow(sessionId) {
    if (this.#seen.delete(sessionId)) this.send("unsubscribe", { session_id: sessionId });
  }

  retryNow() {
    if (this.#ended || (this.#socket && this.#socket.readyState <= WebSocket.OPEN)) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.open();
  }

  #write(type, fields) {
    const id = `f${(this.#frames += 1)}`;
    this.#socket.send(JSON.stringify({ type, id, ...fields }));
    return id;
  }

  #take(frame) {
    this.#listenForSilence();
    if (frame.type === "welcome") return this.#greeted(frame);
    if (frame.type === "ping") return this.#pinged(frame);
    if (frame.type === "resumed") return this.#caughtUp(frame);
    if (frame.type === "bye") return undefined;
    if (frame.type === "error" && frame.stream && !this.#lost(frame)) return undefined;
    if (frame.seq && frame.stream && !UNNUMBERED.has(frame.type)) {
      const seen = this.#seen.get(frame.stream);
      if (seen !== undefined && seen !== null && frame.seq <= seen) return undefined;
      if (seen !== undefined) this.#seen.set(frame.stream, frame.seq);
    }
    return this.onFrame(frame);
  }

  #greeted({ last_seq: last }) {
    if (this.#seen.get("inbox") === null) this.#seen.set("inbox", last);
    this.#resume();
  }

  #resume() {
    this.#write("resume", { streams: Object.fromEntries(this.#seen) });
  }

  /** Take note of a stream that cannot be gone on with; returns whether others want to hear of it. */
  #lost({ stream, code, last_seq: last }) {
    if (code === "resume_too_old") this.#seen.set(stream, last);
    else if (code === "not_found") this.#seen.delete(stream);
    else return true;
    return false;
  }

  #caughtUp({ streams }) {
    const again = this.#resumed || this.#tries > 0 || this.#visiblyDown;
    for (const [name, seq] of Object.entries(streams)) {
      if (this.#seen.has(name)) this.#seen.set(name, Math.max(seq, this.#seen.get(name) ?? 0));
    }
    this.#resumed = true;
    this.#tries = 0;
    if (this.#visiblyDown) {
      this.#visiblyDown = false;
      this.onUp();
    }
    this.onReady(again);
  }

  #pinged({ streams = {} }) {
    this.#socket.send(JSON.stringify({ type: "pong" }));
    const late = Object.entries(streams).some(([name, seq]) => this.#seen.has(name) && seq > this.#seen.get(name));
    clearTimeout(this.#behind);
    if (late) this.#behind = setTimeout(() => this.#socket?.readyState === WebSocket.OPEN && this.#resume(), BEHIND);
  }

  #listenForSilence() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#broken(false), SILENCE);
  }

  #closed(code) {
    if (FINAL.has(code)) {
      this.#ended = true;
      this.#drop();
      return this.onEnd(code);
    }
    return this.#broken(false);
  }

  #drop() {
    clearTimeout(this.#silence);
    clearTimeout(this.#behind);
    const socket = this.#socket;
    this.#socket = null;
    this.#resumed = false;
    socket?.close();
  }

  #broken(atOnce) {
    this.#drop();
    if (this.#ended || this.#timer) return;
    // The first try comes so soon that nobody needs to hear of it, unless the browser knows better.
    this.#visiblyDown ||= atOnce || this.#tries > 0;
    let left = WAITS[Math.min(this.#tries, WAITS.length - 1)];
    this.#tries += 1;
    const tick = () => {
      if (left <= 0) return this.retryNow();
      if (this.#visiblyDown) this.onDown(left);
      left -= 1;
      return undefined;
    };
    this.#timer = setInterval(tick, 1000);
    tick();
  }
}
