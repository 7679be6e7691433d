// What the merchant's business system says to a question, and what it means where it says nothing.

import { byId, element } from "../conversations/elements.js";
import { text } from "../conversations/texts.js";
import { call, casePath } from "./calls.js";
import { complain } from "./toasts.js";

/** Return what is to be said beside the answer; null where it speaks for itself. */
function remark({ error, reply, need_confirmation: open }) {
  if (error === "no_matching_tool") return text(reply ? "noToolButKnown" : "noTool");
  if (open) return text("businessOpen");
  return reply ? null : text("businessFailed");
}

function shown(page, result) {
  const { reply, data, need_confirmation: open } = result;
  const words = remark(result);
  const title = data?.source?.title;
  const insert = { class: "button button-small", type: "button", on: { click: () => page.insert(reply) } };
  return [
    words ? element("p", { class: "about-note" }, words) : null,
    reply ? element("p", { class: "business-reply" }, reply) : null,
    title ? element("p", { class: "about-note" }, text("sourceLine", { title })) : null,
    // What is only described is no news for the contact.
    reply && !open ? element("div", { class: "chunk-row" }, element("button", insert, text("insert"))) : null,
  ].filter(Boolean);
}

/** Ask the business system what stands in the form. */
export async function askBusiness(page, form) {
  const answer = byId("business-answer");
  const query = form.elements.query.value.trim();
  if (!query) return;
  answer.textContent = text("searching");
  try {
    const { result } = await call("POST", casePath(page.open.sessionId, "/business-assist"), { query });
    answer.replaceChildren(...shown(page, result));
  } catch (problem) {
    answer.textContent = "";
    complain(problem);
  }
}
