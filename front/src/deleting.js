/** What is asked before sessions are deleted: which, how much, and which cannot be. */
import { ask } from "./dialog.js";
import { button, h } from "./dom.js";
import { count, plain, size } from "./text.js";

/** @typedef {import("./types.js").Row} Row */

/**
 * @param {HTMLElement} root
 * @param {Row[]} rows
 * @returns {Promise<string[]>} The IDs to delete; none where it was cancelled.
 */
export async function askToDelete(root, rows) {
  const free = rows.filter((row) => !row.user);
  const held = rows.filter((row) => row.user);
  const bytes = free.reduce((sum, row) => sum + row.bytes, 0);
  const body = h(
    "div",
    {},
    free.length > 0 && list(free, said),
    free.length > 0 && h("p", {}, `${size(bytes)} in all. They cannot be brought back.`),
    held.length > 0 && h("p", { class: "cp-error" }, "In use, so not to be deleted:"),
    held.length > 0 && list(held, (row) => `in use by ${plain(row.user)}`, "cp-held"),
  );
  const confirm = button(
    { class: "cp-button cp-danger", disabled: !free.length },
    free.length ? `Delete ${count(free.length, "session")} (${size(bytes)})` : "Delete",
  );
  const title = rows.length === 1 ? "Delete this session?" : `Delete ${rows.length} sessions?`;
  return (await ask(root, { title, body, confirm })) ? free.map((row) => row.id) : [];
}

/** @param {Row} row */
function said(row) {
  return row.turns === null ? size(row.bytes) : `${count(row.turns, "turn")}, ${size(row.bytes)}`;
}

/** @param {Row[]} rows @param {(row: Row) => string} about */
function list(rows, about, kind = "") {
  const items = rows.map((row) =>
    h(
      "li",
      {},
      h("bdi", { class: "cp-id" }, row.id),
      h("bdi", { class: "cp-text" }, plain(row.title)),
      h("bdi", { class: "cp-about" }, about(row)),
    ),
  );
  return h("ul", { class: `cp-sessions ${kind}` }, ...items);
}
