// The words that an answer cites, marked where they stand in their document.

import { element } from "./elements.js";
import { visible } from "./inline.js";
import { markdown } from "./markdown.js";

// They bracket the words while the text becomes nodes: no text has a meaning for them.
const [OPEN, CLOSE] = ["\uE000", "\uE001"];
const BRACKETS = /([\uE000\uE001])/;
const OPENING = /^[ \t]*(?:\||#{1,6}[ \t]|[-*+•>][ \t]|\d{1,3}(?:[.)][ \t]|[、.](?=\D)))?[ \t]*/;
const RULE = /^[ \t]*\|[-:| \t]+\|[ \t]*(?:\n|$)/;

/** Return the nodes of `around`, a piece of a document, with `quote` marked in it. */
export function inContext(around, quote) {
  const source = visible(around).replaceAll(OPEN, "").replaceAll(CLOSE, "");
  const words = visible(quote ?? "").trim();
  const start = words ? source.indexOf(words) : -1;
  const shown = markdown(start < 0 ? source : bracketed(source, start, start + words.length), () => null);
  mark(shown);
  return shown;
}

/** Return a text with brackets inside of what gives its lines their shape. */
function bracketed(source, start, end) {
  const line = source.lastIndexOf("\n", start - 1) + 1;
  let from = start;
  if (!source.slice(line, start).trim()) {
    for (let rule; (rule = RULE.exec(source.slice(from))); ) from += rule[0].length;
    from += OPENING.exec(source.slice(from))[0].length;
  }
  let to = end;
  while (to > from && /[\s|]/.test(source[to - 1])) to -= 1;
  if (to <= from || RULE.test(source.slice(source.lastIndexOf("\n", to - 1) + 1))) return source;
  return source.slice(0, from) + OPEN + source.slice(from, to) + CLOSE + source.slice(to);
}

function mark(shown) {
  const walker = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  let inside = false;
  for (const node of texts) {
    const parts = [];
    for (const piece of node.data.split(BRACKETS)) {
      if (piece === OPEN || piece === CLOSE) inside = piece === OPEN;
      else if (piece) parts.push(inside && piece.trim() ? element("mark", {}, piece) : piece);
    }
    node.replaceWith(...parts);
  }
}
