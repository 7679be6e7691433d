// What stands ready beside a conversation: passages of the knowledge and a suggested reply, each one tap from the field.

import { byId } from "../conversations/elements.js";
import { markdown } from "../conversations/markdown.js";
import { withSource } from "./picks.js";
import { Suggestion } from "./suggesting.js";

function given(id) {
  return JSON.parse(byId(id).textContent);
}

/** Have a reply suggested; one at a time. */
export async function suggest(page, sheet) {
  if (byId("suggest").disabled) return;
  const { open } = page;
  const { sessionId, composer } = open;
  const reply = (words) => (words ? page.insert(words) : page.reply());
  const suggestion = new Suggestion({ sessionId, composer, sheet, reply });
  open.suggestion = suggestion;
  await suggestion.run();
}

/** Lay the passages out as their documents have them, tables as tables. */
function layOut() {
  if (!byId("recommended-sources")) return;
  const passages = given("recommended-sources");
  document.querySelectorAll("#recommended .chunk-text").forEach((node, at) => {
    node.replaceChildren(markdown(passages[at].content, () => null));
  });
}

/** Make recommendations and suggestions work. */
export function wireHelp(page, sheet) {
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "recommended") layOut();
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (!target || !page.open) return;
    const { insert, source } = target.dataset;
    if (insert !== undefined) page.insert(withSource(given("recommended-sources")[Number(insert)]));
    if (source !== undefined) sheet.open(given("recommended-sources"), Number(source), target);
    if (target.id === "suggest") suggest(page, sheet);
  });
}
