/** The filters of the header: what each is called, and which sessions it lets through. */
import { age } from "./text.js";

/**
 * @typedef {import("./types.js").Row} Row
 *
 * @typedef {object} Filter
 * @property {string} label
 * @property {string} help
 * @property {(row: Row, limit: number) => boolean} passes `limit`: what was used after it is young.
 */

/** @type {Record<string, Filter>} */
export const FILTERS = {
  "this-notebook": {
    label: "This notebook",
    help: "Sessions that this notebook is bound to",
    passes: (row) => row.here,
  },
  "this-folder": {
    label: "This folder",
    help: "Sessions that work in this notebook's folder",
    passes: (row) => row.in_folder,
  },
  bound: {
    label: "Bound",
    help: "Sessions that a notebook is bound to",
    passes: (row) => row.here || row.notebook !== "",
  },
  "in-use": {
    label: "In use",
    help: "Sessions that someone holds just now",
    passes: (row) => row.user !== "",
  },
  damaged: {
    label: "Damaged",
    help: "Sessions whose journal has damage",
    passes: (row) => row.damaged === true,
  },
  older: {
    label: "Older than",
    help: "Sessions that were last used longer ago",
    passes: (row, limit) => row.modified < limit,
  },
};

/** The ages one can choose without Python. */
export const AGES = ["1d", "7d", "30d", "90d", "365d"];

/**
 * Whether a session passes every active filter.
 *
 * @param {string[]} active
 * @param {string} older The age of the filter "older".
 * @returns {(row: Row) => boolean}
 */
export function passing(active, older) {
  const filters = active.map((name) => FILTERS[name]).filter(Boolean);
  const limit = Date.now() - (age(older) ?? 0);
  return (row) => filters.every((filter) => filter.passes(row, limit));
}
