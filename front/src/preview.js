/** Beside the table: the selected session, what can be done with it, and its conversation. */
import { Conversation } from "./conversation.js";
import { copy } from "./clipboard.js";
import { button, focusOn, h, icon } from "./dom.js";
import { exportMenu } from "./menu.js";
import { ago, count, exact, holder, plain, size } from "./text.js";

/** @typedef {import("./types.js").Row} Row */

/** The runtime's longest title. */
const LONGEST_TITLE = 100;

export class Preview {
  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view;
    this.store = view.store;
    this.conversation = new Conversation(view);
    this.top = h("div", { class: "cp-top" });
    this.actions = h("div", { class: "cp-actions", role: "toolbar", "aria-label": "Actions" });
    this.element = h(
      "section",
      { class: "cp-preview", "aria-label": "Selected session" },
      this.top,
      this.actions,
      this.conversation.element,
    );
    /** What is drawn: a change elsewhere must not take the focus from a button. */
    this.drawn = "";
    view.on("selected", () => this.draw());
    view.on("rows", () => this.draw());
    view.on("preview", (page) => this.conversation.take(page));
    view.on("rewound", ({ id }) => this.conversation.again(id));
    this.draw();
  }

  draw() {
    const { rows, selected, value } = this.store;
    const chosen = selected.map((id) => rows.get(id)).filter((row) => !!row);
    const row = chosen.length === 1 && value !== null ? rows.get(value) : undefined;
    this.view.root.dataset.chosen = String(Math.min(chosen.length, 2));
    this.conversation.show(row);
    const now = JSON.stringify(row ?? chosen);
    if (now === this.drawn || this.top.querySelector("form")) return;
    this.drawn = now;
    if (row) this.one(row);
    else if (chosen.length) this.several(chosen);
    else this.none();
  }

  none() {
    this.top.replaceChildren(
      h("p", { class: "cp-hint" }, "Choose a session to see its conversation."),
    );
    this.actions.replaceChildren();
  }

  /** @param {Row} row */
  one(row) {
    this.top.replaceChildren(
      h("h3", {}, h("bdi", { title: plain(row.title, 1000) }, plain(row.title) || row.id)),
      h(
        "p",
        { class: "cp-facts" },
        h("span", { class: "cp-copied" }, h("bdi", { class: "cp-id" }, row.id), this.copy(row)),
        h("span", { title: exact(row.modified) }, ago(row.modified)),
        row.turns !== null && h("span", {}, count(row.turns, "turn")),
        row.model && h("bdi", {}, plain(row.model)),
        h("span", {}, size(row.bytes)),
        row.user &&
          h("bdi", { title: plain(row.user, 1000) }, `in use by ${plain(holder(row.user))}`),
        h("bdi", { title: plain(row.folder, 1000) }, plain(row.folder)),
      ),
    );
    const { id } = row;
    this.keep(
      this.action("resume", "Resume here", () => this.view.act("resume", { id }), "cp-primary"),
      this.action("fork", "Fork here", () => this.view.act("fork", { id })),
      this.action("title", "Edit title", () => this.rename(row)),
      this.star(row),
      exportMenu((as) => this.view.act("export", { ids: [id], as })),
      this.action("delete", "Delete…", () => this.view.removeSelected(), "cp-danger"),
    );
  }

  /** @param {Row[]} rows */
  several(rows) {
    const ids = rows.map((row) => row.id);
    const hidden = rows.filter((row) => !this.store.shows(row)).length;
    const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
    this.top.replaceChildren(
      h("h3", {}, `${count(rows.length, "session")} selected`),
      h(
        "p",
        { class: "cp-facts" },
        h("span", {}, size(bytes)),
        hidden > 0 && h("span", {}, `${hidden} of them hidden by the search or a filter`),
      ),
    );
    this.keep(
      exportMenu((as) => this.view.act("export", { ids, as })),
      this.action("delete", "Delete…", () => this.view.removeSelected(), "cp-danger"),
    );
  }

  /** Replaces the buttons, and keeps the focus on the one that had it. @param {...Node} buttons */
  keep(...buttons) {
    const focused = document.activeElement;
    const name = this.actions.contains(focused) && focused?.getAttribute("data-action");
    this.actions.replaceChildren(...buttons);
    if (name) focusOn(this.actions, `[data-action="${name}"]`);
  }

  /** @param {string} name @param {string} label @param {() => void} act */
  action(name, label, act, kind = "") {
    return button({ class: `cp-button ${kind}`, "data-action": name, onclick: act }, label);
  }

  /** @param {Row} row */
  star({ id, star }) {
    const toggle = this.action("star", "", () => this.view.act("star", { id, on: !star }));
    toggle.setAttribute("aria-pressed", String(star));
    toggle.append(icon("star"), star ? "Starred" : "Star");
    return toggle;
  }

  /** @param {Row} row */
  copy({ id }) {
    return button(
      {
        class: "cp-copy",
        title: "Copy ID",
        "aria-label": "Copy ID",
        onclick: async () => this.view.say(await copy(id, this.view.root)),
      },
      icon("copy"),
    );
  }

  /** The title as a field, until it is saved or left. @param {Row} row */
  rename(row) {
    const field = h("input", {
      type: "text",
      class: "cp-field",
      value: plain(row.title).slice(0, LONGEST_TITLE),
      maxLength: LONGEST_TITLE,
      "aria-label": `Title of ${row.id}`,
    });
    const done = () => {
      this.top.replaceChildren();
      this.drawn = "";
      this.draw();
      focusOn(this.actions, '[data-action="title"]');
    };
    const form = h(
      "form",
      {
        class: "cp-rename",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          const title = field.value.trim();
          if (title && title !== row.title) this.view.act("title", { id: row.id, title });
          done();
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && done(),
      },
      field,
      h("button", { type: "submit", class: "cp-button cp-primary" }, "Save"),
      button({ class: "cp-button", onclick: done }, "Cancel"),
    );
    this.top.replaceChildren(form);
    field.select();
  }

  remove() {
    this.conversation.remove();
  }
}
