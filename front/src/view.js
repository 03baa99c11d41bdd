/** One picker as it is seen: header, table, preview and status line, and the keys they share. */
import { Cleaning } from "./cleaning.js";
import { askToDelete } from "./deleting.js";
import { h } from "./dom.js";
import { Header } from "./header.js";
import { Preview } from "./preview.js";
import { Table } from "./table.js";

/** What is said of the past is said anew after this many ms. */
const TICK = 30_000;

/** Where it is set, Jupyter does not take arrows, Enter and letters for its own. */
const KEEP_KEYS = "data-lm-suppress-shortcuts";

/** What is said until Python says how it went: opening a session takes a second. */
const DOING = {
  delete: "Deleting…",
  export: "Exporting…",
  fork: "Forking…",
  resume: "Resuming…",
  rewind: "Going back…",
  star: "",
  title: "",
};

const ENDED = "The kernel has ended or restarted. Run this cell again to go on.";

export class View {
  /** @param {import("./store.js").Store} store @param {HTMLElement} el */
  constructor(store, el) {
    this.store = store;
    this.ending = new AbortController();
    this.status = h("div", { class: "cp-status", role: "status", "aria-live": "polite" });
    this.notice = h("div", { class: "cp-notice" });
    this.instead = h("div", { class: "cp-instead" });
    this.root = h("div", {
      class: "copilot-picker",
      role: "region",
      "aria-label": "Copilot sessions",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
      onmousedown: (/** @type {MouseEvent} */ event) => event.shiftKey && event.stopPropagation(),
    });
    const { signal } = this.ending;
    window.addEventListener("keydown", (event) => this.keep(event), { capture: true, signal });
    this.header = new Header(this);
    this.table = new Table(this);
    this.preview = new Preview(this);
    this.root.append(
      this.header.element,
      this.notice,
      h("div", { class: "cp-body" }, this.instead, this.table.element, this.preview.element),
      h(
        "div",
        { class: "cp-foot" },
        this.status,
        h("div", { class: "cp-keys" }, "↑ ↓ choose · Enter resume · / search"),
      ),
    );
    el.append(this.root);
    this.on("head", () => this.draw());
    this.on("said", ({ text, error }) => this.say(text, error));
    this.timer = window.setInterval(() => this.tick(), TICK);
    this.draw();
    this.header.draw();
  }

  /**
   * Listens to the store as long as the view lives.
   *
   * @param {string} name
   * @param {(detail: any) => void} heed
   */
  on(name, heed) {
    const { signal } = this.ending;
    this.store.addEventListener(name, (event) => heed(/** @type {CustomEvent} */ (event).detail), {
      signal,
    });
  }

  draw() {
    const { state, text, mend, notice } = this.store.model.get("_head");
    this.root.style.height = this.store.model.get("height");
    this.root.dataset.state = state;
    const { ended } = this.store;
    this.notice.textContent = ended ? ENDED : notice;
    this.notice.hidden = !this.notice.textContent;
    for (const { element } of [this.header, this.table, this.preview]) element.inert = ended;
    this.instead.replaceChildren(h("p", {}, text), h("p", {}, mend));
  }

  /** @param {string} text */
  say(text, error = false) {
    this.status.textContent = text;
    this.status.classList.toggle("cp-error", error);
  }

  tick() {
    this.table.tick();
    if (this.store.model.get("filters").includes("older")) this.store.refilter();
  }

  /** @param {keyof typeof DOING} verb @param {Record<string, unknown>} more */
  act(verb, more) {
    this.say(DOING[verb]);
    this.store.send({ do: verb, ...more });
  }

  /** Asks whether to delete what is selected. */
  async removeSelected() {
    const rows = this.store.selected.map((id) => this.store.rows.get(id)).filter((row) => !!row);
    if (!rows.length) return;
    const ids = await askToDelete(this.root, rows);
    if (ids.length) this.act("delete", { ids });
    this.table.focus();
  }

  async clean() {
    const ids = await new Cleaning(this).ask();
    if (ids.length) this.act("delete", { ids });
  }

  /**
   * Keeps a key from the notebook, before it looks: JupyterLab looks as a key leaves the page,
   * Notebook 7 as it enters, and then at the element that has the focus.
   *
   * @param {KeyboardEvent} event
   */
  keep(event) {
    const { target } = event;
    if (!(target instanceof Element) || !this.root.contains(target)) return;
    if (saves(event)) target.removeAttribute(KEEP_KEYS);
    else target.setAttribute(KEEP_KEYS, "true");
  }

  /** Keys that mean the same everywhere in the picker. @param {KeyboardEvent} event */
  key(event) {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.header.focus();
    }
    if (!saves(event)) event.stopPropagation();
  }

  remove() {
    clearInterval(this.timer);
    this.ending.abort();
    this.preview.remove();
    this.table.remove();
    this.root.remove();
  }
}

/** Saving the notebook is wanted from anywhere: no other key leaves the picker. */
function saves(/** @type {KeyboardEvent} */ event) {
  return (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
}
