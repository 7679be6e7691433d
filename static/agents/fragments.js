// Pieces of the page that the server draws, fetched when something else than a click calls for them.

import { Refused, Unreachable } from "./calls.js";

/** Put a piece in place of what `selector` finds, or into it. Throws `Refused` or `Unreachable`. */
export async function place(url, selector, { into = false } = {}) {
  let response;
  try {
    response = await fetch(url, { headers: { "HX-Request": "true" }, cache: "no-store", credentials: "same-origin" });
  } catch (problem) {
    throw new Unreachable(problem.message);
  }
  if (response.headers.has("HX-Redirect")) {
    window.location.assign(response.headers.get("HX-Redirect"));
    return;
  }
  if (!response.ok) throw new Refused(response.status, {}, null);
  const words = await response.text();
  const target = document.querySelector(selector);
  if (target) window.htmx.swap(target, words, { swapStyle: into ? "innerHTML" : "outerHTML" });
}

/** Return a function that runs `work` once at a time: who asks meanwhile waits for one more run. */
export function oneAtATime(work) {
  let running = null;
  let next = null;
  const run = () => {
    if (!running) {
      running = work().finally(() => (running = null));
      return running;
    }
    next ??= running.catch(() => {}).then(() => {
      next = null;
      return run();
    });
    return next;
  };
  return run;
}
