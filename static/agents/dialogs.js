// The questions that come before some acts: to whom, what solved it, what the ticket says.

import { byId } from "../conversations/elements.js";
import { settings, text } from "../conversations/texts.js";
import { call, casePath } from "./calls.js";
import { place } from "./fragments.js";
import { complain, reasonOf, toast } from "./toasts.js";

/** Show a dialog whose form `send(form, button)` handles; it may throw, and then the dialog says why and stays. */
function ask(name, send) {
  const dialog = byId(`${name}-dialog`);
  const form = byId(`${name}-form`);
  const error = dialog.querySelector(".dialog-error");
  error.hidden = true;
  form.onsubmit = async (event) => {
    event.preventDefault();
    const button = event.submitter;
    button.disabled = true; // a second click is no second act
    try {
      await send(form, button);
      dialog.close();
    } catch (problem) {
      error.textContent = reasonOf(problem);
      error.hidden = false;
    } finally {
      button.disabled = false;
    }
  };
  dialog.showModal();
}

function caseUrl(page, part) {
  return `/workbench/sessions/${encodeURIComponent(page.open.sessionId)}/${part}/`;
}

async function after(page) {
  await page.open?.refresh();
  page.desk.refresh();
  page.desk.follow().catch(() => {});
}

/** Ask to whom the conversation is to be given, and give it. */
export async function transferCase(page) {
  const { sessionId } = page.open;
  await place(caseUrl(page, "transfer"), "#transfer-body", { into: true });
  ask("transfer", async (form) => {
    const [kind, id] = form.elements.target.value.split(/:(.*)/s);
    const body = kind === "agent" ? { to_agent_id: id } : { to_group: id };
    const note = form.elements.note.value.trim();
    await call("POST", casePath(sessionId, "/transfer"), note ? { ...body, note } : body);
    toast(text("transferred"), { tone: "good" });
    await after(page);
  });
}

/** Solutions that were approved on this page, which needs no telling of it. */
export const reviewedHere = new Set();

/** Offer to whoever may that a solution goes live at once. */
function offerApproval(solution) {
  if (!settings.supervisor) return toast(text("solutionSaved"), { tone: "good" });
  const approve = async () => {
    try {
      reviewedHere.add(solution.solution_id);
      await call("POST", `escalation/solutions/${solution.solution_id}/approve`, {});
      toast(text("approved"), { tone: "good" });
    } catch (problem) {
      complain(problem);
    }
  };
  return toast(text("solutionSaved"), { tone: "good", action: { label: text("approveNow"), onClick: approve } });
}

async function askForSolution(page, { ending }) {
  const { sessionId } = page.open;
  await place(caseUrl(page, "ending"), "#ending-body", { into: true });
  const dialog = byId("ending-dialog");
  for (const node of dialog.querySelectorAll("[data-ending]")) node.textContent = ending ? node.dataset.ending : node.dataset.solution;
  dialog.querySelector("[data-ending-only]").hidden = !ending;
  for (const name of ["question", "solution"]) byId("ending-form").elements[name].required = true;
  let saved = null; // a second try after a refused resolve does not save the same twice
  ask("ending", async (form, button) => {
    if (button.value === "save" && !saved) {
      const [question, solution] = ["question", "solution"].map((name) => form.elements[name].value.trim());
      saved = await call("POST", casePath(sessionId, "/solution"), { question, solution });
      offerApproval(saved);
    }
    if (ending) {
      await call("POST", casePath(sessionId, "/resolve"), {});
      toast(text("resolved"), { tone: "good" });
    }
    await after(page);
  });
}

/** Ask what solved it, save that for review if wanted, and resolve. */
export function endCase(page) {
  return askForSolution(page, { ending: true });
}

/** Save a solution for review; the conversation goes on. */
export function saveSolution(page) {
  return askForSolution(page, { ending: false });
}

/** Write a ticket about the conversation. */
export function writeTicket(page) {
  const { sessionId } = page.open;
  const userId = byId("open-case").dataset.user;
  const form = byId("ticket-form");
  form.reset();
  const summary = document.querySelector(".about-summary")?.textContent.trim() ?? "";
  form.elements.title.value = (byId("help-text").value || summary).slice(0, 200);
  form.elements.description.value = summary;
  ask("ticket", async () => {
    const given = Object.fromEntries(new FormData(form));
    await call("POST", "tickets", { ...given, session_id: sessionId, user_id: userId });
    toast(text("ticketSaved"), { tone: "good" });
  });
}
