/** Which rows are chosen: by click, by arrow keys, by Python, and in other views of the picker. */

/**
 * @typedef {import("./types.js").Row} Row
 * @typedef {import("ag-grid-community").IRowNode<Row>} Node
 */

/** Keys that move the focus. */
const MOVES = /^(Arrow|Page|Home|End)/;

export class Choosing {
  /** @param {import("./table.js").Table} table */
  constructor(table) {
    this.table = table;
    this.grid = table.grid;
    this.store = table.store;
    this.view = table.view;
    /** What moved the focus last, where it was a key. @type {KeyboardEvent | null} */
    this.moving = null;
    /** Where a range that Shift extends began. */
    this.anchor = 0;
    this.row = -1;
    table.element.addEventListener("keydown", (event) => (this.moving = event), true);
    table.element.addEventListener("mousedown", () => (this.moving = null), true);
  }

  /** The store's selection, in the grid. */
  show() {
    const chosen = new Set(this.store.selected);
    const now = new Set(this.grid.getSelectedNodes().map((node) => node.id));
    const others = [...now].filter((id) => !chosen.has(id ?? ""));
    const missing = [...chosen].filter((id) => !now.has(id));
    this.set(others, false);
    this.set(missing, true);
    if (missing.length && chosen.size === 1) this.reveal();
  }

  /** @param {(string | undefined)[]} ids @param {boolean} chosen */
  set(ids, chosen) {
    const nodes = ids.map((id) => this.grid.getRowNode(id ?? "")).filter((node) => !!node);
    if (nodes.length) this.grid.setNodesSelected({ nodes, newValue: chosen, source: "api" });
  }

  /** Scrolls to the value. */
  reveal() {
    const node = this.grid.getRowNode(this.store.value ?? "");
    if (node?.displayed) this.grid.ensureNodeVisible(node);
  }

  /** The grid's selection, in the store. @param {string} source */
  changed(source) {
    if (source === "api" || source === "rowDataChanged") return;
    const ids = this.grid.getSelectedNodes().map((node) => node.id ?? "");
    const focused = this.grid.getFocusedCell()?.rowIndex;
    const node = focused === undefined ? undefined : this.grid.getDisplayedRowAtIndex(focused);
    this.store.select(ids, node?.id ?? null);
  }

  /**
   * The focus is in another row: the arrow keys take the selection along.
   *
   * @param {import("ag-grid-community").CellFocusedEvent<Row>} event
   */
  focused({ rowIndex }) {
    if (rowIndex === null || rowIndex === this.row) return;
    this.row = rowIndex;
    if (this.moving && MOVES.test(this.moving.key)) this.move(rowIndex, this.moving.shiftKey);
    else this.anchor = rowIndex;
  }

  /** @param {number} to @param {boolean} extending */
  move(to, extending) {
    if (!extending) this.anchor = to;
    const [first, last] = [Math.min(this.anchor, to), Math.max(this.anchor, to)];
    const ids = [];
    for (let i = first; i <= last; i++) ids.push(this.grid.getDisplayedRowAtIndex(i)?.id ?? "");
    this.store.select(ids, this.grid.getDisplayedRowAtIndex(to)?.id ?? null);
  }

  /** @param {Event | null | undefined} event @param {Row | undefined} row */
  key(event, row) {
    if (!(event instanceof KeyboardEvent) || !row) return;
    if (event.key === "Enter") this.view.act("resume", { id: row.id });
    else if (event.key === "Delete") this.view.removeSelected();
    else if (event.key === "Escape") this.leave();
  }

  /** Out of a selection of several, else out of the picker. */
  leave() {
    const { value, selected } = this.store;
    if (selected.length > 1 && value !== null) return this.store.select([value], value);
    const outer = this.view.root.parentElement?.closest("[tabindex]");
    if (outer instanceof HTMLElement) outer.focus();
  }

  /** Puts the focus on the chosen row, or the first. */
  focus(first = false) {
    const value = this.grid.getRowNode(this.store.value ?? "");
    const index = !first && value?.displayed ? (value.rowIndex ?? 0) : 0;
    const node = this.grid.getDisplayedRowAtIndex(index);
    if (!node) return false;
    this.grid.ensureIndexVisible(index);
    this.grid.setFocusedCell(index, "id");
    if (first) this.move(index, false);
    return true;
  }
}
