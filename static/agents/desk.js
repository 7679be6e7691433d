// The lists: kept fresh, their clocks running, and one's own conversations followed even while another is open.

import { byId } from "../conversations/elements.js";
import { clock, settings, text } from "../conversations/texts.js";
import { announce, count } from "./alerts.js";
import { call } from "./calls.js";
import { toast } from "./toasts.js";

const GATHER = 250; // changes that come together are shown together
const FOLLOWED = 45;
const LATE = /^queue\.|^session\.updated$|^csat$/;

function waited(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function ago(date) {
  const minutes = Math.floor((Date.now() - date) / 60_000);
  if (minutes < 1) return text("ago");
  if (minutes < 60) return text("minutesAgo", { n: minutes });
  if (minutes < 1440) return text("hoursAgo", { n: Math.floor(minutes / 60) });
  return clock.shortDay.format(date);
}

function tabOf(address) {
  return new URL(address, window.location.href).searchParams.get("tab");
}

export class Desk {
  #timer = null;
  #unread = new Map();
  #names = new Map();

  /** `line`; `openId()` is the conversation that is open; `show(sessionId)` opens one. */
  constructor({ line, openId, show }) {
    Object.assign(this, { line, openId, show });
    setInterval(() => this.#tick(), 1000);
    document.body.addEventListener("htmx:afterSwap", (event) => event.target.id === "listing" && this.#listed());
    document.addEventListener("click", (event) => this.#choose(event.target.closest("a[hx-target='#listing']")));
    document.body.addEventListener("htmx:beforeSwap", (event) => event.detail.target.id === "listing" && this.#keepChosen(event.detail));
    this.#listed(false);
  }

  /** Fetch the list anew, soon. */
  refresh() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      window.htmx.trigger("#filters", "refresh");
    }, GATHER);
  }

  /** Find out which conversations are one's own, and follow them. */
  async follow() {
    const query = new URLSearchParams({ scope: "mine", state: "assigned", page_size: FOLLOWED });
    const { items } = await call("GET", `agent/sessions?${query}`);
    const own = new Set(items.map((each) => each.session_id));
    for (const id of this.#unread.keys()) {
      if (own.has(id)) continue;
      this.#unread.delete(id);
      if (id !== this.openId()) this.line.unfollow(id);
    }
    for (const each of items) {
      this.#unread.set(each.session_id, each.session_id === this.openId() ? 0 : each.unread);
      this.#names.set(each.session_id, each.user_id);
      this.line.follow(each.session_id, each.last_seq);
    }
    this.#count();
  }

  /** Take a frame of the inbox, or of a conversation that is not open. */
  onFrame(frame) {
    if (frame.type === "queue.added" && frame.item) {
      announce(text("newWaiting", { name: frame.item.user_id ?? text("visitor") }), () => this.show(frame.item.session_id));
    }
    if (frame.type === "session.updated" && frame.reason === "mentioned") this.#named(frame);
    else if (frame.type === "session.updated") this.#moved(frame);
    if (frame.type === "message" && frame.message.author === "visitor") this.#heard(frame.stream);
    if (LATE.test(frame.type) || frame.type === "message" || this.#isRead(frame)) this.refresh();
  }

  /** Note that a conversation has been looked at. */
  seen(sessionId) {
    if (this.#unread.has(sessionId)) this.#unread.set(sessionId, 0);
    this.#count();
  }

  /** Open the conversation that stands `step` places after the one that is open. */
  move(step) {
    const all = [...byId("listing").querySelectorAll(".item")];
    if (!all.length) return;
    const at = all.findIndex((node) => node.dataset.session === this.openId());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
    if (next < 0 || next >= all.length) return;
    all[next].click();
    all[next].scrollIntoView({ block: "nearest" });
  }

  /** Mark in the list which conversation is open. */
  mark(sessionId) {
    for (const node of byId("listing").querySelectorAll(".item")) {
      if (node.dataset.session === sessionId) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    }
  }

  /** A conversation has changed hands: perhaps the system, or a colleague, has given it to this agent. */
  #moved({ session_id: sessionId, agent_id: agentId, session }) {
    this.follow().catch(() => {});
    if (agentId !== settings.agent.id || session?.state !== "assigned" || sessionId === this.openId()) return;
    announce(text("newMine", { name: session.user_id ?? text("visitor") }), () => this.show(sessionId));
  }

  /** A colleague has named agents in a note. */
  #named({ session_id: sessionId, mentioned = [], by }) {
    const looks = sessionId === this.openId() && !document.hidden;
    if (!mentioned.includes(settings.agent.id) || looks) return;
    const words = text("mentionedBy", { name: by });
    toast(words, { action: { label: text("look"), onClick: () => this.show(sessionId) } });
    announce(words, () => this.show(sessionId));
  }

  /** Tell whether what the list still marks as new in the open conversation has been read by now. */
  #isRead({ type, author, stream }) {
    if (type !== "read" || author !== "agent" || stream !== this.openId()) return false;
    return Boolean(byId(`item-${stream}`)?.querySelector(".unread, .mark-named"));
  }

  /** Remember at once which list was asked for: a change that comes before it is there refreshes that one. */
  #choose(link) {
    if (link) byId("filters").elements.tab.value = tabOf(link.getAttribute("hx-get"));
  }

  /** Leave out a list that was asked for before another one was chosen. */
  #keepChosen(detail) {
    if (tabOf(detail.xhr.responseURL) !== byId("filters").elements.tab.value) detail.shouldSwap = false;
  }

  #heard(sessionId) {
    const looks = sessionId === this.openId() && !document.hidden;
    if (!looks && this.#unread.has(sessionId)) {
      this.#unread.set(sessionId, this.#unread.get(sessionId) + 1);
      const name = this.#names.get(sessionId) ?? text("visitor");
      announce(text("newMessage", { name }), () => this.show(sessionId));
    }
    this.#count();
  }

  #count() {
    const unread = [...this.#unread.values()].reduce((sum, n) => sum + n, 0);
    const { waiting, mentions } = byId("listing-head").dataset;
    count(unread + Number(waiting) + Number(mentions));
  }

  #listed(keep = true) {
    const { query, tab } = byId("listing-head").dataset;
    byId("filters").elements.tab.value = tab;
    this.mark(this.openId());
    this.#tick();
    this.#count();
    if (!keep) return;
    const open = this.openId();
    const address = `?${query}${open ? `&session=${encodeURIComponent(open)}` : ""}`;
    if (address !== window.location.search) window.history.replaceState(window.history.state, "", address);
  }

  #tick() {
    for (const node of document.querySelectorAll("time[data-since]")) {
      node.textContent = waited((Date.now() - new Date(node.dataset.since)) / 1000);
    }
    for (const node of document.querySelectorAll("time[data-ago]")) node.textContent = ago(new Date(node.dataset.ago));
  }
}
