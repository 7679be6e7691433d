// The page where a contact talks to the merchant: puts its parts together and lets them know each other.

import { wireAppearance } from "../kimono/appearance.js";
import { Announcer } from "./announcer.js";
import { Banner } from "./banner.js";
import { CitationSheet } from "./citations.js";
import { paint } from "./colours.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { Delivery } from "./delivery.js";
import { wireConversationDownload } from "./downloads.js";
import { byId } from "./elements.js";
import { Header } from "./header.js";
import { holdFocus, host, meetHost } from "./host.js";
import { visitor } from "./keeping.js";
import { Live } from "./live.js";
import { Refusals } from "./refusals.js";
import { Room } from "./room.js";
import { settings } from "./texts.js";
import { Thread } from "./thread.js";
import { Typing } from "./typing.js";

/** Hold the page to what an on-screen keyboard leaves of it, where the browser does not do that itself. */
function followKeyboard() {
  const view = window.visualViewport;
  if (!view) return;
  const fit = () => document.documentElement.style.setProperty("--visible-height", `${view.height}px`);
  view.addEventListener("resize", fit);
  fit();
}

async function startAnew({ room, delivery, conversation, live, composer }) {
  if (room.handler === "pending" || room.handler === "assigned") {
    if (!(await confirmLeaving())) return;
    await conversation.close("new_conversation").catch(() => {});
  }
  live.stop();
  delivery.drop();
  conversation.forget();
  room.reset();
  composer.focusGently();
}

function confirmLeaving() {
  const dialog = byId("leave-question");
  dialog.returnValue = "stay";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "leave"), { once: true });
  });
}

/** Begin a new conversation with what the closed one did not take. */
async function continueAnew(parts) {
  const { room, delivery, conversation, composer } = parts;
  conversation.forget();
  room.reset();
  delivery.moveOver();
  composer.focusGently();
}

function assemble() {
  const conversation = new Conversation();
  const announcer = new Announcer();
  const header = new Header();
  const sheet = new CitationSheet();
  const parts = { conversation, announcer, header };
  const ask = (words) => {
    parts.delivery.send(words);
    parts.composer.focusGently();
  };
  parts.thread = new Thread({
    sheet,
    onSuggestion: ask,
    onPerson: () => parts.room.askForPerson(),
    vote: (messageId, rating, comment) => conversation.vote(messageId, rating, comment),
    download: (messageId, format) => conversation.answerFile(messageId, format),
  });
  parts.composer = new Composer({
    onSend: (words) => {
      parts.typing.stop();
      parts.delivery.send(words);
    },
    onWrite: () => parts.typing.touch(),
    onStop: () => parts.delivery.stop(),
    onPerson: () => parts.room.askForPerson(),
    onNew: () => continueAnew(parts),
  });
  parts.typing = new Typing({
    wanted: () => conversation.exists && ["pending", "assigned"].includes(parts.room.handler),
    token: () => conversation.token,
  });
  parts.room = new Room(parts);
  parts.delivery = new Delivery(parts);
  const banner = new Banner(() => parts.live.retryNow());
  parts.live = new Live({
    conversation,
    wanted: () => parts.room.open,
    lastSeq: () => parts.room.lastSeq,
    onEvent: (event) => parts.room.onEvent(event),
    onCatchUp: () => parts.room.catchUp(),
    onDown: (seconds) => banner.down(seconds),
    onUp: () => {
      banner.up();
      parts.delivery.retryAll();
    },
    onRefused: (problem) => parts.refusals.ofFetching(problem),
  });
  parts.refusals = new Refusals(parts);
  parts.delivery.refusals = parts.refusals;
  Object.assign(parts.room, { live: parts.live, delivery: parts.delivery, refusals: parts.refusals });
  byId("suggestions")?.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-text]");
    if (chip) ask(chip.dataset.text);
  });
  wireConversationDownload({
    exists: () => conversation.exists,
    fetchFile: (format) => conversation.file(format),
  });
  byId("new-conversation").addEventListener("click", () => startAnew(parts));
  return parts;
}

/** Have one conversation in all tabs: the one that was begun last. */
function followOtherTabs({ room, delivery, refusals }) {
  visitor.hear(async (now, before) => {
    if (!now || now.session_id === before?.session_id || delivery.busy) return;
    try {
      await room.moveOver();
    } catch (problem) {
      await refusals.ofFetching(problem);
    }
  });
}

/** Dress as the widget of the page around, and hear when it is opened. */
function moveIn(onOpen = () => byId("embed-close").focus(), onShown = () => {}) {
  paint(host.color ?? settings.color);
  if (host.title) byId("bar-title").textContent = host.title;
  byId("embed-close").hidden = !host.present;
  byId("embed-close").addEventListener("click", () => host.tell({ type: "close" }));
  if (host.present) holdFocus();
  host.listen({ onOpen: (focus) => focus && onOpen(), onShown });
}

async function main() {
  wireAppearance({ embedded: settings.embed });
  followKeyboard();
  await meetHost();
  if (settings.suspended) return settings.embed && moveIn();
  const parts = assemble();
  const { room, refusals, delivery, conversation, composer } = parts;
  if (!host.present) followOtherTabs(parts); // the page around has it, where there is one
  if (settings.embed) moveIn(() => composer.focus(), () => room.seen());
  else {
    composer.focusGently();
    host.listen({ onOpen: () => {}, onShown: () => room.seen() });
  }
  if (!conversation.exists) return delivery.restore(new Set());
  try {
    await conversation.identify();
    await room.resume();
  } catch (problem) {
    await refusals.ofFetching(problem);
  }
}

main();
