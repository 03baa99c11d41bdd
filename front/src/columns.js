/** The table's columns: what each shows, how it is sorted, how wide it is. */
import { button, h, icon, marked } from "./dom.js";
import { ago, digits, exact, holder, plain, size, tail } from "./text.js";

/**
 * @typedef {import("./types.js").Row} Row
 * @typedef {import("ag-grid-community").ColDef<Row>} Column
 * @typedef {import("./store.js").Store} Store
 */

const ORDER = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** @param {any} a @param {any} b */
const alphabetical = (a, b) => ORDER.compare(a, b);
/** @param {any} a @param {any} b */
const numerical = (a, b) => (a ?? -1) - (b ?? -1);

/** Numbers and times begin with the largest. @type {Partial<Column>} */
const LARGEST_FIRST = { comparator: numerical, sortingOrder: ["desc", "asc"] };
/** @type {Partial<Column>} */
const TEXT = { comparator: alphabetical, sortingOrder: ["asc", "desc"] };

/**
 * A cell that is drawn from its row.
 *
 * @param {(row: Row) => Node} draw
 * @returns {Partial<Column>}
 */
function drawn(draw) {
  return {
    cellRenderer: (/** @type {{data: Row}} */ { data }) => draw(data),
    // What is shown may change where the value does not: a hit, a mark, the time.
    equals: () => false,
  };
}

/**
 * Text that may hold anything: on one line, in its own direction, whole on hover.
 *
 * @param {string} text
 * @param {string} needle What is searched for, to be marked.
 * @param {string} [hover]
 */
function text(text, needle, hover = text) {
  return h("bdi", { class: "cp-text", title: plain(hover, 1000) }, ...marked(plain(text), needle));
}

/** @param {Row} row @param {Store} store */
function title(row, store) {
  const { needle } = store.search;
  const line = h(
    "div",
    { class: "cp-title" },
    row.here && h("span", { class: "cp-badge cp-here" }, "this notebook"),
    row.damaged && h("span", { class: "cp-badge cp-damaged" }, "damaged"),
    row.title
      ? text(row.title, needle)
      : h("span", { class: "cp-none" }, row.turns === 0 ? "no prompt yet" : "untitled"),
  );
  const hit = store.search.extract(row.id);
  if (!hit) return line;
  const extract = h(
    "div",
    { class: "cp-hit" },
    h("span", { class: "cp-who" }, `${hit.who}: `),
    h("bdi", {}, hit.before, h("mark", {}, hit.match), hit.after),
  );
  return h("div", {}, line, extract);
}

/** @param {Row} row @param {(row: Row) => void} toggle */
function star(row, toggle) {
  return button(
    {
      class: "cp-star",
      tabIndex: -1,
      title: row.star ? "Starred: kept on top" : "Star: keep on top",
      "aria-pressed": String(row.star),
      "aria-label": `Star ${row.id}`,
      onclick: (/** @type {MouseEvent} */ event) => {
        event.stopPropagation();
        toggle(row);
      },
    },
    icon("star"),
  );
}

/**
 * @param {Store} store
 * @param {(row: Row) => void} toggle Stars or unstars a session.
 * @returns {Column[]}
 */
export function columns(store, toggle) {
  /** @param {string} value */
  const found = (value) => text(value, store.search.needle);
  return [
    {
      field: "star",
      headerName: "Starred",
      headerClass: "cp-star-head",
      width: 34,
      resizable: false,
      ...LARGEST_FIRST,
      ...drawn((row) => star(row, toggle)),
    },
    {
      field: "id",
      headerName: "ID",
      flex: 1.5,
      minWidth: 100,
      cellClass: "cp-id",
      ...TEXT,
      ...drawn((row) => found(row.id)),
    },
    {
      field: "title",
      headerName: "Title",
      flex: 4,
      minWidth: 170,
      ...TEXT,
      ...drawn((row) => title(row, store)),
    },
    {
      field: "turns",
      headerName: "Turns",
      width: 56,
      type: "rightAligned",
      ...LARGEST_FIRST,
      valueFormatter: ({ value }) => (value === null ? "…" : digits(value)),
    },
    {
      field: "modified",
      headerName: "Last used",
      width: 114,
      sort: "desc",
      ...LARGEST_FIRST,
      ...drawn((row) => h("span", { title: exact(row.modified) }, ago(row.modified))),
    },
    {
      field: "model",
      headerName: "Model",
      flex: 1,
      minWidth: 72,
      ...TEXT,
      ...drawn((row) => found(row.model)),
    },
    {
      field: "folder",
      headerName: "Folder",
      flex: 1,
      minWidth: 80,
      ...TEXT,
      ...drawn((row) => text(tail(row.folder), store.search.needle, row.folder)),
    },
    {
      field: "bytes",
      headerName: "Size",
      width: 66,
      type: "rightAligned",
      ...LARGEST_FIRST,
      valueFormatter: ({ value }) => size(value),
    },
    {
      field: "user",
      headerName: "In use by",
      flex: 1,
      minWidth: 80,
      ...TEXT,
      ...drawn((row) => text(holder(row.user), "", row.user)),
    },
  ];
}
