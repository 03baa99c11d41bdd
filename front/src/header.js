/** The top of the picker: the search box, the filters, and how many sessions are shown. */
import { button, h, icon } from "./dom.js";
import { AGES, FILTERS } from "./filters.js";
import { ageInWords, count, digits } from "./text.js";

export class Header {
  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view;
    this.store = view.store;
    this.input = h("input", {
      type: "text",
      class: "cp-search-input",
      placeholder: "Search sessions and what was said",
      "aria-label": "Search sessions and what was said in them",
      spellcheck: false,
      autocomplete: "off",
      oninput: () => this.store.search.set(this.input.value),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
    });
    this.bar = h("div", { class: "cp-bar", role: "progressbar", "aria-label": "Searching" });
    this.count = h("div", { class: "cp-count" });
    this.busy = h("div", { class: "cp-busy" });
    this.ages = h("select", {
      class: "cp-ages",
      "aria-label": "Age of the filter “Older than”",
      onchange: () => this.old(),
    });
    /** @type {Map<string, HTMLButtonElement>} */
    this.buttons = new Map(
      Object.entries(FILTERS).map(([name, { label, help }]) => [
        name,
        button({ class: "cp-toggle", title: help, onclick: () => this.toggle(name) }, label),
      ]),
    );
    this.element = h(
      "div",
      { class: "cp-head" },
      h("div", { class: "cp-search" }, icon("search"), this.input, this.bar),
      this.count,
      this.busy,
      button({ class: "cp-button cp-clean", onclick: () => view.clean() }, "Clean up…"),
      h(
        "div",
        { class: "cp-filters", role: "group", "aria-label": "Filters" },
        ...this.buttons.values(),
        this.ages,
      ),
    );
    view.on("head", () => this.draw());
  }

  /** Also called by the table, once it shows what it should. */
  draw() {
    const { search, model, rows } = this.store;
    const active = model.get("filters");
    const older = model.get("older");
    for (const [name, toggle] of this.buttons) {
      toggle.setAttribute("aria-pressed", String(active.includes(name)));
    }
    if (!document.activeElement || document.activeElement !== this.input) {
      this.input.value = search.text;
    }
    const ages = AGES.includes(older) ? AGES : [older, ...AGES];
    if (ages.length !== this.ages.length || this.ages.value !== older) {
      this.ages.replaceChildren(
        ...ages.map((age) => h("option", { value: age, selected: age === older }, ageInWords(age))),
      );
    }
    this.progress(search.progress);
    this.count.textContent = this.shown(rows.size);
    this.busy.textContent = this.doing(search.progress);
  }

  /** @param {number} known */
  shown(known) {
    const total = Math.max(known, this.store.model.get("_head").total);
    const limited = this.store.search.needle || this.store.model.get("filters").length;
    if (!limited) return count(total, "session");
    return `${digits(this.view.table.shown())} of ${count(total, "session")}`;
  }

  /** @param {number | null} progress */
  doing(progress) {
    if (progress !== null) return `searching what was said, ${Math.floor(progress * 100)} %`;
    return this.store.model.get("_head").complete ? "" : "reading the sessions";
  }

  /** @param {number | null} progress */
  progress(progress) {
    this.bar.hidden = progress === null;
    this.bar.style.setProperty("--done", String(progress ?? 0));
    this.bar.setAttribute("aria-valuenow", String(Math.floor((progress ?? 0) * 100)));
  }

  /** @param {string} name */
  toggle(name) {
    const active = this.store.model.get("filters");
    const filters = active.includes(name) ? active.filter((f) => f !== name) : [...active, name];
    this.store.set({ filters });
  }

  old() {
    const active = this.store.model.get("filters");
    this.store.set({
      older: this.ages.value,
      filters: active.includes("older") ? active : [...active, "older"],
    });
  }

  /** Shows every session again. */
  clear() {
    this.input.value = "";
    this.store.search.set("");
    this.store.set({ filters: [] });
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Escape" && this.input.value) {
      this.input.value = "";
      this.store.search.set("");
    } else if (event.key === "Escape") this.view.table.focus();
    else if (event.key === "ArrowDown" || event.key === "Enter") this.view.table.focus(true);
    else return;
    event.preventDefault();
  }
}
