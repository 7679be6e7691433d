// What stands ready beside a conversation: passages of the knowledge and a suggested reply, each one tap from the field.

import { chipMaker, sourceList } from "../conversations/citations.js";
import { byId } from "../conversations/elements.js";
import { markdown } from "../conversations/markdown.js";
import { withSource } from "./picks.js";

function given(id) {
  return JSON.parse(byId(id).textContent);
}

/** Return an answer as it is sent: without the marks, for the contact of an agent has no sheet of sources. */
function plain(words) {
  return words.replace(/\[\d{1,2}\]/g, "").trim();
}

function showSuggestion(sheet) {
  const node = byId("suggestion-text");
  if (!node || !byId("suggestion")) return;
  const { text: words, citations } = given("suggestion");
  node.replaceChildren(markdown(words, chipMaker(citations, sheet)));
  if (citations.length) byId("suggestion-sources").replaceWith(sourceList(citations, sheet));
}

/** Make the buttons of recommendations and suggestions work. */
export function wireHelp(page, sheet) {
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "suggested") showSuggestion(sheet);
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (!target || !page.open) return;
    const { insert, source } = target.dataset;
    if (insert !== undefined) page.insert(withSource(given("recommended-sources")[Number(insert)]));
    if (source !== undefined) sheet.open(given("recommended-sources"), Number(source), target);
    if (target.hasAttribute("data-use-suggestion")) page.insert(plain(given("suggestion").text));
  });
}
