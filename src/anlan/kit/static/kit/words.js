// @ts-check
/** Words for people, translated by the server and put into the page as JSON blocks marked `data-words`. */

/** @type {Record<string, string>} */
const words = {};

for (const block of document.querySelectorAll("script[data-words]")) {
  Object.assign(words, JSON.parse(block.textContent || "{}"));
}

/**
 * The translated word for a key; the key itself where the page has none.
 * @param {string} key
 * @param {Record<string, string | number>} [values] replaces `{name}` in the sentence
 */
export function word(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
