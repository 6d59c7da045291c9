// @ts-check
/** Keys of the queue: 1 a signal or 2 a hazard, then Y true; N not true (then the number of a reason); S skip. */

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLInputElement && target.type === "text";
}

/** @param {string} key */
function buttonOf(key) {
  const open = document.querySelector(".sighting__reasons.is-open");
  const selector = open && /^[1-9]$/.test(key) ? `[data-reason="${key}"]` : `[data-key="${key.toLowerCase()}"]`;
  return document.querySelector(selector);
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyping(event.target)) return;
  if (!/^[ynsYNS1-9]$/.test(event.key) || document.querySelector("dialog[open]")) return;
  const found = buttonOf(event.key);
  if (found instanceof HTMLElement) {
    event.preventDefault();
    found.click();
  }
}

document.addEventListener("keydown", onKey);
