/** Elements in one expression. Text is always text: nothing here parses HTML. */

/**
 * @typedef {Node | string | null | undefined | false} Child Nothing is put where there is nothing.
 * @typedef {Record<string, any>} Properties `on…` listens, known properties are set, the rest are
 *   attributes; `null` and `false` attributes are left out.
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && !name.startsWith("aria")) Reflect.set(element, name, value);
    else if (value !== null && value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/**
 * Moves the focus to what the selector finds, if it finds something.
 *
 * @param {HTMLElement} within
 * @param {string} selector
 */
export function focusOn(within, selector) {
  const found = within.querySelector(selector);
  if (found instanceof HTMLElement) found.focus();
}

/**
 * A button that submits nothing.
 *
 * @param {Properties} properties
 * @param {...Child} children
 */
export function button(properties, ...children) {
  return h("button", { type: "button", ...properties }, ...children);
}

/** Outlines on a 16 × 16 field. @type {Record<string, string>} */
const SHAPES = {
  star: "M8 1.6l1.96 3.98 4.39.64-3.18 3.1.75 4.37L8 11.63l-3.92 2.06.75-4.37-3.18-3.1 4.39-.64z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3L14 14",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  down: "M4 6.5l4 4 4-4",
};

/** @param {keyof typeof SHAPES} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `cp-icon cp-icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/**
 * Text in which what was searched for is marked.
 *
 * @param {string} text
 * @param {string} needle In lower case; `""` marks nothing.
 * @returns {Child[]}
 */
export function marked(text, needle) {
  const at = needle ? text.toLowerCase().indexOf(needle) : -1;
  return at < 0 ? [text] : markedAt(text, at, needle.length);
}

/**
 * @param {string} text
 * @param {number} at
 * @param {number} length
 * @returns {Child[]}
 */
export function markedAt(text, at, length) {
  const end = at + length;
  return [text.slice(0, at), h("mark", {}, text.slice(at, end)), text.slice(end)];
}
