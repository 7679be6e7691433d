// What an agent does with a conversation. Each act is one request; what it changes comes back over the line as well.

import { byId } from "../conversations/elements.js";
import { text } from "../conversations/texts.js";
import { askBusiness } from "./business.js";
import { Refused, call, casePath } from "./calls.js";
import { endCase, saveSolution, transferCase, writeTicket } from "./dialogs.js";
import { presenceWord } from "./team.js";
import { complain, toast } from "./toasts.js";

/** Do something with the open conversation; on a refusal say why and show how things are now. */
async function act(page, button, path, body, done) {
  if (button) button.disabled = true; // it is back, or gone, with the fresh head
  try {
    await call("POST", casePath(page.open.sessionId, path), body);
    if (done) toast(text(done), { tone: "good" });
    return true;
  } catch (problem) {
    complain(problem);
    if (!(problem instanceof Refused) && button) button.disabled = false;
    return false;
  } finally {
    await page.open?.refresh();
    page.desk.refresh();
  }
}

async function takeIt(page, button, path, body = {}) {
  if (!(await act(page, button, path, body, "accepted"))) return;
  page.desk.follow().catch(complain);
  page.open.composer.write("reply");
}

async function copyLink(page) {
  const address = `${window.location.origin}/workbench/?session=${encodeURIComponent(page.open.sessionId)}`;
  try {
    await navigator.clipboard.writeText(address);
    toast(text("linkCopied"), { tone: "good" });
  } catch {
    toast(address); // without a secure context the browser has no clipboard for us
  }
}

const ACTS = {
  accept: (page, button) => takeIt(page, button, "/accept"),
  takeover: (page, button) => takeIt(page, button, "/takeover", { force: button.hasAttribute("data-force") }),
  "to-queue": (page, button) => act(page, button, "/release", { to: "queue" }, "released"),
  "to-bot": (page, button) => act(page, button, "/release", { to: "bot" }, "released"),
  transfer: (page) => transferCase(page),
  ending: (page) => endCase(page),
  solution: (page) => saveSolution(page),
  ticket: (page) => writeTicket(page),
  beside: (page) => page.showBeside(),
  back: (page) => page.leave(),
  "copy-link": (page) => copyLink(page),
};

/** Do the act that a button of the head stands for, if there is one just now; `gently` not what takes from a colleague. */
export function press(name, { gently = false } = {}) {
  const button = document.querySelector(`#case-head [data-act="${name}"]`);
  if (!button || button.disabled || (gently && button.hasAttribute("data-force"))) return false;
  button.click();
  return true;
}

async function file(page, change) {
  try {
    await call("PATCH", casePath(page.open.sessionId), change);
  } catch (problem) {
    complain(problem);
  }
  await page.open?.refresh();
  page.desk.refresh();
}

function tagsNow() {
  return [...document.querySelectorAll("[data-remove-tag]")].map((node) => node.dataset.removeTag);
}

async function setPresence(page, status) {
  try {
    showPresence((await call("PUT", "agent/presence", { status })).status);
    page.team.refresh();
  } catch (problem) {
    complain(problem);
  }
}

/** Show whether the agent is there. */
export function showPresence(status) {
  byId("presence").dataset.presence = status;
  byId("presence-word").textContent = presenceWord(status);
}

/** Make buttons, tags, priority and presence work. `page`: `open`, `desk`, `showBeside()`, `leave()`, `openFirst()`. */
export function wireActs(page) {
  showPresence(byId("presence").dataset.presence);
  document.addEventListener("click", (event) => {
    const target = event.target.closest("button, a");
    if (!target) return;
    const { act: name, removeTag, setPresence: status } = target.dataset;
    if (target.closest("[popover]") && !target.closest(".preferences")) target.closest("[popover]").hidePopover();
    if (name && page.open) Promise.resolve(ACTS[name]?.(page, target)).catch(complain);
    if (removeTag !== undefined) file(page, { tags: tagsNow().filter((tag) => tag !== removeTag) });
    if (status) setPresence(page, status);
    if (target.hasAttribute("data-open-first")) page.desk.move(1);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-priority-choice]")) file(page, { priority: event.target.value });
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === "tag-form") {
      event.preventDefault();
      const tag = event.target.elements.tag.value.trim();
      event.target.reset();
      if (tag) file(page, { tags: [...tagsNow(), tag] });
    } else if (event.target.id === "business-form") {
      event.preventDefault();
      askBusiness(page, event.target);
    }
  });
}
