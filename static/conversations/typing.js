// Telling a person that the contact is writing. Nobody keeps that, so it goes over a socket that is open only meanwhile.

const AGAIN = 3000; // milliseconds; whoever hears it forgets it after six seconds
const PAUSE = 5000;
const IDLE = 30_000;

export class Typing {
  #socket = null;
  #told = 0;
  #pause = null;
  #idle = null;

  /** `wanted()`: whether a person would hear it; `token()`: the visitor's. */
  constructor({ wanted, token }) {
    Object.assign(this, { wanted, token });
  }

  /** The contact has pressed a key. */
  touch() {
    if (!this.wanted()) return;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.stop(), PAUSE);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#close(), IDLE);
    if (!this.#socket) this.#open();
    if (Date.now() - this.#told < AGAIN) return;
    this.#told = Date.now();
    this.#tell(true);
  }

  /** It has sent what it wrote, or let it be. */
  stop() {
    clearTimeout(this.#pause);
    if (this.#told) this.#tell(false);
    this.#told = 0;
  }

  #open() {
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${window.location.host}/ws/chat/`, ["kimono.v1", `bearer.${this.token()}`]);
    this.#socket = socket;
    // What happens in the conversation is heard elsewhere.
    socket.addEventListener("open", () => this.#told && this.#tell(true));
    socket.addEventListener("close", () => socket === this.#socket && (this.#socket = null));
  }

  #tell(on) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type: "typing", on }));
  }

  #close() {
    this.#socket?.close();
    this.#socket = null;
    this.#told = 0;
  }
}
