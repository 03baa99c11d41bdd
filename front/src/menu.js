/** The Export button and the two formats it opens. */
import { button, h, icon } from "./dom.js";

/** @param {(as: "markdown" | "jsonl") => void} act */
export function exportMenu(act) {
  const toggle = button(
    { class: "cp-button", "data-action": "export", "aria-haspopup": "menu" },
    "Export",
    icon("down"),
  );
  /** @param {string} label @param {"markdown" | "jsonl"} as */
  const item = (label, as) =>
    button({ role: "menuitem", tabIndex: -1, onclick: () => (open(false), act(as)) }, label);
  const items = [item("Markdown", "markdown"), item("JSON lines", "jsonl")];
  const list = h("div", { class: "cp-list", role: "menu", "aria-label": "Export as" }, ...items);

  /** @param {boolean} yes */
  const open = (yes) => {
    list.hidden = !yes;
    toggle.setAttribute("aria-expanded", String(yes));
    (yes ? items[0] : toggle).focus();
  };
  list.hidden = true;
  toggle.setAttribute("aria-expanded", "false");
  toggle.addEventListener("click", () => open(!!list.hidden));
  return h(
    "div",
    {
      class: "cp-menu",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const at = items.indexOf(/** @type {any} */ (event.target));
        if (event.key === "Escape" && !list.hidden) open(false);
        else if (event.key === "ArrowDown") at < 0 ? open(true) : items[(at + 1) % 2].focus();
        else if (event.key === "ArrowUp" && at >= 0) items[(at + 1) % 2].focus();
        else return;
        event.preventDefault();
      },
      onfocusout: (/** @type {FocusEvent} */ { relatedTarget }) => {
        if (/** @type {Node[]} */ ([toggle, ...items]).some((one) => one === relatedTarget)) return;
        list.hidden = true;
        toggle.setAttribute("aria-expanded", "false");
      },
    },
    toggle,
    list,
  );
}
