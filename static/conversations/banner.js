// The line under the header: what is wrong with the connection, how long until the next try, and that it is back.

import { byId, showIcon } from "./elements.js";
import { text } from "./texts.js";

const GOOD_NEWS = 2500;

export class Banner {
  #node = byId("banner");
  #words = byId("banner-text");
  #action = byId("banner-action");
  #timer = null;

  constructor(onRetry) {
    this.#action.addEventListener("click", () => {
      this.#words.textContent = text("reconnecting");
      onRetry();
    });
  }

  /** Say that the line is down and when it is tried again. */
  down(seconds) {
    clearTimeout(this.#timer);
    const key = navigator.onLine ? "unreachable" : "offline";
    this.#show("down", "offline", text(key, { n: seconds }));
    this.#action.textContent = text("tryNow");
    this.#action.hidden = false;
  }

  up() {
    this.#show("up", "check", text("resumed"));
    this.#action.hidden = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hide(), GOOD_NEWS);
  }

  hide() {
    this.#node.hidden = true;
  }

  #show(tone, iconName, words) {
    this.#node.dataset.tone = tone;
    showIcon(this.#node, iconName);
    this.#words.textContent = words;
    this.#node.hidden = false;
  }
}
