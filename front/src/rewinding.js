/** The button at each answer that takes the conversation back to it, and what is asked before. */
import { ask } from "./dialog.js";
import { button, h } from "./dom.js";
import { count, plain } from "./text.js";

const ANSWER = ".cm-assistant";
const PROMPT = "[data-prompt]";
const BUTTON = "cp-back";

/**
 * Puts the button at the last answer of each turn, and takes it from the others: more of a turn may
 * have come.
 *
 * @param {HTMLElement} items What was said, from the oldest on the page to the conversation's end.
 * @param {(answer: Element) => void} go
 */
export function mark(items, go) {
  let ends = true;
  for (const item of [...items.children].reverse()) {
    if (item.matches(PROMPT)) ends = true;
    if (!item.matches(ANSWER)) continue;
    const there = item.querySelector(`.${BUTTON}`);
    if (!ends) there?.remove();
    else if (!there) item.querySelector("header")?.append(" ", backButton(() => go(item)));
    ends = false;
  }
}

/** @param {() => void} go */
function backButton(go) {
  return button({ class: BUTTON, onclick: go }, "Continue from here");
}

/** The prompts that come after an answer. @param {Element} answer */
export function promptsAfter(answer) {
  const found = [];
  for (let next = answer.nextElementSibling; next; next = next.nextElementSibling) {
    if (next.matches(PROMPT)) found.push(next);
  }
  return found;
}

/**
 * @param {HTMLElement} root
 * @param {string} session
 * @param {Element[]} prompts Those that come after the answer, at least one.
 * @returns {Promise<boolean>}
 */
export function askToGoBack(root, session, prompts) {
  const first = plain(prompts[0].querySelector(".cm-md")?.textContent, 80).trim();
  const body = h(
    "div",
    {},
    h(
      "p",
      {},
      `What comes after this answer is cut off from `,
      h("bdi", { class: "cp-id" }, session),
      `: ${count(prompts.length, "prompt")} with ${prompts.length === 1 ? "its" : "their"} answers, from “`,
      h("bdi", {}, first),
      `” on. A fork keeps all of it, and files stay as they are.`,
    ),
    h("p", {}, "This notebook goes on with the session from here."),
  );
  const confirm = button({ class: "cp-button cp-primary" }, "Continue from here");
  return ask(root, { title: "Go back to this answer?", body, confirm });
}
