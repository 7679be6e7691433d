// The list over the composer: canned replies after a slash, the knowledge after a question mark, in notes colleagues after an at sign.

import { byId, element } from "../conversations/elements.js";
import { settings, text } from "../conversations/texts.js";
import { call, casePath } from "./calls.js";
import { presenceWord } from "./team.js";

const CANNED = /^[/／、]([^\n]{0,40})$/;
const KNOWLEDGE = /^[?？]([^\n]{2,200})$/;
// What has something before it is an address.
const COLLEAGUE = /(?:^|[^A-Za-z0-9._-])[@＠]([^\s@＠]{0,30})$/;
const PAUSE = 200;
const KNOWN_FOR = 60_000;
const MOST = 8;
const FITTING = 0.1; // what fits less is no answer

async function canned(typed, sessionId) {
  const query = new URLSearchParams({ session_id: sessionId, page_size: MOST });
  if (typed) query.set("q", typed);
  const { items } = await call("GET", `agent/canned-replies?${query}`);
  return items.map((each) => ({
    title: `/${each.shortcut}`,
    more: each.title,
    preview: each.filled ?? each.content,
    content: each.filled ?? each.content,
    id: each.id,
  }));
}

/** Return a passage as an agent would send it: its words, and where they stand. */
export function withSource({ content, title, source, section, kind }) {
  const where = kind === "qa" ? "" : [title || source, section].filter(Boolean).join(" · ");
  return where ? `${content.trim()}\n${text("sourceLine", { title: where })}` : content.trim();
}

async function knowledge(typed, sessionId) {
  const { chunks } = await call("POST", casePath(sessionId, "/knowledge-recommend"), { query: typed, top_k: 6 });
  return chunks.filter(({ score }) => score >= FITTING).map((each) => ({
    title: each.title || each.source,
    more: each.score.toFixed(2),
    preview: each.content,
    content: withSource(each),
  }));
}

let people = null;

/** Return who works here, asked for once in a while. */
function everybody() {
  if (!people || Date.now() - people.at > KNOWN_FOR) {
    people = { at: Date.now(), list: call("GET", "agent/agents?page_size=100") };
    people.list.catch(() => (people = null));
  }
  return people.list;
}

async function colleagues(typed) {
  const { items } = await everybody();
  const sought = typed.toLowerCase();
  const fitting = items.filter(({ agent_id: id, name }) => id !== settings.agent.id && name.toLowerCase().includes(sought));
  return fitting.slice(0, MOST).map(({ name, presence }) => ({
    title: `@${name}`,
    more: presenceWord(presence),
    preview: "",
    content: `@${name} `,
    replaces: typed.length + 1,
  }));
}

const NONE = new Map([[canned, "noCanned"], [knowledge, "noKnowledge"]]);

/** Return what is looked for, and with which words: `typed` is the whole field, `before` what stands before the caret. */
function called(mode, typed, before) {
  if (mode === "note") return COLLEAGUE.test(before) ? [colleagues, COLLEAGUE.exec(before)[1]] : [null, ""];
  const find = CANNED.test(typed) ? canned : KNOWLEDGE.test(typed) ? knowledge : null;
  return [find, typed.slice(1).trim()];
}

export class Picks {
  #node = byId("picks");
  #timer = null;
  #asked = "";
  #shown = [];
  #active = 0;
  #searching = false;

  /** `field` is the text field; `onPick(pick)` puts a choice into it, in place of `pick.replaces` characters if that is given. */
  constructor(field, sessionId, onPick) {
    Object.assign(this, { field, sessionId, onPick });
    this.#node.addEventListener("mousedown", (event) => event.preventDefault());
    this.#node.addEventListener("click", (event) => this.#onClick(event));
  }

  get open() {
    return !this.#node.hidden;
  }

  /** Look at what has been typed as a `reply` or a `note`. */
  look(mode) {
    clearTimeout(this.#timer);
    const typed = this.field.value;
    const [find, words] = called(mode, typed, typed.slice(0, this.field.selectionEnd));
    if (!find) return this.close();
    this.#asked = typed;
    this.#timer = setTimeout(() => this.#find(find, typed, words), PAUSE);
    return undefined;
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked = "";
    this.#searching = false;
    this.#node.hidden = true;
    this.#shown = [];
    this.field.removeAttribute("aria-activedescendant");
  }

  /** Take a key that belongs to the list; returns whether it did. */
  onKey(event) {
    if (!this.open) return false;
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowDown") this.#move(1);
    else if (event.key === "ArrowUp") this.#move(-1);
    else if ((event.key === "Enter" || event.key === "Tab") && this.#shown.length) this.#pick(this.#active);
    else if (event.key !== "Enter" || !this.#searching) return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  async #find(find, typed, words) {
    if (find === knowledge && !this.open) this.#say("searching");
    this.#searching = true;
    let found;
    try {
      found = await find(words, this.sessionId);
    } catch {
      found = [];
    }
    if (this.#asked !== typed || this.field.value !== typed) return undefined;
    this.#searching = false;
    this.#shown = found;
    this.#active = 0;
    if (!found.length) return NONE.has(find) ? this.#say(NONE.get(find)) : this.close();
    this.#node.replaceChildren(...found.map((pick, at) => this.#option(pick, at)));
    this.#node.hidden = false;
    return this.#mark();
  }

  #say(key) {
    const line = { class: "picks-none", role: "option", "aria-disabled": "true", "aria-selected": "false" };
    this.#shown = [];
    this.#node.replaceChildren(element("p", line, text(key)));
    this.#node.hidden = false;
  }

  #option(pick, at) {
    return element(
      "div",
      { class: "pick", role: "option", id: `pick-${at}`, data: { at: String(at) } },
      element("span", { class: "pick-title" }, pick.title),
      element("span", { class: "pick-more" }, pick.more),
      element("span", { class: "pick-preview" }, pick.preview),
    );
  }

  #move(step) {
    if (!this.#shown.length) return;
    this.#active = (this.#active + step + this.#shown.length) % this.#shown.length;
    this.#mark();
  }

  #mark() {
    this.#node.querySelectorAll(".pick").forEach((node, at) => node.setAttribute("aria-selected", String(at === this.#active)));
    const active = this.#node.querySelector(`#pick-${this.#active}`);
    active?.scrollIntoView({ block: "nearest" });
    if (active) this.field.setAttribute("aria-activedescendant", active.id);
  }

  #onClick(event) {
    const at = event.target.closest("[data-at]")?.dataset.at;
    if (at !== undefined) this.#pick(Number(at));
  }

  #pick(at) {
    const pick = this.#shown[at];
    this.close();
    this.onPick(pick);
  }
}
