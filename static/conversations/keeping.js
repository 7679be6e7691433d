// What the browser keeps between visits: who the contact is, what is unsent, and the unfinished draft.

const memory = new Map(); // stands in where storage is blocked

function read(key) {
  try {
    const kept = window.localStorage.getItem(key);
    return kept === null ? (memory.get(key) ?? null) : JSON.parse(kept);
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key, value) {
  memory.set(key, value);
  try {
    if (value === null) window.localStorage.removeItem(key);
    else window.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // memory holds it for as long as the page lives
  }
}

function slot(key) {
  return {
    get: () => read(key),
    set: (value) => write(key, value),
    clear: () => write(key, null),
    /** Hear of it when another tab keeps a value: `tell(value, before)`, null where there is none. */
    hear(tell) {
      window.addEventListener("storage", (event) => {
        if (event.key === key) tell(JSON.parse(event.newValue), JSON.parse(event.oldValue));
      });
    },
    /** From now on `tell(value)` keeps the value; what it had is `value`. Here it lives in memory alone. */
    handOver(value, tell) {
      const copy = { value };
      this.get = () => copy.value;
      this.set = (next) => tell((copy.value = next));
      this.clear = () => this.set(null);
    },
  };
}

/** `{visitor_token, session_id}` of the conversation going on, or null. */
export const visitor = slot("kimono.visitor");

/** `[{id, text}]`: messages that no server has acknowledged. */
export const outbox = slot("kimono.outbox");

/** Text in the composer. */
export const draft = slot("kimono.draft");
