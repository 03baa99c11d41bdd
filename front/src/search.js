/**
 * The search: by what a row says at once, by what was said in the conversations as Python finds it.
 */
import { plain } from "./text.js";

/**
 * @typedef {import("./types.js").Row} Row
 * @typedef {import("./types.js").Hit} Hit
 */

/** Python is asked once typing pauses for this many ms. */
const PAUSE = 120;
/** Hits arrive in many small messages: views hear of them together, after this many ms. */
const GATHER = 60;

export class Search {
  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** What the search box holds. */
    this.text = "";
    /** What is searched for, in lower case. */
    this.needle = "";
    /** What a row says, in lower case. @type {Map<string, string>} */
    this.said = new Map();
    /** @type {Map<string, Hit & {n: number}>} */
    this.hits = new Map();
    this.n = 0;
    this.timer = 0;
    this.gathering = 0;
    /** How far the full-text search is; `null`: none runs. @type {number | null} */
    this.progress = null;
  }

  /** Whether the search lets the session through. @param {Row} row */
  matches(row) {
    if (!this.needle || this.hits.has(row.id)) return true;
    let said = this.said.get(row.id);
    if (said === undefined) {
      said = [row.id, row.title, row.folder, row.model].join("\n").toLowerCase();
      this.said.set(row.id, said);
    }
    return said.includes(this.needle);
  }

  /** The row says something else now. @param {string} id */
  forget(id) {
    this.said.delete(id);
    if (!this.store.rows.has(id)) this.hits.delete(id);
  }

  /** @param {string} text */
  set(text) {
    const needle = text.trim().toLowerCase();
    this.text = text;
    if (needle === this.needle) return;
    this.needle = needle;
    // What the last text found and the new one still marks stays until the answer is there.
    for (const [id, hit] of this.hits) {
      const at = needle ? hit.text.toLowerCase().indexOf(needle) : -1;
      if (at < 0) this.hits.delete(id);
      else this.hits.set(id, { ...hit, at, length: needle.length });
    }
    this.n = this.store.number();
    this.progress = needle.length >= 2 ? 0 : null;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask(), PAUSE);
    this.store.tell("shown");
    this.store.tell("head");
  }

  ask() {
    const text = this.text.trim();
    this.store.set({ search: this.text });
    this.store.send({ do: "search", text: text.length >= 2 ? text : "", n: this.n });
  }

  /** @param {{n: number, hits: Hit[], done: boolean, read: number, total: number}} message */
  take({ n, hits, done, read, total }) {
    if (n < this.n || !this.needle) return;
    this.n = n; // Another page on the same kernel may have asked last.
    for (const hit of hits) this.hits.set(hit.id, { ...hit, n });
    if (done) {
      for (const [id, hit] of this.hits) if (hit.n !== n) this.hits.delete(id);
    }
    this.progress = done ? null : total ? read / total : 0;
    this.gathering ||= window.setTimeout(() => this.pass(), GATHER);
  }

  /** Tells the views what has been found meanwhile. */
  pass() {
    this.gathering = 0;
    this.store.tell("shown");
    this.store.tell("head");
  }

  /**
   * The hit in a session as a line that begins shortly before the match.
   *
   * @param {string} id
   */
  extract(id) {
    const hit = this.hits.get(id);
    if (!hit) return null;
    const from = hit.at > 24 ? hit.at - 16 : 0;
    const end = hit.at + hit.length;
    return {
      who: { user: "You", assistant: "Copilot", tool: "Tool", session: "Session" }[hit.role],
      before: `${from ? "…" : ""}${plain(hit.text.slice(from, hit.at))}`,
      match: plain(hit.text.slice(hit.at, end)),
      after: plain(hit.text.slice(end)),
    };
  }
}
