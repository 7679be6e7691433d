// All commands by name: Ctrl K, a few letters, Enter.

import { byId, element } from "../conversations/elements.js";
import { text } from "../conversations/texts.js";
import { chooseTheme } from "../kimono/appearance.js";
import { press } from "./acts.js";

/** Return the commands that are possible now: `[key of the text, what it does]`. */
function possible(page) {
  const acts = [["accept", "cmdAccept"], ["takeover", "cmdTakeover"], ["ending", "cmdResolve"], ["transfer", "cmdTransfer"], ["solution", "cmdSolution"], ["ticket", "cmdTicket"]]
    .filter(([name]) => document.querySelector(`#case-head [data-act="${name}"]`))
    .map(([name, key]) => [key, () => press(name)]);
  const inCase = page.open
    ? [["cmdSuggest", () => page.suggest()], ["cmdNote", () => page.open.composer.write("note")]]
    : [];
  const tabs = [["waiting", "cmdWaiting"], ["mine", "cmdMine"], ["unassigned", "cmdUnassigned"], ["mentions", "cmdMentions"], ["all", "cmdAll"]].map(
    ([tab, key]) => [key, () => byId(`tab-${tab}`).click()],
  );
  const theme = () => chooseTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  return [...acts, ...inCase, ...tabs, ["cmdTheme", theme], ["cmdHelp", () => byId("help-dialog").showModal()]];
}

export class Palette {
  #dialog = byId("palette");
  #field = byId("palette-text");
  #list = byId("palette-list");
  #shown = [];
  #active = 0;

  constructor(page) {
    this.page = page;
    byId("palette-button").addEventListener("click", () => this.show());
    this.#field.addEventListener("input", () => this.#look());
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
      const at = event.target.closest("[data-at]")?.dataset.at;
      if (at !== undefined) this.#run(Number(at));
    });
  }

  show() {
    if (this.#dialog.open) return this.#dialog.close();
    this.#field.value = "";
    this.#dialog.showModal();
    return this.#look();
  }

  #look() {
    const typed = this.#field.value.trim().toLowerCase();
    this.#shown = possible(this.page).filter(([key]) => text(key).toLowerCase().includes(typed));
    this.#active = 0;
    const nothing = element("li", { class: "palette-none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, text("cmdNothing"));
    this.#list.replaceChildren(
      ...this.#shown.map(([key], at) =>
        element("li", { class: "palette-item", role: "option", id: `command-${at}`, data: { at: String(at) } }, text(key)),
      ),
      ...(this.#shown.length ? [] : [nothing]),
    );
    this.#mark();
  }

  #mark() {
    this.#list.querySelectorAll("[data-at]").forEach((node, at) => node.setAttribute("aria-selected", String(at === this.#active)));
    const active = byId(`command-${this.#active}`);
    active?.scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", active?.id ?? "");
  }

  #onKey(event) {
    if (event.isComposing || event.keyCode === 229 || !this.#shown.length) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#active = (this.#active + step + this.#shown.length) % this.#shown.length;
    else if (event.key === "Enter") this.#run(this.#active);
    else return;
    event.preventDefault();
    this.#mark();
  }

  #run(at) {
    const [, run] = this.#shown[at];
    this.#dialog.close();
    run();
  }
}
