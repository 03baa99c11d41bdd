/** Copying text, also where the page may not use the clipboard's own interface. */
import { h } from "./dom.js";

/**
 * @param {string} text
 * @param {HTMLElement} root Where a field may be put for a moment.
 * @returns {Promise<string>} What to say of it.
 */
export async function copy(text, root) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http, or a frame without the permission.
    const focused = document.activeElement;
    const field = h("textarea", { class: "cp-unseen", value: text });
    root.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    if (!copied) return `The browser does not let the page copy: ${text}`;
  }
  return `Copied ${text}.`;
}
