// @ts-check
/** What every page has: clocks, dialogs, messages, the navigation rail. */
import { startClocks } from "./clocks.js";
import { word } from "./words.js";

export { clockState, now, spanText } from "./clocks.js";
export { word } from "./words.js";

const TOAST_TIME = 6000;
const RAIL = "anlan.rail";

/**
 * Shows a short message that leaves by itself.
 * @param {string} text
 * @param {"info" | "success" | "warning" | "error"} [kind]
 */
export function toast(text, kind = "info") {
  const box = document.createElement("div");
  box.className = `toast toast--${kind}`;
  box.textContent = text;
  document.getElementById("toasts")?.append(box);
  setTimeout(() => box.remove(), TOAST_TIME);
}

/** @param {string} id */
function dialog(id) {
  const found = document.getElementById(id);
  return found instanceof HTMLDialogElement ? found : null;
}

/** @param {MouseEvent} event */
function onClick(event) {
  const target = event.target instanceof Element ? event.target : null;
  const opener = target?.closest("[data-dialog-open]");
  if (opener instanceof HTMLElement) dialog(opener.dataset.dialogOpen ?? "")?.showModal();
  target?.closest("[data-dialog-close]")?.closest("dialog")?.close();
  const toggle = target?.closest("[data-toggle-class]");
  if (toggle instanceof HTMLElement) toggleClass(toggle);
  if (target?.closest("[data-rail-fold]")) foldRail(document.documentElement.dataset.rail !== "narrow");
  if (target?.closest("[data-print]")) window.print();
}

/** @param {HTMLElement} button */
function toggleClass(button) {
  const on = document.getElementById(button.dataset.toggleTarget ?? "")?.classList.toggle(button.dataset.toggleClass ?? "");
  button.setAttribute("aria-expanded", String(Boolean(on)));
}

/** @param {boolean} narrow */
function foldRail(narrow) {
  if (narrow) document.documentElement.dataset.rail = "narrow";
  else delete document.documentElement.dataset.rail;
  localStorage.setItem(RAIL, narrow ? "narrow" : "wide");
}

/** A section of the rail stays as its reader left it. */
function keepSections() {
  for (const section of document.querySelectorAll("[data-rail-section]")) {
    if (!(section instanceof HTMLDetailsElement)) continue;
    const key = `${RAIL}.${section.querySelector("summary")?.textContent}`;
    section.open = localStorage.getItem(key) !== "closed" || Boolean(section.querySelector("[aria-current]"));
    section.addEventListener("toggle", () => localStorage.setItem(key, section.open ? "open" : "closed"));
  }
}

/** Marks the entry under which a page lies, where the page is not itself an entry. */
function markRail() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("a.rail__link"));
  if ([...links].some((link) => link.hasAttribute("aria-current"))) return;
  const above = [...links].filter((link) => link.pathname !== "/" && location.pathname.startsWith(link.pathname));
  const [nearest] = above.sort((a, b) => b.pathname.length - a.pathname.length);
  nearest?.setAttribute("aria-current", "page");
}

/** @param {number} status */
function faultSentence(status) {
  if (status === 403) return word("refused");
  if (status === 404) return word("gone");
  return word(status >= 500 ? "server_fault" : "bad_request");
}

/** @param {CustomEvent} event asks with our own dialog in place of the browser's */
function onConfirm(event) {
  const { question, issueRequest } = event.detail;
  const box = dialog("confirm");
  const text = box?.querySelector("[data-confirm-text]");
  if (!question || !box || !text) return;
  event.preventDefault();
  text.textContent = question;
  box.returnValue = "";
  box.addEventListener("close", () => box.returnValue === "yes" && issueRequest(true), { once: true });
  box.showModal();
}

/** @param {SubmitEvent} event forms without htmx ask too: `data-confirm="…"` */
function onSubmit(event) {
  const form = event.target instanceof HTMLFormElement ? event.target : null;
  const box = dialog("confirm");
  if (!form?.dataset.confirm || form.dataset.confirmed || !box) return;
  event.preventDefault();
  const { submitter } = event;
  const issueRequest = () => {
    form.dataset.confirmed = "1";
    form.requestSubmit(submitter);
  };
  onConfirm(new CustomEvent("confirm", { detail: { question: form.dataset.confirm, issueRequest } }));
}

function listenToHtmx() {
  const on = (/** @type {string} */ name, /** @type {(event: CustomEvent) => void} */ run) =>
    document.body.addEventListener(name, (event) => run(/** @type {CustomEvent} */ (event)));
  on("htmx:confirm", onConfirm);
  on("htmx:responseError", (event) => toast(faultSentence(event.detail.xhr.status), "error"));
  on("htmx:sendError", () => toast(word("no_network"), "error"));
  on("htmx:afterSwap", (event) => {
    const box = dialog("dialog");
    if (event.detail.target.id === "dialog-body" && box && !box.open) box.showModal();
  });
  on("dialog:close", () => dialog("dialog")?.close());
  on("toast", (event) => toast(String(event.detail.value ?? "")));
}

function start() {
  if (localStorage.getItem(RAIL) === "narrow") foldRail(true);
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  listenToHtmx();
  startClocks();
  markRail();
  keepSections();
  for (const shown of document.querySelectorAll("#toasts .toast:not(.toast--error)")) {
    setTimeout(() => shown.remove(), TOAST_TIME);
  }
}

start();
