// The few shapes an answer may have: paragraphs, headings, lists, steps, quotes, code, tables. Built as nodes.

import { element } from "./elements.js";
import { inline, visible } from "./inline.js";

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const ITEM = /^(\s*)(?:([-*+•])\s+|(\d{1,3})(?:[.)]\s+|[、.](?=\D)))(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const ROW = /^\s*\|(.+)\|\s*$/;
const RULE = /^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$/;
const LINE = /^\s*([-*_])(\s*\1){2,}\s*$/;

/** Return a fragment with the blocks of `source`. `cite(n)`: see `inline`. */
export function markdown(source, cite) {
  const lines = visible(source).replace(/\r\n?/g, "\n").split("\n");
  const fragment = document.createDocumentFragment();
  for (let at = 0; at < lines.length; ) {
    if (!lines[at].trim() || LINE.test(lines[at])) {
      at += 1;
      continue;
    }
    const [node, next] = block(lines, at, cite);
    fragment.append(node);
    at = next;
  }
  return fragment;
}

function block(lines, at, cite) {
  if (FENCE.test(lines[at])) return code(lines, at);
  if (HEADING.test(lines[at])) {
    return [element("p", { class: "answer-heading" }, ...inline(HEADING.exec(lines[at])[2], cite)), at + 1];
  }
  if (ROW.test(lines[at])) return table(lines, at, cite);
  if (ITEM.test(lines[at])) return list(lines, at, cite);
  if (QUOTE.test(lines[at])) return quote(lines, at, cite);
  return paragraph(lines, at, cite);
}

function opensBlock(lines, at) {
  const line = lines[at];
  return FENCE.test(line) || HEADING.test(line) || ITEM.test(line) || QUOTE.test(line) || ROW.test(line);
}

function withBreaks(texts, cite) {
  return texts.flatMap((line, index) => (index ? [element("br"), ...inline(line, cite)] : inline(line, cite)));
}

function paragraph(lines, at, cite) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !opensBlock(lines, end)) end += 1;
  return [element("p", {}, ...withBreaks(lines.slice(at, end).map((line) => line.trim()), cite)), end];
}

function code(lines, at) {
  const mark = FENCE.exec(lines[at])[1];
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(mark)) end += 1;
  const content = element("code", {}, lines.slice(at + 1, end).join("\n"));
  return [element("pre", { tabindex: "0" }, content), end + 1];
}

function quote(lines, at, cite) {
  let end = at;
  const texts = [];
  for (; end < lines.length && QUOTE.test(lines[end]); end += 1) texts.push(QUOTE.exec(lines[end])[1]);
  return [element("blockquote", {}, ...withBreaks(texts, cite)), end];
}

function cells(line) {
  return ROW.exec(line)[1].split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Return the table that begins at `at`, and the line after it; rows that have lost their head are one, too. */
function table(lines, at, cite) {
  const headed = at + 1 < lines.length && RULE.test(lines[at + 1]);
  const body = [];
  let end = headed ? at + 2 : at;
  for (; end < lines.length && ROW.test(lines[end]); end += 1) if (!RULE.test(lines[end])) body.push(cells(lines[end]));
  const head = headed ? cells(lines[at]) : [];
  const width = headed ? head.length : Math.max(0, ...body.map((row) => row.length));
  const row = (tag, values) =>
    element("tr", {}, ...Array.from({ length: width }, (_, column) => element(tag, {}, ...inline(values[column] ?? "", cite))));
  const whole = element(
    "table",
    {},
    headed ? element("thead", {}, row("th", head)) : null,
    element("tbody", {}, ...body.map((values) => row("td", values))),
  );
  return [element("div", { class: "table-scroll", tabindex: "0", role: "group" }, whole), end];
}

function depthOf(match) {
  return match[1].replaceAll("\t", "    ").length;
}

/** Return the list that begins at `at`, with the lists inside it, and the line after it. */
function list(lines, at, cite) {
  const first = ITEM.exec(lines[at]);
  const depth = depthOf(first);
  const numbered = first[3] !== undefined;
  const node = element(numbered ? "ol" : "ul", numbered && first[3] !== "1" ? { start: Number(first[3]) } : {});
  let end = at;
  while (end < lines.length) {
    const match = ITEM.exec(lines[end]);
    if (match && depthOf(match) === depth && (match[3] !== undefined) === numbered) {
      node.append(element("li", {}, ...inline(match[4], cite)));
      end += 1;
    } else if (match && depthOf(match) > depth) {
      const [inner, next] = list(lines, end, cite);
      node.lastChild.append(inner);
      end = next;
    } else if (match && depthOf(match) === depth && numbered && first[1] === "") {
      // "1. step" followed by unindented dashes: writers mean the dashes to belong to the step
      const [inner, next] = list(lines, end, cite);
      node.lastChild.append(inner);
      end = next;
    } else if (!match && lines[end].trim() && /^\s{2,}/.test(lines[end])) {
      node.lastChild.append(element("br"), ...inline(lines[end].trim(), cite));
      end += 1;
    } else if (!lines[end].trim() && continues(lines, end, depth, numbered)) {
      end += 1;
    } else {
      break;
    }
  }
  return [node, end];
}

function continues(lines, at, depth, numbered) {
  const next = at + 1 < lines.length ? ITEM.exec(lines[at + 1]) : null;
  return Boolean(next) && (depthOf(next) > depth || (depthOf(next) === depth && (next[3] !== undefined) === numbered));
}
