/**
 * A conversation, from its end: earlier pages are fetched as one scrolls up, and what is added to
 * it on disk appears as long as one looks at the end.
 */
import { h } from "./dom.js";
import { askToGoBack, mark, promptsAfter } from "./rewinding.js";

/**
 * @typedef {import("./types.js").Row} Row
 * @typedef {import("./types.js").Page} Page
 */

/** Rows passed by a held arrow key are not asked for: this many ms must pass. */
const REST = 60;
/** This near to an end counts as there, in pixels. */
const NEAR = 48;

export class Conversation {
  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view;
    this.store = view.store;
    this.mark = h("div", { class: "cp-mark" });
    this.items = h("div", { class: "cp-items" });
    this.element = h(
      "div",
      { class: "cp-conversation", tabIndex: 0, role: "group", onscroll: () => this.scrolled() },
      this.mark,
      this.items,
    );
    /** @type {string | null} */
    this.id = null;
    /** The state of the session's files that is shown or asked for. */
    this.seen = "";
    /**
     * Where the earliest page begins; `null`: at the beginning, `undefined`: none came yet.
     *
     * @type {number | null | undefined}
     */
    this.start = undefined;
    this.waiting = 0;
    this.timer = 0;
    this.last = 0;
  }

  /** @param {Row | undefined} row */
  show(row) {
    const id = row?.id ?? null;
    const state = row ? `${row.modified} ${row.bytes}` : "";
    if (id !== this.id) this.begin(id, row);
    else if (!row || state === this.seen || !this.atEnd()) return;
    else this.ask(null);
    this.seen = state;
  }

  /** @param {string | null} id @param {Row | undefined} row */
  begin(id, row) {
    this.id = id;
    this.start = undefined;
    this.waiting = 0;
    clearTimeout(this.timer);
    this.items.replaceChildren();
    this.mark.textContent = id === null ? "" : "Loading…";
    this.element.hidden = id === null;
    this.element.setAttribute("aria-label", `Conversation of ${row?.id ?? ""}`);
    if (id === null) return;
    const rest = performance.now() - this.last < 4 * REST ? REST : 0;
    this.last = performance.now();
    this.timer = window.setTimeout(() => this.ask(null), rest);
  }

  /** @param {number | null} before */
  ask(before) {
    this.waiting = this.store.number();
    this.store.send({ do: "preview", id: this.id, before, n: this.waiting });
  }

  /** @param {Page} page */
  take(page) {
    if (page.id !== this.id || page.n !== this.waiting) return;
    this.waiting = 0;
    const came = document.createElement("template");
    came.innerHTML = page.html;
    if (page.before === null) this.end(came.content, page.start);
    else this.earlier(came.content, page.start);
    this.mark.textContent = this.marking();
    this.more();
  }

  /** Goes on from an answer: nothing is cut off where nothing comes after it. @param {Element} answer */
  async goBack(answer) {
    const id = this.id ?? "";
    const event = answer.getAttribute("data-event");
    const after = promptsAfter(answer);
    if (!after.length) this.view.act("resume", { id });
    else if (await askToGoBack(this.view.root, id, after)) this.view.act("rewind", { id, event });
  }

  /** A session went back: what is shown of it is not there any more. @param {string} id */
  again(id) {
    if (id !== this.id) return;
    const focused = this.element.contains(document.activeElement);
    this.begin(id, this.store.rows.get(id));
    if (focused) this.element.focus();
  }

  marking() {
    if (this.start !== null) return "Loading earlier messages…";
    return this.items.childElementCount ? "Beginning of the conversation" : "Nothing was said yet.";
  }

  /**
   * The end of the conversation, instead of what is shown from its first message on.
   *
   * @param {DocumentFragment} came
   * @param {number | null} start
   */
  end(came, start) {
    const first = came.firstElementChild?.getAttribute("data-event");
    const known = first && this.items.querySelector(`[data-event="${CSS.escape(first)}"]`);
    if (known) {
      const opened = [...this.items.querySelectorAll("[data-event]:has(details[open])")];
      for (const item of opened) {
        const event = CSS.escape(item.getAttribute("data-event") ?? "");
        const again = came.querySelector(`[data-event="${event}"] details`);
        if (again instanceof HTMLDetailsElement) again.open = true;
      }
      while (known.nextSibling) known.nextSibling.remove();
      known.replaceWith(came);
    } else {
      this.items.replaceChildren(came);
      this.start = start;
    }
    this.buttons();
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** @param {DocumentFragment} came @param {number | null} start */
  earlier(came, start) {
    const below = this.element.scrollHeight - this.element.scrollTop;
    this.items.prepend(came);
    this.start = start;
    this.buttons();
    this.element.scrollTop = this.element.scrollHeight - below;
  }

  /** Before it is scrolled to its place, since buttons have a height too. */
  buttons() {
    mark(this.items, (answer) => this.goBack(answer));
  }

  /** Fetches the page before, where one is near the top. */
  more() {
    if (this.waiting || this.start === null || this.start === undefined) return;
    if (this.element.scrollTop < 4 * NEAR) this.ask(this.start);
  }

  atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  scrolled() {
    this.more();
    const row = this.store.rows.get(this.id ?? "");
    if (!this.waiting) this.show(row);
  }

  remove() {
    clearTimeout(this.timer);
  }
}
