// Requests in the name of whoever is signed in: with the session cookie and the token against forgery.

/** The server answered, and said no. `body` is its answer. */
export class Refused extends Error {
  constructor(status, body, retryAfter) {
    super(typeof body.detail === "string" ? body.detail : `HTTP ${status}`);
    this.status = status;
    this.body = body;
    this.code = body.code ?? "";
    this.retryAfter = retryAfter;
  }
}

/** Nobody answered, or the line broke. */
export class Unreachable extends Error {}

const headers = JSON.parse(document.body.getAttribute("hx-headers"));

async function read(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    return {}; // a proxy's own page; the status says enough
  }
}

/** Return the JSON answer of a request to the API, null where there is none. Throws `Refused` or `Unreachable`. */
export async function call(method, path, body = null) {
  let response;
  try {
    response = await fetch(`/api/v1/${path}`, {
      method,
      headers: { ...headers, Accept: "application/json", ...(body === null ? {} : { "Content-Type": "application/json" }) },
      body: body === null ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
    });
  } catch (problem) {
    throw new Unreachable(problem.message);
  }
  const answer = await read(response);
  if (!response.ok) throw new Refused(response.status, answer ?? {}, Number(response.headers.get("Retry-After")) || null);
  return answer;
}

/** Return the address of a conversation in the API of agents. */
export function casePath(sessionId, rest = "") {
  return `agent/sessions/${encodeURIComponent(sessionId)}${rest}`;
}

/** Return the body of a stream of events that a page's address tells. Throws `Refused` or `Unreachable`; an abort passes. */
export async function stream(address, signal) {
  let response;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { ...headers, "HX-Request": "true" },
      cache: "no-store",
      credentials: "same-origin",
      signal,
    });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Unreachable(problem.message);
  }
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere) window.location.assign(elsewhere);
  if (elsewhere || !response.ok) throw new Refused(elsewhere ? 401 : response.status, {}, null);
  return response.body;
}
