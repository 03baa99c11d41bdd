/**
 * What one picker knows, whatever number of views show it: the sessions, what the search found,
 * what is selected. It lives as long as the widget's model and speaks for it with Python.
 */
import { passing } from "./filters.js";
import { Search } from "./search.js";

/** @typedef {import("./types.js").Row} Row */

/** Rows arrive in many small messages: views hear of them together, after this many ms. */
const GATHER = 40;

/**
 * Tells its views, by events:
 *   `rows`      sessions came, changed or went (`detail`: `{rows, gone}`)
 *   `shown`     other sessions pass the search and the filters
 *   `selected`  other sessions are selected
 *   `head`      the state of the whole, the height or the progress of the search is another
 *   `said`      Python says something (`detail`: `{text, error}`)
 *   `preview`   a page of a conversation came (`detail`: a `Page`)
 *   `rewound`   a conversation went back (`detail`: `{id}`)
 *   `clean`     proposals for cleaning up came (`detail`: `{proposals}`)
 */
export class Store extends EventTarget {
  /** @param {import("./types.js").Model} model */
  constructor(model) {
    super();
    this.model = model;
    /** @type {Map<string, Row>} */
    this.rows = new Map(model.get("_rows").map((row) => [row.id, row]));
    this.search = new Search(this);
    this.passes = passing(model.get("filters"), model.get("older"));
    this.views = 0;
    this.asked = Date.now();
    /** @type {Map<string, Row>} */
    this.changed = new Map();
    /** @type {Set<string>} */
    this.gone = new Set();
    this.gathering = 0;
    this.selecting = false;
    this.ended = false;

    model.on("msg:custom", (message) => this.hear(message));
    model.on("change:selected", () => this.selecting || this.tell("selected"));
    model.on("change:value", () => this.selecting || this.follow());
    model.on("change:search", () => this.search.set(model.get("search")));
    model.on("change:filters", () => this.refilter());
    model.on("change:older", () => this.refilter());
    model.on("change:_head", () => this.tell("head"));
    model.on("change:height", () => this.tell("head"));
  }

  /** A view is there: with the first, Python sends all rows and follows the disk. */
  enter() {
    if (this.views++) return;
    this.send({ do: "hello" });
    this.search.set(this.model.get("search"));
  }

  /** A view is gone: nobody looks after the last. */
  leave() {
    if (!--this.views) this.send({ do: "bye" });
  }

  /** The kernel is gone: what is shown can be read, and no more. */
  end() {
    this.ended = true;
    this.tell("head");
  }

  /** Numbers that no earlier page of this kernel has used. */
  number() {
    return ++this.asked;
  }

  /** @param {Record<string, unknown>} message */
  send(message) {
    this.model.send(message);
  }

  /** @param {string} name @param {unknown} [detail] */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Whether the table shows the session. @param {Row} row */
  shows(row) {
    return this.passes(row) && this.search.matches(row);
  }

  /** @param {any} message */
  hear(message) {
    if (message.is === "rows") this.take(message.rows, message.gone);
    else if (message.is === "hits") this.search.take(message);
    else this.tell(message.is, message);
  }

  /** @param {Row[]} rows @param {string[]} gone */
  take(rows, gone) {
    for (const row of rows) {
      this.rows.set(row.id, row);
      this.changed.set(row.id, row);
      this.gone.delete(row.id);
      this.search.forget(row.id);
    }
    for (const id of gone) {
      if (!this.rows.delete(id)) continue;
      this.changed.delete(id);
      this.gone.add(id);
      this.search.forget(id);
    }
    this.gathering ||= window.setTimeout(() => this.pass(), GATHER);
  }

  /** Passes on to the views what has gathered. */
  pass() {
    const { changed, gone } = this;
    this.gathering = 0;
    this.changed = new Map();
    this.gone = new Set();
    this.tell("rows", { rows: [...changed.values()], gone: [...gone] });
    this.select(this.selected.filter((id) => !gone.has(id)));
  }

  get selected() {
    return this.model.get("selected");
  }

  get value() {
    return this.model.get("value");
  }

  /**
   * Selects these sessions, one of them as the value.
   *
   * @param {string[]} ids
   * @param {string | null} [value] The one last chosen.
   */
  select(ids, value = this.value) {
    const chosen = value !== null && ids.includes(value) ? value : (ids.at(-1) ?? null);
    if (chosen === this.value && same(ids, this.selected)) return;
    this.selecting = true;
    this.set({ selected: ids, value: chosen });
    this.selecting = false;
    this.tell("selected");
  }

  /** Python chose a value: it is selected, alone unless it was among the selected. */
  follow() {
    const value = this.value;
    if (value === null) this.select([]);
    else if (!this.selected.includes(value)) this.select([value], value);
  }

  /** @param {Partial<import("./types.js").Traits>} traits */
  set(traits) {
    for (const [name, value] of Object.entries(traits)) {
      this.model.set(/** @type {keyof import("./types.js").Traits} */ (name), value);
    }
    this.model.save_changes();
  }

  refilter() {
    this.passes = passing(this.model.get("filters"), this.model.get("older"));
    this.tell("shown");
  }
}

/** @param {string[]} some @param {string[]} others */
function same(some, others) {
  return some.length === others.length && some.every((id, i) => id === others[i]);
}
