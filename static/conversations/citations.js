// Where an answer comes from: the chips in the text, the list under it, and the sheet with the passage.

import { inContext } from "./context.js";
import { byId, element } from "./elements.js";
import { visible } from "./inline.js";
import { markdown } from "./markdown.js";
import { clock, text } from "./texts.js";

const TABLE = /^\s*\|.+\|\s*$/m;
const wide = window.matchMedia("(min-width: 768px)");

/** Return the address of a source if it is on this host or plain http(s), else null. */
export function sourceUrl(address) {
  if (!address) return null;
  try {
    const url = new URL(address, window.location.origin);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

function titleOf(citation) {
  return citation.title || citation.source || text("untitled");
}

/** Return `n => chip` for the citations of one message; null for a number that is not among them. */
export function chipMaker(citations, sheet) {
  return (number) => {
    const index = citations.findIndex((citation) => citation.n === number);
    if (index < 0) return null;
    const label = text("sourceNumber", { n: number, title: titleOf(citations[index]) });
    return element(
      "button",
      {
        class: "chip",
        type: "button",
        "aria-label": label,
        title: titleOf(citations[index]),
        on: { click: (event) => sheet.open(citations, index, event.currentTarget) },
      },
      String(number),
    );
  };
}

/** Return the list of sources that stands under an answer. */
export function sourceList(citations, sheet) {
  const items = citations.map((citation, index) =>
    element(
      "li",
      {},
      element(
        "button",
        {
          class: "source",
          type: "button",
          "aria-label": text("sourceNumber", { n: citation.n, title: titleOf(citation) }),
          on: { click: (event) => sheet.open(citations, index, event.currentTarget) },
        },
        element("span", { class: "source-number" }, String(citation.n)),
        element("span", { class: "source-title" }, titleOf(citation)),
      ),
    ),
  );
  return element("ul", { class: "sources", "aria-label": text("sources") }, ...items);
}

export class CitationSheet {
  #dialog = byId("citation-sheet");
  #citations = [];
  #index = 0;
  #opener = null;

  constructor() {
    byId("sheet-preview").addEventListener("toggle", () => this.#preview());
    byId("sheet-page").addEventListener("load", (event) => (event.currentTarget.hidden = false));
    byId("sheet-close").addEventListener("click", () => this.close());
    byId("sheet-previous").addEventListener("click", () => this.#show(this.#index - 1));
    byId("sheet-next").addEventListener("click", () => this.#show(this.#index + 1));
    this.#dialog.addEventListener("close", () => this.#onClose());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.close());
    this.#dialog.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    wide.addEventListener("change", () => this.close());
  }

  /** Show citation `index` of `citations`; focus goes back to `opener` afterwards. */
  open(citations, index, opener) {
    this.#markOpener(opener);
    this.#citations = citations;
    this.#show(index);
    if (this.#dialog.open) return;
    // Beside the conversation where there is room for both; over it, with the focus kept inside, where there is not.
    if (wide.matches) this.#dialog.show();
    else this.#dialog.showModal();
    byId("sheet-close").focus({ preventScroll: true });
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  #markOpener(opener) {
    this.#opener?.removeAttribute("data-open");
    this.#opener = opener;
    opener?.setAttribute("data-open", "");
  }

  #onClose() {
    const opener = this.#opener;
    this.#markOpener(null);
    // The contact may have gone on writing before this event came: then the focus is already where it belongs.
    const idle = document.activeElement === document.body || this.#dialog.contains(document.activeElement);
    if (idle && opener?.isConnected) opener.focus({ preventScroll: true });
  }

  #show(index) {
    if (index < 0 || index >= this.#citations.length) return;
    this.#index = index;
    const citation = this.#citations[index];
    byId("sheet-number").textContent = String(citation.n);
    byId("sheet-title").textContent = visible(titleOf(citation));
    byId("sheet-facts").replaceChildren(...facts(citation));
    byId("sheet-quote").replaceChildren(passage(citation));
    byId("sheet-quote").hidden = !citation.quote;
    this.#showLink(citation);
    this.#resetPreview(citation);
    this.#showPager();
    byId("sheet-body").scrollTop = 0;
  }

  #resetPreview(citation) {
    const details = byId("sheet-preview");
    details.open = false;
    details.hidden = citation.kind === "qa" || !citation.chunk_id || !sourceUrl(citation.url);
    byId("sheet-context").replaceChildren();
    byId("sheet-page").hidden = true;
    byId("sheet-page").removeAttribute("src");
  }

  /** Load what stands around the cited words, and the picture of their page where the document is a PDF. */
  async #preview() {
    const citation = this.#citations[this.#index];
    if (!byId("sheet-preview").open || !citation) return;
    if (citation.page) byId("sheet-page").src = previewUrl(citation, pageOf(citation));
    const address = previewUrl(citation, { preview: "text", chunk_id: citation.chunk_id });
    const answer = await fetch(address).catch(() => null);
    const around = answer?.ok ? await answer.text() : "";
    if (this.#citations[this.#index] !== citation) return;
    byId("sheet-context").replaceChildren(inContext(around, citation.quote));
    byId("sheet-context").querySelector("mark")?.scrollIntoView({ block: "nearest" });
  }

  #showLink(citation) {
    const link = byId("sheet-open");
    // A question and its answer are all there is, and the sheet shows both; only a document can be opened.
    const url = citation.kind === "qa" ? null : sourceUrl(citation.url);
    link.hidden = !url;
    if (url) link.href = url;
    else link.removeAttribute("href");
  }

  #showPager() {
    const count = this.#citations.length;
    byId("sheet-pager").hidden = count < 2;
    byId("sheet-position").textContent = `${this.#index + 1} / ${count}`;
    byId("sheet-previous").disabled = this.#index === 0;
    byId("sheet-next").disabled = this.#index === count - 1;
  }
}

function pageOf(citation) {
  return { preview: "page", page: citation.page, quote: (citation.quote ?? "").slice(0, 1000) };
}

function previewUrl(citation, query) {
  const url = new URL(sourceUrl(citation.url));
  url.hash = "";
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Return the cited words: marked as a part of their document, or laid out where they have a shape of their own. */
function passage(citation) {
  const quote = citation.quote ?? "";
  const shaped = citation.kind === "qa" || TABLE.test(quote);
  return shaped ? markdown(quote, () => null) : element("mark", {}, visible(quote));
}

function facts(citation) {
  const known = [
    ["factKind", citation.kind === "qa" ? text("kindQa") : null],
    ["factFile", citation.kind !== "qa" && citation.source !== titleOf(citation) ? citation.source : null],
    ["factQuestion", citation.kind === "qa" && citation.source !== titleOf(citation) ? citation.source : null],
    ["factSection", citation.section],
    ["factPage", citation.page],
    ["factVersion", citation.version],
    ["factUpdated", citation.updated_at ? clock.fullDay.format(new Date(citation.updated_at)) : null],
  ];
  return known
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([key, value]) =>
      element("div", {}, element("dt", {}, text(key)), element("dd", {}, visible(String(value)))),
    );
}
