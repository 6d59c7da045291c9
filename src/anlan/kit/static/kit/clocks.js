// @ts-check
/** Beijing time and the clocks that count down to a deadline, by the server's time. */
import { word } from "./words.js";

/** @typedef {"ok" | "soon" | "late" | "met"} ClockState */

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const TOLERATED_SKEW = 3 * SECOND;
const served = Date.parse(document.body.dataset.now ?? "");
const measured = Number.isNaN(served) ? 0 : served - Date.now();
const skew = Math.abs(measured) > TOLERATED_SKEW ? measured : 0;

/** Milliseconds of the server's clock, so that a wrong clock on the desk moves no deadline. */
export function now() {
  return Date.now() + skew;
}

const dateFormat = new Intl.DateTimeFormat(document.documentElement.lang, {
  timeZone: "Asia/Shanghai", year: "numeric", month: "long", day: "numeric",
});
const weekdayFormat = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: "Asia/Shanghai", weekday: "long" });
const timeFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/**
 * A span of time as `mm:ss`, `h:mm:ss` or with days.
 * @param {number} span milliseconds, not negative
 */
export function spanText(span) {
  const seconds = Math.floor(span / SECOND);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (span >= DAY) return `${Math.floor(span / DAY)}${word("days")} ${two(h % 24)}:${two(m)}:${two(s)}`;
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/**
 * The state of a clock: `soon` in the last third of its time, or the last minute where no start is known.
 * @param {number} due
 * @param {number} start NaN where unknown
 * @param {number} moment
 * @returns {ClockState}
 */
export function clockState(due, start, moment) {
  const left = due - moment;
  if (left < 0) return "late";
  const margin = Number.isNaN(start) ? 60 * SECOND : (due - start) / 3;
  return left <= margin ? "soon" : "ok";
}

/**
 * @param {HTMLElement} element
 * @param {string} part
 */
function child(element, part) {
  const found = element.querySelector(`.${part}`);
  if (found) return /** @type {HTMLElement} */ (found);
  const made = document.createElement("span");
  made.className = part;
  element.append(made);
  return made;
}

/** @param {HTMLElement} element */
function prepare(element) {
  element.textContent = "";
  child(element, "clock__text").setAttribute("aria-hidden", "true");
  const spoken = child(element, "clock__spoken");
  spoken.classList.add("sr-only");
  spoken.setAttribute("aria-live", "polite");
  element.dataset.prepared = "1";
}

/** @param {HTMLElement} element an element `.clock` with `data-due` and perhaps `data-start`, `data-met` */
function tick(element) {
  const due = Date.parse(element.dataset.due ?? "");
  if (Number.isNaN(due)) return;
  if (!element.dataset.prepared) prepare(element);
  const met = Date.parse(element.dataset.met ?? "");
  const moment = Number.isNaN(met) ? now() : met;
  const state = Number.isNaN(met) ? clockState(due, Date.parse(element.dataset.start ?? ""), moment) : "met";
  const late = due < moment;
  const name = word(late ? "overdue" : state === "met" ? "met" : "remaining");
  const text = `${name} ${spanText(Math.abs(due - moment))}`;
  child(element, "clock__text").textContent = text;
  if (element.dataset.state === state) return;
  element.dataset.state = state;
  element.classList.remove("ok", "soon", "late", "met");
  element.classList.add(state);
  child(element, "clock__spoken").textContent = state === "soon" ? `${word("soon")} ${text}` : text;
}

function tickAll() {
  for (const clock of document.querySelectorAll(".clock[data-due]")) tick(/** @type {HTMLElement} */ (clock));
  const moment = new Date(now());
  for (const wall of document.querySelectorAll("[data-beijing-clock]")) {
    child(/** @type {HTMLElement} */ (wall), "wall__date").textContent = `${dateFormat.format(moment)} ${weekdayFormat.format(moment)}`;
    const time = wall.querySelector("b") ?? wall.appendChild(document.createElement("b"));
    time.textContent = timeFormat.format(moment);
  }
}

/** Starts all clocks of the page, also those that come later. */
export function startClocks() {
  tickAll();
  setInterval(tickAll, SECOND);
  document.body.addEventListener("htmx:load", tickAll);
}
