// @ts-check
/** Colours of the map, read from the page's tokens so that both themes are told in one place: the style sheet. */

/** Tokens from least to most urgent, as the server ranks them. */
export const WARNING = ["neutral", "green", "blue", "yellow", "orange", "red"];
export const KINDS = ["kind1", "kind2", "kind3", "kind4", "kind5", "kind6", "kind7", "kind8"];
export const PLAIN = "plain";
export const TOKENS = [PLAIN, ...WARNING, ...KINDS];

/**
 * The present value of a colour token.
 * @param {string} token
 */
export function colour(token) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim() || "#888888";
}

/**
 * The colour to write in on a ground of this token.
 * @param {string} token
 */
export function inkOn(token) {
  return colour(token.startsWith("kind") ? "on-kind" : `on-${token}`);
}

export const fonts = ["PingFang SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "sans-serif"];
