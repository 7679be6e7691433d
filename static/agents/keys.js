// The keyboard: one key for each common act, never while somebody writes, and all of it can be switched off.

import { byId } from "../conversations/elements.js";
import { press } from "./acts.js";
import { choice } from "./choices.js";

const FIELDS = "input, textarea, select, [contenteditable]";

/** Tell whether a key belongs to whoever is writing, or to what lies over the page. */
function taken(event) {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return true;
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  if (event.target.closest?.(FIELDS)) return true;
  return Boolean(document.querySelector("dialog:modal, [popover]:popover-open"));
}

/** Make the shortcuts work. `page`: `desk`, `open`, `showBeside()`, `showPalette()`. */
export function wireKeys(page) {
  const acts = {
    j: () => page.desk.move(1),
    k: () => page.desk.move(-1),
    r: () => page.open?.composer.write("reply"),
    n: () => page.open?.composer.write("note"),
    a: () => press("accept") || press("takeover", { gently: true }),
    e: () => press("ending"),
    i: () => page.open && page.showBeside(),
    "/": () => byId("filter-text").focus(),
    "?": () => byId("help-dialog").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.isComposing && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return page.showPalette();
    }
    if (event.key === "Escape" && event.target.id === "filter-text") return event.target.blur();
    if (event.key === "Escape" && !taken(event) && page.overlaid) return page.showBeside(false);
    if (taken(event) || !choice("keys")) return undefined;
    const act = acts[event.key === "？" ? "?" : event.key.toLowerCase()];
    if (!act) return undefined;
    event.preventDefault();
    return act();
  });
  byId("help-button").addEventListener("click", () => byId("help-dialog").showModal());
}
