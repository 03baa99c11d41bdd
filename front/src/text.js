/** How values are put into words: plain text, times, sizes, counts. */

/** Characters that hide, reorder or break a line: controls and bidirectional overrides. */
const UNRULY = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/**
 * One line of plain text, of a length that a cell can hold.
 *
 * @param {string | null | undefined} text
 * @param {number} [longest]
 */
export function plain(text, longest = 300) {
  const line = (text ?? "").slice(0, 4 * longest).replace(UNRULY, " ");
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 365 * 86400],
  ["month", 30 * 86400],
  ["week", 7 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/**
 * "3 hours ago".
 *
 * @param {number} ms Milliseconds since 1970.
 */
export function ago(ms, now = Date.now()) {
  const seconds = (ms - now) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return RELATIVE.format(Math.trunc(seconds / length), unit);
  }
  return "just now";
}

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** The exact local time. @param {number} ms */
export function exact(ms) {
  return EXACT.format(ms);
}

const ONE_DIGIT = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** "1.4 MB". @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  for (const unit of ["kB", "MB"]) {
    bytes /= 1000;
    if (bytes < 999.5) return `${bytes < 10 ? ONE_DIGIT.format(bytes) : Math.round(bytes)} ${unit}`;
  }
  return `${ONE_DIGIT.format(bytes / 1000)} GB`;
}

const WHOLE = new Intl.NumberFormat("en");

/** "10,000". @param {number} number */
export function digits(number) {
  return WHOLE.format(number);
}

/** "1 session", "3 sessions". @param {number} number @param {string} noun */
export function count(number, noun) {
  return `${digits(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** The end of a path, which says more than its beginning. @param {string} path */
export function tail(path) {
  const parts = path.split(/[\\/]/).filter(Boolean);
  return parts.length > 1 ? `…/${parts.at(-1)}` : path;
}

/** Who holds a session, without the folders of the notebook. @param {string} user */
export function holder(user) {
  return user.replace(/^.*[\\/]/, "");
}

const AGE = /^(\d+)([mhdw])$/;
/** @type {Record<string, [string, number]>} */
const AGE_UNITS = {
  m: ["minute", 60_000],
  h: ["hour", 3_600_000],
  d: ["day", 86_400_000],
  w: ["week", 604_800_000],
};

/** An age such as `30d` in milliseconds; `null` where it is none. @param {string} text */
export function age(text) {
  const found = AGE.exec(text.trim());
  return found && Number(found[1]) * AGE_UNITS[found[2]][1];
}

/** An age such as `30d` in words. @param {string} text */
export function ageInWords(text) {
  const found = AGE.exec(text.trim());
  return found ? count(Number(found[1]), AGE_UNITS[found[2]][0]) : text;
}
