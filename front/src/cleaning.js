/** Cleaning up: Python proposes sessions that may go, and what is ticked is deleted. */
import { ask } from "./dialog.js";
import { button, h } from "./dom.js";
import { age, ago, count, plain, size } from "./text.js";

/** @typedef {import("./types.js").Proposal} Proposal */

/** What is proposed, why, and whether it is ticked: only where there is nothing to lose. */
const GROUPS = {
  empty: { label: "Empty", help: "nothing was said in them", ticked: true },
  abandoned: { label: "Abandoned", help: "a prompt without an answer", ticked: false },
  old: { label: "Old", help: "not used for longer than that", ticked: false },
};

export class Cleaning {
  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view;
    /** @type {Proposal[]} */
    this.proposals = [];
    /** @type {Set<string>} */
    this.ticked = new Set();
    this.field = h("input", {
      type: "text",
      class: "cp-field cp-age",
      value: view.store.model.get("older") || "30d",
      "aria-label": "Old is what was not used for, such as 30d, 8w or 12h",
      onchange: () => this.request(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && this.request(),
    });
    this.found = h("div", { class: "cp-groups", "aria-live": "polite" });
    this.confirm = button({ class: "cp-button cp-danger", disabled: true }, "Delete");
  }

  /** @returns {Promise<string[]>} The IDs that were ticked and confirmed. */
  async ask() {
    const ending = new AbortController();
    this.view.store.addEventListener(
      "clean",
      (event) => this.take(/** @type {CustomEvent} */ (event).detail.proposals),
      { signal: ending.signal },
    );
    this.request();
    const question = {
      title: "Clean up sessions",
      body: h(
        "div",
        {},
        h("p", {}, "Old means not used for ", this.field, " (such as 30d, 8w, 12h)."),
        this.found,
      ),
      confirm: this.confirm,
    };
    const yes = await ask(this.view.root, question);
    ending.abort();
    return yes ? [...this.ticked] : [];
  }

  request() {
    const text = this.field.value.trim();
    const valid = age(text) !== null;
    this.field.setAttribute("aria-invalid", String(!valid));
    this.proposals = [];
    this.ticked.clear();
    this.sum();
    this.found.textContent = valid
      ? "Looking…"
      : "Write the age as a number and m, h, d or w: 30d is thirty days.";
    if (valid) this.view.store.send({ do: "clean", age: text });
  }

  /** @param {Proposal[]} proposals */
  take(proposals) {
    this.proposals = proposals;
    this.ticked = new Set(proposals.filter(({ why }) => GROUPS[why].ticked).map(({ id }) => id));
    const groups = Object.keys(GROUPS).map((why) => this.group(/** @type {any} */ (why)));
    const some = groups.filter((group) => !!group);
    this.found.replaceChildren(...(some.length ? some : ["There is nothing to clean up."]));
    this.sum();
  }

  /** @param {keyof typeof GROUPS} why */
  group(why) {
    const proposals = this.proposals.filter((proposal) => proposal.why === why);
    if (!proposals.length) return null;
    const { label, help } = GROUPS[why];
    const all = h("input", { type: "checkbox" });
    const boxes = proposals.map(({ id }) => h("input", { type: "checkbox", value: id }));
    const draw = () => {
      const ticked = boxes.filter((box) => (box.checked = this.ticked.has(box.value))).length;
      all.checked = ticked === boxes.length;
      all.indeterminate = ticked > 0 && !all.checked;
      this.sum();
    };
    /** @param {HTMLInputElement} box @param {boolean} on */
    const tick = (box, on) => (on ? this.ticked.add(box.value) : this.ticked.delete(box.value));
    all.addEventListener("change", () => {
      for (const box of boxes) tick(box, all.checked);
      draw();
    });
    for (const box of boxes) {
      box.addEventListener("change", () => {
        tick(box, box.checked);
        draw();
      });
    }
    draw();
    const bytes = proposals.reduce((sum, proposal) => sum + proposal.bytes, 0);
    return h(
      "fieldset",
      {},
      h(
        "legend",
        {},
        h("label", {}, all, `${label}: ${count(proposals.length, "session")}, ${size(bytes)}`),
        h("span", { class: "cp-about" }, help),
      ),
      h("ul", { class: "cp-sessions" }, ...proposals.map((one, i) => item(one, boxes[i]))),
    );
  }

  sum() {
    const chosen = this.proposals.filter(({ id }) => this.ticked.has(id));
    const bytes = chosen.reduce((sum, { bytes }) => sum + bytes, 0);
    this.confirm.disabled = !chosen.length;
    this.confirm.textContent = chosen.length
      ? `Delete ${count(chosen.length, "session")} (${size(bytes)})`
      : "Delete";
  }
}

/** @param {Proposal} proposal @param {HTMLInputElement} box */
function item({ id, title, bytes, modified }, box) {
  return h(
    "li",
    {},
    h(
      "label",
      {},
      box,
      h("bdi", { class: "cp-id" }, id),
      h("bdi", { class: "cp-text" }, plain(title)),
      h("span", { class: "cp-about" }, `${ago(modified)}, ${size(bytes)}`),
    ),
  );
}
