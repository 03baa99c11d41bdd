/** The table of sessions: a grid that follows the store and keeps selection, scroll and focus. */
import {
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnApiModule,
  createGrid,
  EventApiModule,
  ExternalFilterModule,
  ModuleRegistry,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  RowStyleModule,
  ScrollApiModule,
} from "ag-grid-community";
import { Choosing } from "./choosing.js";
import { columns } from "./columns.js";
import { button, h } from "./dom.js";
import { ROW, ROW_WITH_HIT, theme } from "./theme.js";

ModuleRegistry.registerModules([
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnApiModule,
  EventApiModule,
  ExternalFilterModule,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  RowStyleModule,
  ScrollApiModule,
]);

/** @typedef {import("./types.js").Row} Row */

export class Table {
  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view;
    this.store = view.store;
    const place = h("div", { class: "cp-grid" });
    this.none = h(
      "div",
      { class: "cp-nothing", hidden: true },
      "No session passes the search and the filters.",
      button({ class: "cp-button", onclick: () => view.header.clear() }, "Show all"),
    );
    this.element = h("div", { class: "cp-table" }, place, this.none);
    /** @type {Set<string>} */
    this.tall = new Set();
    this.grid = createGrid(place, this.options());
    this.choosing = new Choosing(this);
    view.on("rows", ({ rows, gone }) => this.update(rows, gone));
    view.on("shown", () => this.filter());
    view.on("selected", () => this.choosing.show());
    this.choosing.show();
  }

  /** @returns {import("ag-grid-community").GridOptions<Row>} */
  options() {
    const { store } = this;
    return {
      theme,
      columnDefs: columns(store, (row) => this.view.act("star", { id: row.id, on: !row.star })),
      rowData: [...store.rows.values()],
      getRowId: ({ data }) => data.id,
      getRowHeight: ({ data }) =>
        data && store.search.hits.has(data.id) ? ROW_WITH_HIT : ROW,
      rowClassRules: {
        "cp-row-here": ({ data }) => !!data?.here,
        "cp-row-starred": ({ data }) => !!data?.star,
      },
      rowSelection: {
        mode: "multiRow",
        checkboxes: false,
        headerCheckbox: false,
        enableClickSelection: true,
      },
      isExternalFilterPresent: () => true,
      doesExternalFilterPass: ({ data }) => !!data && store.shows(data),
      postSortRows: ({ nodes }) => starredFirst(nodes),
      defaultColDef: { sortable: true, suppressMovable: true },
      suppressMultiSort: true,
      suppressNoRowsOverlay: true,
      suppressColumnVirtualisation: true,
      suppressDragLeaveHidesColumns: true,
      ensureDomOrder: true,
      animateRows: false,
      // Tab leaves the grid: the arrows move in it, up into the headings too.
      tabToNextCell: () => false,
      tabToNextHeader: () => false,
      focusGridInnerElement: () => this.focus(),
      onCellFocused: (event) => this.choosing.focused(event),
      onCellKeyDown: ({ event, data }) => this.choosing.key(event, data),
      onSelectionChanged: ({ source }) => this.choosing.changed(source),
      onGridSizeChanged: () => this.measure(),
      onColumnResized: () => this.measure(),
      onModelUpdated: () => {
        this.none.hidden = this.shown() > 0 || !this.store.rows.size;
      },
    };
  }

  /** Gives the line that shows a hit the room from the title to the right edge. */
  measure() {
    const { left, right } = this.grid.getHorizontalPixelRange();
    const title = this.grid.getColumn("title")?.getLeft() ?? 0;
    this.element.style.setProperty("--cp-hit-width", `${right - left - title}px`);
  }

  /** How many sessions pass the search and the filters. */
  shown() {
    return this.grid?.getDisplayedRowCount() ?? 0;
  }

  /** @param {Row[]} rows @param {string[]} gone */
  update(rows, gone) {
    const known = (/** @type {Row} */ row) => !!this.grid.getRowNode(row.id);
    this.grid.applyTransaction({
      add: rows.filter((row) => !known(row)),
      update: rows.filter(known),
      remove: gone.map((id) => this.grid.getRowNode(id)?.data).filter((row) => !!row),
    });
    this.choosing.show();
    this.view.header.draw();
  }

  filter() {
    this.heighten();
    this.grid.onFilterChanged();
    this.grid.refreshCells({ columns: ["id", "title", "model", "folder"], force: true });
    this.view.header.draw();
  }

  /** Rows with a hit are taller. Only what changes is told: there may be ten thousand rows. */
  heighten() {
    const { hits } = this.store.search;
    for (const id of new Set([...this.tall, ...hits.keys()])) {
      this.grid.getRowNode(id)?.setRowHeight(hits.has(id) ? ROW_WITH_HIT : ROW);
    }
    this.tall = new Set(hits.keys());
  }

  /** Says the times anew. */
  tick() {
    this.grid.refreshCells({ columns: ["modified"], force: true });
  }

  /** @param {boolean} [first] The first row rather than the one last chosen. */
  focus(first = false) {
    return this.choosing.focus(first);
  }

  remove() {
    this.grid.destroy();
  }
}

/** @param {import("ag-grid-community").IRowNode<Row>[]} nodes */
function starredFirst(nodes) {
  const starred = nodes.filter((node) => node.data?.star);
  if (!starred.length) return;
  const others = nodes.filter((node) => !node.data?.star);
  nodes.splice(0, nodes.length, ...starred, ...others);
}
