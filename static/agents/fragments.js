// Pieces of the page that the server draws, fetched when something else than a click calls for them.

import { Refused, Unreachable } from "./calls.js";

/** Return a piece as the server draws it. Throws `Refused` or `Unreachable`. */
export async function drawn(url) {
  let response;
  try {
    response = await fetch(url, { headers: { "HX-Request": "true" }, cache: "no-store", credentials: "same-origin" });
  } catch (problem) {
    throw new Unreachable(problem.message);
  }
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere) window.location.assign(elsewhere);
  if (elsewhere || !response.ok) throw new Refused(elsewhere ? 401 : response.status, {}, null);
  return response.text();
}

/** Put a piece in place of what `selector` finds, or `into` it. */
export function put(selector, words, { into = false } = {}) {
  const target = document.querySelector(selector);
  if (target) window.htmx.swap(target, words, { swapStyle: into ? "innerHTML" : "outerHTML" });
}

/** Fetch a piece and put it where it belongs. Throws `Refused` or `Unreachable`. */
export async function place(url, selector, { into = false } = {}) {
  put(selector, await drawn(url), { into });
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
