/**
 * What travels between the picker's Python side and this one.
 *
 * @typedef {object} Row One session in the table.
 * @property {string} id
 * @property {string} title
 * @property {boolean} named A person chose the title.
 * @property {number | null} turns `null`: not known yet.
 * @property {number} modified Milliseconds since 1970.
 * @property {number | null} created
 * @property {string} model `""`: none yet.
 * @property {string} folder
 * @property {number} bytes
 * @property {string} user Who has it in use; `""`: nobody.
 * @property {boolean} here It is this notebook's session.
 * @property {string} notebook The notebook bound to it, or `""`.
 * @property {boolean} in_folder Its folder is this notebook's.
 * @property {boolean | null} damaged
 * @property {boolean | null} answered
 * @property {boolean} star
 *
 * @typedef {object} Hit Where the full-text search found the text: `text[at:at + length]`.
 * @property {string} id
 * @property {"user" | "assistant" | "tool" | "session"} role
 * @property {string} text
 * @property {number} at
 * @property {number} length
 *
 * @typedef {object} Page A page of a conversation, oldest message first.
 * @property {string} id
 * @property {number | null} before
 * @property {number} n
 * @property {string} html Made safe by the Python side.
 * @property {number | null} start Where the page begins; `null`: at the conversation's beginning.
 *
 * @typedef {object} Proposal A session that cleaning up could delete.
 * @property {string} id
 * @property {string} title
 * @property {"empty" | "abandoned" | "old"} why
 * @property {number} bytes
 * @property {number} modified
 * @property {number | null} turns
 *
 * @typedef {object} Head
 * @property {"ok" | "empty" | "unreadable"} state
 * @property {string} text
 * @property {string} mend
 * @property {string} notice
 * @property {number} total
 * @property {boolean} complete
 *
 * @typedef {object} Traits The widget's synced traits.
 * @property {string | null} value
 * @property {string[]} selected
 * @property {string} search
 * @property {string[]} filters
 * @property {string} older
 * @property {string} height
 * @property {Head} _head
 * @property {Row[]} _rows
 *
 * @typedef {import("@anywidget/types").AnyModel<Traits>} Model
 */

export {};
