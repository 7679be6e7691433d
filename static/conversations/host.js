// The page around the widget's frame: what it says of its visitor, and what it is told. A page of its own has none.

import { visitor } from "./keeping.js";
import { settings } from "./texts.js";

const PATIENCE = 2000; // milliseconds: a page that frames this one by hand never answers

class Host {
  /** `{id, hash}` of the customer that the page has signed in, or null. */
  user = null;
  page = "";
  title = null;
  color = null;
  #port = null;
  #opened = true;

  /** Whether anybody can see what is written here. */
  get shown() {
    return this.#opened && !document.hidden;
  }

  get present() {
    return this.#port !== null;
  }

  /** Take what the page said, and its line. */
  meet(hello, port) {
    Object.assign(this, { user: hello.user, page: hello.page, title: hello.title, color: hello.color });
    this.#opened = hello.open;
    this.#port = port;
    // The frame's own storage may be blocked, or gone with the browser: the page keeps who the visitor is.
    visitor.handOver(hello.visitor, (kept) => this.tell({ type: "keep", visitor: kept }));
  }

  /** `onOpen(focus)` when the chat is opened, `onShown()` whenever it can be seen again. */
  listen({ onOpen, onShown }) {
    document.addEventListener("visibilitychange", () => this.shown && onShown());
    if (!this.#port) return;
    this.#port.onmessage = ({ data }) => {
      this.#opened = data.type === "open";
      if (!this.#opened) return;
      onShown();
      onOpen(data.focus);
    };
    this.tell({ type: "ready" });
  }

  tell(words) {
    this.#port?.postMessage(words);
  }
}

export const host = new Host();

/** Find out who is around; returns when that is known, or nobody answers. */
export function meetHost() {
  if (!settings.embed || window.parent === window) return Promise.resolve();
  const welcome = new Set([window.location.origin, ...settings.sites.split(" ")]);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE);
    window.addEventListener("message", function hear(event) {
      if (event.source !== window.parent || !welcome.has(event.origin) || event.data?.type !== "kimono:hello") return;
      window.removeEventListener("message", hear);
      clearTimeout(timer);
      host.meet(event.data, event.ports[0]);
      resolve();
    });
    // Says nothing but that somebody is here: the answer goes to this frame alone.
    window.parent.postMessage({ type: "kimono:hi" }, "*");
  });
}

/** Keep the Tab key inside the frame, and let Escape leave it: nothing else is open over the conversation. */
export function holdFocus() {
  const open = () => [...document.querySelectorAll("dialog[open], [popover]:popover-open")].at(-1);
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && !open()) return host.tell({ type: "close" });
    if (event.key !== "Tab") return;
    const around = open() ?? document.body;
    const stops = [...around.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter(
      (node) => node.tabIndex >= 0 && !node.disabled && node.checkVisibility({ visibilityProperty: true }),
    );
    const [first, last] = event.shiftKey ? [stops.at(-1), stops[0]] : [stops[0], stops.at(-1)];
    if (document.activeElement !== last && document.activeElement !== document.body) return;
    event.preventDefault();
    first?.focus();
  });
}
