// The workbench: puts its parts together and lets them know each other.

import { Announcer } from "../conversations/announcer.js";
import { Banner } from "../conversations/banner.js";
import { CitationSheet } from "../conversations/citations.js";
import { byId } from "../conversations/elements.js";
import { settings, text } from "../conversations/texts.js";
import { wireActs } from "./acts.js";
import { wireAlerts } from "./alerts.js";
import { Case } from "./case.js";
import { choice, choose, wireChoices } from "./choices.js";
import { Desk } from "./desk.js";
import { reviewedHere } from "./dialogs.js";
import { place } from "./fragments.js";
import { wireHelp } from "./help.js";
import { wireKeys } from "./keys.js";
import { Line } from "./line.js";
import { Outgoing } from "./outgoing.js";
import { Palette } from "./palette.js";
import { Team } from "./team.js";
import { complain, toast } from "./toasts.js";

const narrow = window.matchMedia("(max-width: 767px)");
const crowded = window.matchMedia("(max-width: 1179px)");

class Workbench {
  open = null;

  constructor() {
    this.sheet = new CitationSheet();
    this.announcer = new Announcer();
    this.banner = new Banner(() => this.line.retryNow());
    this.line = new Line({
      onFrame: (frame) => this.#onFrame(frame),
      onReady: () => this.#onReady(),
      onDown: (seconds) => this.banner.down(seconds),
      onUp: () => this.banner.up(),
      onEnd: (code) => this.#onEnd(code),
    });
    this.outgoing = new Outgoing(this.line);
    this.desk = new Desk({ line: this.line, openId: () => this.open?.sessionId ?? "", show: (id) => this.show(id) });
    this.team = new Team();
    this.palette = new Palette(this);
    wireChoices();
    wireAlerts();
    wireActs(this);
    wireKeys(this);
    wireHelp(this, this.sheet);
    this.#wirePage();
    this.#mount();
    this.line.open();
  }

  showPalette() {
    this.palette.show();
  }

  /** Open a conversation. */
  show(sessionId) {
    // What follows is told by htmx as for a click in the list; once, or everything would stand there twice.
    place(`/workbench/sessions/${encodeURIComponent(sessionId)}/`, "#case", { into: true }).catch(complain);
  }

  /** Go back to the list, where there is room for one of them only. */
  leave() {
    document.body.dataset.view = "list";
    this.#address("");
    byId("listing").querySelector("[aria-current=true]")?.focus();
  }

  /** Show or hide what stands beside the conversation. */
  showBeside(wanted = null) {
    const shown = wanted ?? document.body.dataset.beside !== "yes";
    document.body.dataset.beside = shown ? "yes" : "no";
    if (!crowded.matches) choose("beside", shown);
    else if (shown) byId("beside")?.focus({ preventScroll: true });
  }

  /** Whether what stands beside lies over the conversation just now. */
  get overlaid() {
    return crowded.matches && document.body.dataset.beside === "yes";
  }

  suggest() {
    this.showBeside(true);
    byId("suggest").click();
  }

  /** Put words into the composer, and that in sight. */
  insert(words) {
    if (crowded.matches) this.showBeside(false);
    this.sheet.close();
    this.open.composer.put(words);
  }

  /** Bring the reply in sight. */
  reply() {
    if (crowded.matches) this.showBeside(false);
    this.sheet.close();
    this.open.composer.write("reply");
  }

  #wirePage() {
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (event.target.id !== "case") return;
      this.#opened();
    });
    for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
      document.body.addEventListener(name, (event) => this.#failed(event.detail));
    }
    window.addEventListener("popstate", () => window.location.reload());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || !this.open) return;
      this.open.read();
      this.desk.seen(this.open.sessionId);
    });
    byId("filters-button").addEventListener("click", (event) => {
      const more = byId("filters-more");
      more.hidden = !more.hidden;
      event.currentTarget.setAttribute("aria-expanded", String(!more.hidden));
    });
    for (const dialog of document.querySelectorAll("dialog.question")) {
      dialog.addEventListener("click", (event) => (event.target === dialog || event.target.closest("[data-close]")) && dialog.close());
    }
    crowded.addEventListener("change", () => this.showBeside(!crowded.matches && choice("beside")));
    this.showBeside(!crowded.matches && choice("beside"));
  }

  #opened() {
    this.#mount();
    if (narrow.matches) byId("case").focus({ preventScroll: true });
    this.#address(this.open?.sessionId ?? "", true);
  }

  #mount() {
    this.sheet.close();
    this.#unfollow();
    this.open?.close();
    this.open = byId("open-case") ? new Case(this) : null;
    document.body.dataset.view = this.open ? "case" : "list";
    if (crowded.matches) this.showBeside(false);
    if (this.open) {
      this.line.follow(this.open.sessionId, this.open.lastSeq);
      this.open.read();
      this.desk.seen(this.open.sessionId);
    }
    this.desk.mark(this.open?.sessionId ?? "");
  }

  /** Stop following a conversation that is neither open nor one's own. */
  #unfollow() {
    if (this.open && !this.open.mine) this.line.unfollow(this.open.sessionId);
  }

  #address(sessionId, isNew = false) {
    const { query } = byId("listing-head").dataset;
    const address = `?${query}${sessionId ? `&session=${encodeURIComponent(sessionId)}` : ""}`;
    if (address === window.location.search) return;
    if (isNew) window.history.pushState(null, "", address);
    else window.history.replaceState(null, "", address);
  }

  #onFrame(frame) {
    if (frame.type === "ack") return this.#onAck(frame);
    if (frame.type === "error") return this.outgoing.refuse(frame);
    if (frame.type === "csat" && frame.stream === "inbox") toast(text("gotCsat", { score: frame.score }), { tone: "good" });
    if (frame.type === "solution" && frame.agent_id === settings.agent.id) this.#reviewed(frame);
    if (frame.type === "presence") this.team.refresh();
    if (frame.stream && frame.stream === this.open?.sessionId) this.open.onFrame(frame);
    return this.desk.onFrame(frame);
  }

  /** What follows a conversation from now on hears that it is read; what was said of that before may have been missed. */
  #onAck(frame) {
    if (!frame.client_message_id && frame.stream && frame.stream === this.open?.sessionId) this.open.read();
    this.outgoing.acknowledge(frame);
  }

  /** Tell whoever handed in a solution what became of it. */
  #reviewed({ solution_id: id, status, question }) {
    if (reviewedHere.has(id)) return;
    const key = { approved: "solutionApproved", rejected: "solutionRejected" }[status];
    if (key) toast(text(key, { question }), { tone: status === "approved" ? "good" : "" });
  }

  #onReady() {
    this.outgoing.resend();
    this.desk.refresh();
    this.desk.follow().catch(() => {});
    this.team.refresh();
    this.open?.read();
  }

  /** Say for good that the server wants no other try. */
  #onEnd(code) {
    const key = { 4401: "signedOut", 4403: "paused", 4409: "manyWindows" }[code] ?? "unavailable";
    this.banner.down(0);
    byId("banner-text").textContent = text(key);
    byId("banner-action").textContent = text(code === 4401 ? "signIn" : "tryNow");
    byId("banner-action").onclick = () => window.location.reload();
  }

  #failed({ xhr, pathInfo }) {
    if (pathInfo?.requestPath?.startsWith("/workbench/list/") && !xhr?.status) return; // the banner says it already
    toast(text(xhr?.status === 404 ? "gone" : "unavailable"), { tone: "bad" });
  }
}

new Workbench();
