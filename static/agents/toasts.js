// What happened elsewhere, and what did not work: a few words that go away by themselves.

import { byId, element, icon } from "../conversations/elements.js";
import { text } from "../conversations/texts.js";
import { Refused, Unreachable } from "./calls.js";

const STAYS = 6000;
const MOST = 3;

/** Say something in passing. `tone`: `good`, `bad` or none; `action`: `{label, onClick}`. */
export function toast(words, { tone = "", action = null } = {}) {
  const node = element(
    "div",
    { class: "toast", data: { tone } },
    icon(tone === "bad" ? "alert" : "check", "small"),
    element("span", {}, words),
  );
  if (action) {
    const click = () => {
      node.remove();
      action.onClick();
    };
    node.append(element("button", { class: "link-button", type: "button", on: { click } }, action.label));
  }
  const close = { class: "link-button toast-close", type: "button", "aria-label": "×", on: { click: () => node.remove() } };
  node.append(element("button", close, icon("close", "small")));
  const all = byId("toasts");
  all.append(node);
  while (all.childElementCount > MOST) all.firstElementChild.remove();
  setTimeout(() => node.remove(), action ? STAYS * 2 : STAYS);
}

/** Return in the words of the page why something did not work. */
export function reasonOf(problem) {
  if (problem instanceof Unreachable) return text("unavailable");
  if (!(problem instanceof Refused)) throw problem;
  const { status, code, body } = problem;
  if (code === "already_assigned") return text("takenBy", { name: body.assigned_agent_name || text("agent") });
  if (code === "not_your_session") return text("notYours");
  if (code === "tenant_suspended") return text("paused");
  if (status === 409) return text("notPossible");
  if (status === 404) return text("gone");
  if (status === 401) return text("signedOut");
  if (status === 403) return text("denied");
  if (status === 429) return text("tooMany", { n: problem.retryAfter ?? 30 });
  const number = body.request_id ? ` ${text("requestNumber", { id: body.request_id })}` : "";
  return `${text("unavailable")}${number}`;
}

/** Say why something did not work. */
export function complain(problem) {
  toast(reasonOf(problem), { tone: "bad" });
}
