// The chat on a merchant's own site: a button, and a frame that shows the merchant's /chat/ page.
//
// One script tag loads this and nothing else. It leaves one global, `Kimono`, and one element, whose styles are its own.
(function () {
  "use strict";

  const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');
  const early = window.Kimono;
  if (!script) return;
  const base = new URL(script.src).origin;
  const asked = script.dataset;
  if (early && early.version) return void early.again(base, asked);
  const languageOf = (code) => ((code || "").toLowerCase().startsWith("en") ? "en" : "zh");
  const DAYS = 30;
  const PATIENCE = 12_000; // milliseconds until a frame that says nothing gets an excuse
  const RETRIES = [4000, 20_000];
  const BUBBLE = "M4.5 5.5h15a1.5 1.5 0 0 1 1.5 1.5v8.5a1.5 1.5 0 0 1-1.5 1.5H11l-4.5 3.5V17h-2A1.5 1.5 0 0 1 3 15.5V7a1.5 1.5 0 0 1 1.5-1.5zM8 9.8h8M8 13h5";
  const DOWN = "m6 9.5 6 6 6-6";
  const PHONE = window.matchMedia("(max-width: 480px), (max-height: 480px)");
  const TEXTS = {
    open: { zh: "打开聊天：{title}", en: "Open the chat: {title}" },
    close: { zh: "收起聊天", en: "Close the chat" },
    unread: { zh: "{n} 条未读消息", en: "{n} unread" },
    wait: { zh: "正在打开…", en: "Opening …" },
    failed: { zh: "聊天暂时打不开，请稍后再试。", en: "The chat cannot be opened just now. Please try again later." },
    title: { zh: "在线客服", en: "Customer service" },
  };
  const STYLES = `
    :host { all: initial !important; direction: ltr !important; } /* over whatever the page says of its elements */
    * { box-sizing: border-box; }
    .launcher, .panel { position: fixed; z-index: 2147483647; font: 14px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
    .launcher { bottom: max(20px, env(safe-area-inset-bottom)); width: 56px; height: 56px; padding: 0; border: 0; border-radius: 50%;
      background: var(--color); color: var(--ink); cursor: pointer; box-shadow: 0 6px 20px rgb(0 0 0 / 22%), 0 1px 3px rgb(0 0 0 / 18%); }
    .launcher:hover { filter: brightness(1.08); }
    .launcher:focus-visible, .leave:focus-visible { outline: 3px solid var(--color); outline-offset: 3px; box-shadow: 0 0 0 3px #fff; }
    .launcher svg { display: block; width: 28px; height: 28px; margin: auto; fill: none; stroke: currentcolor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
    .badge { position: absolute; top: -3px; right: -3px; min-width: 20px; padding: 0 6px; border-radius: 10px; background: #b3261e; color: #fff;
      font-size: 12px; font-weight: 600; line-height: 20px; text-align: center; }
    .panel { bottom: calc(max(20px, env(safe-area-inset-bottom)) + 68px); width: 392px; max-width: calc(100vw - 40px);
      height: min(640px, calc(100vh - 112px)); overflow: hidden; border-radius: 14px; background: #f6f6f3; color: #1b1f24;
      box-shadow: 0 12px 40px rgb(0 0 0 / 24%), 0 0 0 1px rgb(0 0 0 / 6%); }
    .panel.dark { background: #11161a; color: #e7ebee; }
    .bare { bottom: 20px; height: min(640px, calc(100vh - 40px)); }
    .right { right: max(20px, env(safe-area-inset-right)); }
    .left { left: max(20px, env(safe-area-inset-left)); }
    iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: auto; }
    .wait { position: absolute; inset: 0; display: grid; place-content: center; padding: 24px; background: inherit; text-align: center; }
    .leave { position: absolute; top: 8px; right: 8px; width: 40px; height: 40px; border: 0; border-radius: 8px; background: transparent;
      color: inherit; font-size: 22px; line-height: 1; cursor: pointer; }
    .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    [hidden] { display: none !important; }
    @media (max-width: 480px), (max-height: 480px) {
      .panel { inset: 0; width: 100%; max-width: none; height: 100%; height: 100dvh; border-radius: 0; box-shadow: none; }
      .launcher[aria-expanded="true"] { display: none; }
    }
    @media print { .launcher, .panel { display: none; } }
    @media (prefers-reduced-motion: no-preference) {
      .panel:not([hidden]) { animation: rise 140ms ease-out; }
      @keyframes rise { from { opacity: 0; transform: translateY(8px); } }
    }`;

  let config = null;
  let user = userOf(asked);
  let [parts, frame] = [null, null];
  let line = null; // the frame's own port, once it has asked for one
  let opened = false;
  let unread = 0;
  let timer = null;
  let [session, begun] = [null, null]; // the conversation that the frame shows; the beginning of all
  let pageOverflow = "";
  const memory = new Map();
  const waiting = [];

  // --- What the browser keeps -------------------------------------------------------------------------------------

  function keep(store, key, value) {
    memory.set(key, value);
    try {
      if (value === null) window[store].removeItem(key);
      else window[store].setItem(key, JSON.stringify(value));
    } catch {
      // storage is blocked: the page's own memory has to do
    }
  }

  function kept(store, key) {
    try {
      return JSON.parse(window[store].getItem(key)) ?? memory.get(key) ?? null;
    } catch {
      return memory.get(key) ?? null;
    }
  }

  function slot(id) {
    return `kimono:${base}:${id}`;
  }

  /** Return `{visitor_token, session_id}` of this customer's conversation, or of the one it began before it had a name. */
  function visitor() {
    const own = kept("localStorage", slot(user ? user.id : ""));
    const found = own ?? (user ? kept("localStorage", slot("")) : null);
    return found && Date.now() - found.at < DAYS * 86_400_000 ? found : null;
  }

  function keepVisitor(value) {
    session = value && value.session_id;
    keep("localStorage", slot(user ? user.id : ""), value && { ...value, at: Date.now() });
    if (value && user) keep("localStorage", slot(""), null);
  }

  function userOf(said) {
    const id = said && (said.user_id || said.userId);
    return id ? { id: String(id), hash: String(said.user_hash || said.userHash || "") } : null;
  }

  // --- How it looks -----------------------------------------------------------------------------------------------

  function text(key, values = {}) {
    return TEXTS[key][config.language].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  /** Return black or white, whichever is easier to read on a colour. */
  function inkOn(color) {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const part = parseInt(color.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return 1.05 / (light + 0.05) >= (light + 0.05) / 0.06 ? "#fff" : "#111";
  }

  function make(tag, properties, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function drawing(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(svg.namespaceURI, "path");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }

  function build() {
    const side = config.position === "left" ? "left" : "right";
    const bare = asked.launcher === "false";
    const host = make("div", { id: "kimono-widget" });
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // the page's own policy may forbid <style>
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    host.style.setProperty("--color", config.color);
    host.style.setProperty("--ink", inkOn(config.color));

    const badge = make("span", { class: "badge", "aria-hidden": "true" });
    const launcher = make("button", { class: `launcher ${side}`, type: "button", "aria-haspopup": "dialog", "aria-controls": "panel" });
    launcher.hidden = bare;
    launcher.append(drawing(BUBBLE), badge);
    const words = make("p", { role: "status" });
    const leave = make("button", { class: "leave", type: "button", "aria-label": text("close") }, "×");
    const wait = make("div", { class: "wait" }, words, leave);
    const panel = make("div", { id: "panel", class: `panel ${side}${bare ? " bare" : ""}`, role: "dialog", "aria-label": config.title }, wait);
    panel.hidden = true;
    if (theme() === "dark") panel.classList.add("dark");
    const spoken = make("p", { class: "spoken", role: "status" });
    root.append(launcher, panel, spoken);
    // Beside the body: what the page does with its body, or to it, does not reach there.
    document.documentElement.append(host);

    launcher.addEventListener("click", () => (opened ? close() : open()));
    leave.addEventListener("click", () => close());
    root.addEventListener("keydown", (event) => event.key === "Escape" && opened && close());
    // Whoever is about to press it need not wait for the frame.
    for (const hint of ["pointerenter", "focus"]) launcher.addEventListener(hint, load, { once: true });
    PHONE.addEventListener("change", holdPage);
    parts = { host, launcher, badge, panel, wait, words, spoken };
    show();
  }

  function theme() {
    if (asked.theme === "light" || asked.theme === "dark") return asked.theme;
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  function show() {
    const { launcher, badge, panel } = parts;
    const label = opened ? text("close") : text("open", { title: config.title });
    launcher.setAttribute("aria-label", unread && !opened ? `${label} (${text("unread", { n: unread })})` : label);
    launcher.setAttribute("aria-expanded", String(opened));
    launcher.firstChild.replaceWith(drawing(opened ? DOWN : BUBBLE));
    badge.hidden = !unread || opened;
    badge.textContent = unread > 99 ? "99+" : String(unread);
    panel.hidden = !opened;
    holdPage();
  }

  /** On a phone the open chat is the whole screen: the page under it must not scroll, nor be read out. */
  function holdPage() {
    const whole = opened && PHONE.matches;
    const style = document.documentElement.style;
    if (whole && !parts.held) pageOverflow = style.overflow;
    if (whole !== Boolean(parts.held)) style.overflow = whole ? "hidden" : pageOverflow;
    parts.held = whole;
    parts.panel.setAttribute("aria-modal", String(whole));
  }

  // --- The frame --------------------------------------------------------------------------------------------------

  function load() {
    if (frame) return void (parts.late && restart());
    const address = new URL("/chat/?embed=1", base);
    if (asked.lang) address.searchParams.set("lang", config.language);
    if (asked.theme) address.searchParams.set("theme", asked.theme);
    frame = make("iframe", { src: address, title: config.title, allow: "clipboard-write" });
    parts.panel.prepend(frame);
    startWaiting();
  }

  function startWaiting() {
    line = null;
    parts.wait.hidden = false;
    parts.words.textContent = text("wait");
    clearTimeout(timer);
    parts.late = false;
    timer = setTimeout(() => {
      parts.late = true;
      parts.words.textContent = text("failed");
    }, PATIENCE);
  }

  /** The frame asks who is there: answer with a line of its own, that no other frame can listen to. */
  function greet(event) {
    if (!frame || event.source !== frame.contentWindow || event.origin !== base) return;
    if (!event.data || event.data.type !== "kimono:hi") return;
    const channel = new MessageChannel();
    line = channel.port1;
    line.onmessage = (said) => hear(said.data);
    const known = visitor();
    session = known && known.session_id;
    const hello = {
      type: "kimono:hello",
      open: opened,
      title: asked.title || null,
      color: asked.color ? config.color : null,
      page: window.location.href.split("#")[0],
      user,
      visitor: known && { visitor_token: known.visitor_token, session_id: known.session_id, seen: known.seen },
    };
    event.source.postMessage(hello, base, [channel.port2]);
  }

  function hear(said) {
    if (said.type === "ready") {
      clearTimeout(timer);
      parts.wait.hidden = true;
      if (opened) line?.postMessage({ type: "open", focus: parts.byHand });
    } else if (said.type === "close") {
      close();
    } else if (said.type === "keep") {
      keepVisitor(said.visitor);
    } else if (said.type === "unread" && said.count !== unread) {
      unread = said.count;
      parts.spoken.textContent = unread ? text("unread", { n: unread }) : "";
      show();
      announce("unread", { count: unread });
    }
  }

  function announce(name, more = {}) {
    window.postMessage({ type: `kimono:${name}`, ...more }, window.location.origin);
  }

  // --- What others may ask ----------------------------------------------------------------------------------------

  function open({ byHand = true } = {}) {
    if (opened) return;
    opened = true;
    parts.byHand = byHand;
    keep("sessionStorage", slot("open"), true);
    load();
    show();
    if (byHand) frame.focus();
    line?.postMessage({ type: "open", focus: byHand });
    announce("open");
  }

  function close() {
    if (!opened) return;
    const within = document.activeElement === parts.host || document.activeElement === document.body;
    opened = false;
    keep("sessionStorage", slot("open"), null);
    show();
    line?.postMessage({ type: "close" });
    if (within && !parts.launcher.hidden) parts.launcher.focus();
    announce("close");
  }

  /** Say who the customer is, or (without a `user_id`) that nobody is signed in any more. */
  function identify(said) {
    const next = userOf(said);
    if (JSON.stringify(next) === JSON.stringify(user)) return;
    user = next;
    restart();
  }

  /** Show the frame anew: as whoever it is now, with the conversation that is kept now. */
  function restart() {
    unread = 0;
    if (!frame) return;
    startWaiting();
    frame.src = frame.src;
    show();
  }

  /** Another tab of this site has begun a conversation: go on with that one. */
  function onStored() {
    const now = visitor();
    if (now && now.session_id !== session) restart();
  }

  /** Come back into a page that has put its elements away. */
  function attach() {
    if (parts.host.isConnected) return;
    document.documentElement.append(parts.host);
    if (frame) startWaiting();
  }

  const acts = { open, close, identify };

  function Kimono(act, options) {
    if (!Object.hasOwn(acts, act)) return console.error(`Kimono: unknown command ${act}`);
    if (!parts) return void waiting.push([act, options]);
    attach();
    acts[act](options);
  }
  Kimono.version = 1;
  /** The tag is on the page once more: a page that changes without being loaded may have put it there again. */
  Kimono.again = (from, said) => {
    if (from !== base) return console.warn(`Kimono: this page has the chat of ${base} already; the tag of ${from} does nothing.`);
    if (said.userId) Kimono("identify", said);
    return parts ? attach() : start();
  };

  async function learn() {
    const refused = `Kimono: no word from ${base}. Does it list ${window.location.origin} as a site that may show the chat?`;
    const plain = { color: "#2f54eb", position: "right", language: languageOf(navigator.language) };
    let barred = false;
    document.addEventListener("securitypolicyviolation", (event) => (barred ||= event.blockedURI.startsWith(base)));
    for (const pause of [...RETRIES, null]) {
      try {
        const answer = await fetch(`${base}/api/v1/widget/config`, { credentials: "omit" });
        const said = await answer.json();
        if (answer.ok) return said;
        // The frame itself says that the service is paused.
        if (said.code === "tenant_suspended") return plain;
        if (answer.status !== 429 && answer.status < 500) return void console.warn(refused);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50)); // a policy's complaint comes after the failure
        if (barred) {
          console.warn(`Kimono: without ${base} in connect-src of this page's policy the chat has no colour of its own.`);
          return plain;
        }
        // Nobody answers, or this site may not read the answer: a browser keeps to itself which of the two.
        if (pause === RETRIES[0]) console.warn(refused);
      }
      if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return null;
  }

  async function begin() {
    const said = await learn();
    if (!said) return;
    const language = asked.lang ? languageOf(asked.lang) : languageOf(said.language);
    const color = /^#[0-9a-f]{6}$/i.test(asked.color || "") ? asked.color : said.color;
    const title = asked.title || said.title || TEXTS.title[language];
    config = { ...said, language, color, title, position: asked.position || said.position };
    if (!document.body) await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
    window.addEventListener("message", greet);
    window.addEventListener("storage", onStored);
    build();
    announce("ready");
    if (visitor()) load(); // something may have been said meanwhile
    if (asked.open === "true" || kept("sessionStorage", slot("open"))) open({ byHand: false });
    for (const [act, options] of waiting.splice(0)) Kimono(act, options);
  }

  function start() {
    begun ??= begin().finally(() => parts || (begun = null));
  }

  for (const [act, options] of (early && early.q) || []) Kimono(act, options);
  window.Kimono = Kimono;
  start();
})();
