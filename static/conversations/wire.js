// One request to the server, and the two ways in which it can fail.

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(status, body, retryAfter) {
    super(typeof body.detail === "string" ? body.detail : `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? "";
    this.requestId = body.request_id ?? "";
    this.retryAfter = retryAfter;
  }
}

/** Nobody answered, or the line broke. */
export class Unreachable extends Error {}

async function refusal(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // a proxy's own error page; the status says enough
  }
  const seconds = Number(response.headers.get("Retry-After") ?? body.retry_after);
  return new Refused(response.status, body, Number.isFinite(seconds) && seconds > 0 ? seconds : null);
}

/** Return the response of a request. Throws `Refused` or `Unreachable`; an abort passes through. */
export async function request(method, path, { token = null, body = null, headers = {}, signal = null } = {}) {
  const sent = { Accept: "application/json, text/event-stream", ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (body !== null) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: sent,
      body: body === null ? undefined : JSON.stringify(body),
      signal,
      cache: "no-store",
      // A member of staff who is signed in on this host is still only a contact on this page.
      credentials: "omit",
    });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Unreachable(problem.message);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Return the JSON answer of a request. */
export async function requestJson(method, path, options) {
  const response = await request(method, path, options);
  try {
    return await response.json();
  } catch (problem) {
    throw new Unreachable(problem.message);
  }
}

/** Return a file as `{blob, name}`. */
export async function requestFile(path, options) {
  const response = await request("GET", path, { ...options, headers: { Accept: "*/*" } });
  const said = response.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(said)?.[1];
  try {
    return { blob: await response.blob(), name: encoded ? decodeURIComponent(encoded) : "" };
  } catch (problem) {
    throw new Unreachable(problem.message);
  }
}

/** Wait. Ends early, with an AbortError, when `signal` fires. */
export function pause(milliseconds, signal = null) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("Aborted", "AbortError"));
    });
  });
}

/** Return a random UUID, also on pages that are not a secure context. */
export function newUuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
