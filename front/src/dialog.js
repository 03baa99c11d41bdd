/** A question in front of the picker: the focus stays in it, Escape cancels. */
import { button, h } from "./dom.js";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {Node} body
 * @property {HTMLButtonElement} confirm The button that does it; its label is the caller's.
 */

/**
 * @param {HTMLElement} root The picker, in the middle of which the dialog appears.
 * @param {Question} question
 * @returns {Promise<boolean>} Whether it was confirmed.
 */
export function ask(root, { title, body, confirm }) {
  const before = document.activeElement;
  const heading = h("h3", { id: `cp-dialog-${Math.random().toString(36).slice(2)}` }, title);
  const cancel = button({ class: "cp-button" }, "Cancel");
  const dialog = h(
    "dialog",
    {
      class: "cp-dialog",
      "aria-labelledby": heading.id,
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Tab" && turn(event, dialog),
    },
    heading,
    h("div", { class: "cp-dialog-body" }, body),
    h("div", { class: "cp-dialog-foot" }, cancel, confirm),
  );
  const growing = new ResizeObserver(() => place(dialog, root.getBoundingClientRect()));
  root.append(dialog);
  return new Promise((resolve) => {
    cancel.addEventListener("click", () => dialog.close());
    confirm.addEventListener("click", () => dialog.close("yes"));
    dialog.addEventListener("close", () => {
      growing.disconnect();
      dialog.remove();
      if (before instanceof HTMLElement) before.focus();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
    growing.observe(dialog);
    cancel.focus();
  });
}

/**
 * From the last control on to the first, and back, where the browser would leave the page.
 *
 * @param {KeyboardEvent} event
 * @param {HTMLElement} dialog
 */
function turn(event, dialog) {
  /** @type {NodeListOf<HTMLElement>} */
  const found = dialog.querySelectorAll("button:enabled, input:enabled");
  const [first, last] = [found[0], found[found.length - 1]];
  const [from, to] = event.shiftKey ? [first, last] : [last, first];
  if (document.activeElement !== from) return;
  event.preventDefault();
  to.focus();
}

/**
 * Over the middle of the picker rather than of the window, which may be a frame of any height.
 *
 * @param {HTMLElement} dialog
 * @param {DOMRect} over
 */
function place(dialog, over) {
  const top = Math.max(over.top, 0);
  const bottom = Math.min(over.bottom, window.innerHeight);
  const middle = (top + bottom) / 2 - dialog.offsetHeight / 2;
  const lowest = window.innerHeight - dialog.offsetHeight - 8;
  dialog.style.top = `${Math.max(8, Math.min(middle, lowest))}px`;
  dialog.style.left = `${Math.max(8, over.left + (over.width - dialog.offsetWidth) / 2)}px`;
}
