// One line of an answer: bold, code, links, citation marks. Everything else is plain text, images above all.

import { element } from "./elements.js";

// Zero-width characters, bidirectional controls, variation selectors and tag characters hide text from the reader.
const HIDDEN = /[\u00AD\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFE00-\uFE0F\uFEFF\u{E0000}-\u{E007F}\u{E0100}-\u{E01EF}]/gu;
const PROTOCOLS = new Set(["http:", "https:", "mailto:"]);

const PATTERNS = [
  ["code", /`([^`\n]+)`/],
  ["image", /!\[([^\]\n]*)\]\([^()\s]*(?:\s+"[^"\n]*")?\)/],
  ["link", /\[([^\]\n]+)\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)(?:\s+"[^"\n]*")?\)/],
  ["citation", /\[(\d{1,2})\]/],
  ["bold", /\*\*(?=\S)([^\n]*?\S)\*\*/],
  ["emphasis", /(?<![\w*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])/],
  ["address", /(?:https?:\/\/|mailto:)[\w\-.~:/?#@!$&*+,;=%]*[\w\-~/#&=%]/],
];

/** Return `raw` without characters that a reader cannot see. */
export function visible(raw) {
  return raw.replace(HIDDEN, "");
}

function safeUrl(address) {
  try {
    const url = new URL(address);
    return PROTOCOLS.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

function link(label, address) {
  const url = safeUrl(address);
  if (!url) return document.createTextNode(label);
  const place = url.protocol === "mailto:" ? url.pathname : url.host;
  const anchor = element(
    "a",
    { href: url.href, rel: "noopener noreferrer nofollow", target: "_blank", referrerpolicy: "no-referrer" },
    label,
  );
  const says = label === address || label === place;
  return says ? anchor : element("span", {}, anchor, element("span", { class: "link-host" }, ` (${place})`));
}

function firstMatch(line) {
  let best = null;
  for (const [kind, pattern] of PATTERNS) {
    const match = pattern.exec(line);
    if (match && (!best || match.index < best.match.index)) best = { kind, match };
  }
  return best;
}

function nodeFor(kind, match, cite) {
  switch (kind) {
    case "code":
      return element("code", {}, match[1]);
    case "image":
      return document.createTextNode(match[1]);
    case "link":
      return link(visible(match[1]), match[2]);
    case "citation":
      return cite(Number(match[1])) ?? document.createTextNode(match[0]);
    case "bold":
      return element("strong", {}, ...inline(match[1], cite));
    case "emphasis":
      return element("em", {}, ...inline(match[1], cite));
    default:
      return link(match[0], match[0]);
  }
}

/**
 * Return the nodes of one line. `cite(n)` gives the chip of citation `n`, or null when there is none, and then the
 * mark stays text.
 */
export function inline(line, cite) {
  const nodes = [];
  let rest = line;
  for (let found; (found = firstMatch(rest)); ) {
    const { kind, match } = found;
    if (match.index > 0) nodes.push(document.createTextNode(rest.slice(0, match.index)));
    nodes.push(nodeFor(kind, match, cite));
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest) nodes.push(document.createTextNode(rest));
  return nodes;
}
