// @ts-check
/** The list of alarms by keyboard: keys to move and act, and a refresh that takes neither focus nor picks away. */
import "./alarm_sound.js";

const list = /** @type {HTMLElement} */ (document.getElementById("alarms"));
const help = /** @type {HTMLDialogElement} */ (document.getElementById("keys-help"));
const TYPED = "input:not([type=checkbox]), select, textarea, [contenteditable]";
const PICKED = /** @type {const} */ ("input[name=pick]:checked");
const CONTROLS = "a, button, input:not([type=hidden])";
const ROW = "anlan.alarms.row";

let current = "";

/** @returns {HTMLTableRowElement[]} */
const rows = () => [...list.querySelectorAll("tbody tr[id]")].filter((row) => row instanceof HTMLTableRowElement);

/** @param {HTMLTableRowElement | undefined} row */
function choose(row) {
  if (!row) return;
  for (const other of rows()) other.tabIndex = -1;
  current = row.id;
  row.tabIndex = 0;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

/** @param {number} step */
function move(step) {
  const all = rows();
  const place = all.findIndex((row) => row.id === current);
  choose(all[place < 0 ? 0 : Math.min(all.length - 1, Math.max(0, place + step))]);
}

/** @returns {HTMLElement | null} */
const chosen = () => (current ? document.getElementById(current) : null);

function acknowledge() {
  sessionStorage.setItem(ROW, current);
  const bulk = /** @type {HTMLFormElement | null} */ (document.getElementById("bulk"));
  if (list.querySelector(PICKED)) return bulk?.requestSubmit();
  const one = /** @type {HTMLFormElement | null} */ (chosen()?.querySelector("form[action$='/acknowledge/']"));
  if (one) return one.requestSubmit();
  pick(true);
  if (chosen()?.querySelector(PICKED)) bulk?.requestSubmit();
}

/** @param {string} step opens the alarm with this step's form, which leads back here */
function open(step) {
  const address = chosen()?.dataset.url;
  const back = encodeURIComponent(location.pathname + location.search);
  if (address) location.assign(`${address}?step=${step}&next=${back}`);
}

/** @param {boolean | null} on null turns it over */
function pick(on) {
  const box = /** @type {HTMLInputElement | null} */ (chosen()?.querySelector("input[name=pick]"));
  if (box) box.checked = on ?? !box.checked;
}

/** @type {Record<string, () => void>} */
const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  a: acknowledge,
  g: () => open("assign"),
  s: () => open("shelve"),
  x: () => pick(null),
  m: () => /** @type {HTMLElement | null} */ (document.querySelector("[data-sound]"))?.click(),
  "?": () => help.showModal(),
  Enter: () => /** @type {HTMLAnchorElement | null} */ (chosen()?.querySelector("a.strong"))?.click(),
};

/** Whether a key belongs to what is written in, to the browser, or to a dialog. @param {KeyboardEvent} event */
function elsewhere(event) {
  const at = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (at.matches(TYPED) || document.querySelector("dialog[open]")) return true;
  if (event.key === "Enter") return at.id !== current;
  return event.key.startsWith("Arrow") && !at.closest("#alarms tbody");
}

document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key] ?? (event.shiftKey ? undefined : KEYS[event.key.toLowerCase()]);
  if (!act || elsewhere(event)) return;
  event.preventDefault();
  act();
});

/** Where the person was before an acknowledgement made the page anew. */
const before = document.getElementById(sessionStorage.getItem(ROW) ?? "");
sessionStorage.removeItem(ROW);
if (before instanceof HTMLTableRowElement) choose(before);

list.addEventListener("focusin", (event) => {
  const row = /** @type {HTMLElement} */ (event.target).closest("tr[id]");
  if (row) current = row.id;
});

/** What a refresh must not take away: the control that has the focus, and groups picked as they were then. */
const kept = { place: -1, picks: /** @type {Map<string, string>} */ (new Map()) };

list.addEventListener("htmx:beforeSwap", () => {
  const at = document.activeElement;
  const row = at?.closest("#alarms tbody tr[id]");
  kept.place = row && at ? [row, ...row.querySelectorAll(CONTROLS)].indexOf(at) : -1;
  const boxes = /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll(PICKED)]);
  kept.picks = new Map(boxes.map((box) => [box.id, box.value]));
});

list.addEventListener("htmx:afterSwap", () => {
  for (const [id, value] of kept.picks) {
    const box = document.getElementById(id);
    if (box instanceof HTMLInputElement) [box.checked, box.value] = [true, value];
  }
  const row = chosen();
  if (!(row instanceof HTMLTableRowElement)) return;
  row.tabIndex = 0;
  if (kept.place < 0) return;
  const at = /** @type {HTMLElement} */ ([row, ...row.querySelectorAll(CONTROLS)][kept.place] ?? row);
  at.focus({ preventScroll: true });
});
