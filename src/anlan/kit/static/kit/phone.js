// @ts-check
/** The team leader's phone: position with each step, forms that are sent again until they arrive. */

const TRY_TIME = 20_000;
const PAUSES = [1000, 2000, 4000, 8000, 15_000];

/** @param {string} name @param {number} value */
function fill(name, value) {
  for (const field of document.querySelectorAll(`[data-locate] input[name="${name}"]`)) {
    if (field instanceof HTMLInputElement) field.value = value.toFixed(6);
  }
}

function locate() {
  if (!document.querySelector("[data-locate]") || !navigator.geolocation || !window.isSecureContext) return;
  navigator.geolocation.watchPosition(
    ({ coords }) => {
      fill("lon", coords.longitude);
      fill("lat", coords.latitude);
    },
    () => undefined,
    { enableHighAccuracy: true, maximumAge: 30_000, timeout: 15_000 },
  );
}

/** @param {"sending" | "waiting"} state */
function tell(state) {
  const bar = document.getElementById("sending");
  if (!bar) return;
  bar.hidden = false;
  bar.textContent = bar.dataset[state] ?? "";
}

/** @param {number} time */
const pause = (time) => new Promise((go) => setTimeout(go, time));

/** @param {HTMLFormElement} form @param {FormData} content sends once; null where the network failed */
async function tryOnce(form, content) {
  try {
    return await fetch(form.action, { method: "POST", body: content, signal: AbortSignal.timeout(TRY_TIME) });
  } catch {
    return null;
  }
}

/** @param {HTMLFormElement} form the same key each time, so that the server does the work once */
async function send(form) {
  const content = new FormData(form);
  tell("sending");
  for (let turn = 0; ; turn += 1) {
    const answer = await tryOnce(form, content);
    if (answer && answer.status < 500) return show(answer, form);
    tell("waiting");
    await pause(PAUSES[Math.min(turn, PAUSES.length - 1)]);
  }
}

/** @param {HTMLFormElement} from @param {Element} page carries chosen files over, which no server can send back */
function keepFiles(from, page) {
  const same = [...page.querySelectorAll("form")].find((form) => form.action === from.action);
  for (const old of from.querySelectorAll("input[type=file]")) {
    const file = /** @type {HTMLInputElement} */ (old);
    const fresh = same?.querySelector(`input[type=file][name="${file.name}"]`);
    if (file.files?.length && fresh) fresh.replaceWith(file);
  }
}

/** @param {Response} answer a redirect has been followed already; a refusal is a page that says why @param {HTMLFormElement} form */
async function show(answer, form) {
  if (answer.ok) {
    location.assign(answer.url);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("content");
  const old = document.getElementById("content");
  if (!fresh || !old) return location.reload();
  keepFiles(form, fresh);
  old.replaceWith(fresh);
  htmx.process(fresh);
  start();
  document.dispatchEvent(new CustomEvent("page:shown"));
  fresh.querySelector('[role="alert"]')?.scrollIntoView();
}

/** @param {Event} event */
function onSubmit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-send")) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  for (const button of document.querySelectorAll("[data-send] button")) button.setAttribute("disabled", "");
  send(form);
}

function start() {
  for (const field of document.querySelectorAll("[data-send-on-pick] input[type=file]")) {
    field.addEventListener("change", () => /** @type {HTMLInputElement} */ (field).form?.requestSubmit());
  }
}

document.addEventListener("submit", onSubmit);
start();
locate();
