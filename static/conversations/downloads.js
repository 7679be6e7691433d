// Taking an answer or the whole conversation away as a file.

import { byId, element, icon, iconButton } from "./elements.js";
import { text } from "./texts.js";
import { Refused } from "./wire.js";

const FORMATS = [
  ["pdf", "asPdf"],
  ["docx", "asWord"],
];
const GAP = 4; // pixels between a button and its menu, and between a menu and the edge

function wordsFor(problem) {
  if (!(problem instanceof Refused)) return text("fileFailed");
  if (problem.status === 429) return text("tooFastPerson", { n: problem.retryAfter ?? 10 });
  if (problem.status === 422) return text("fileTooLong");
  // Without the programs that a format needs the server says 503, and for long; busy it says so for seconds.
  if (problem.status === 503 && (problem.retryAfter ?? 0) > 60) return text("fileMissing");
  return text("fileFailed");
}

/** Let the browser keep `{blob, name}`. */
function keep({ blob, name }) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Return buttons for the formats. `fetchFile(format)` gives `{blob, name}` and may throw; `say(words)` tells how it
 * goes.
 */
function formatButtons(fetchFile, say, className) {
  let busy = false;
  const take = async (format) => {
    if (busy) return;
    busy = true;
    say(text("filePreparing"));
    try {
      keep(await fetchFile(format));
      say(text("fileReady"));
    } catch (problem) {
      say(wordsFor(problem));
    } finally {
      busy = false;
    }
  };
  return FORMATS.map(([format, key]) =>
    element(
      "button",
      { class: className, type: "button", data: { format }, on: { click: () => take(format) } },
      icon("document", "small"),
      text(key),
    ),
  );
}

/** The button under an answer, with its menu of formats. */
export class AnswerDownload {
  constructor(fetchFile) {
    this.note = element("span", { class: "download-note", role: "status" });
    const say = (words) => {
      this.note.textContent = words;
      this.menu.hidePopover();
    };
    this.menu = element(
      "div",
      { class: "download-menu", popover: "auto", role: "group", "aria-label": text("downloadAnswer") },
      ...formatButtons(fetchFile, say, "menu-item"),
    );
    this.button = iconButton("download", text("downloadAnswer"), null);
    this.button.setAttribute("aria-expanded", "false");
    // Pressed while its menu is open, the button must not see it closed by the press and open it again.
    this.button.popoverTargetElement = this.menu;
    this.button.popoverTargetAction = "toggle";
    this.menu.addEventListener("toggle", (event) => this.#onToggle(event.newState === "open"));
    this.node = element("span", { class: "download" }, this.button, this.menu, this.note);
  }

  #onToggle(open) {
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    const from = this.button.getBoundingClientRect();
    const size = this.menu.getBoundingClientRect();
    const below = from.bottom + GAP;
    const top = below + size.height + GAP > window.innerHeight ? from.top - GAP - size.height : below;
    const left = Math.min(from.left, window.innerWidth - size.width - GAP);
    Object.assign(this.menu.style, { top: `${Math.max(GAP, top)}px`, left: `${Math.max(GAP, left)}px` });
    this.menu.querySelector("button").focus({ preventScroll: true });
    byId("stage").addEventListener("scroll", () => this.menu.hidePopover(), { once: true, passive: true });
  }
}

/** Put the whole conversation's formats into the menu of the header; they are there once something was said. */
export function wireConversationDownload({ exists, fetchFile }) {
  const choice = byId("download-choice");
  const note = byId("download-note");
  const say = (words) => {
    note.textContent = words;
  };
  byId("download-formats").append(...formatButtons(fetchFile, say, "button"));
  byId("preferences").addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return;
    choice.hidden = !exists();
    say("");
  });
}
