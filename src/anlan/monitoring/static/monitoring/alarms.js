// @ts-check
/** The list of alarms by keyboard and ear: j/k, a, s, x, a tone for a new red alarm, a sentence for screen readers. */
export {};

const TONES = [880, 660, 880];
const TONE_SECONDS = 0.22;
const KEY = "anlan.alarms.sound";

/** @type {AudioContext | null} */
let audio = null;
let current = "";

const list = /** @type {HTMLElement} */ (document.getElementById("alarms"));
const speaker = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-sound]"));
const voice = /** @type {HTMLElement} */ (document.getElementById("alarm-voice"));

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

/** @type {Record<string, () => void>} */
const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  a: () => {
    const picked = list.querySelector("input[name=pick]:checked");
    const bulk = /** @type {HTMLFormElement | null} */ (document.getElementById("bulk"));
    if (picked && bulk) return bulk.requestSubmit();
    const one = /** @type {HTMLFormElement | null} */ (chosen()?.querySelector("form[action$='/acknowledge/']"));
    if (one) return one.requestSubmit();
    pick(true);
    if (chosen()?.querySelector("input[name=pick]:checked")) bulk?.requestSubmit();
  },
  s: () => {
    const address = chosen()?.dataset.url;
    if (address) location.assign(`${address}?step=shelve#shelve`);
  },
  x: () => pick(null),
  Enter: () => {
    const link = /** @type {HTMLAnchorElement | null} */ (chosen()?.querySelector("a.strong"));
    link?.click();
  },
};

/** @param {boolean | null} on null turns it over */
function pick(on) {
  const box = /** @type {HTMLInputElement | null} */ (chosen()?.querySelector("input[name=pick]"));
  if (box) box.checked = on ?? !box.checked;
}

document.addEventListener("keydown", (event) => {
  const at = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || at.matches("input:not([type=checkbox]), select, textarea")) return;
  if (event.key === "Enter" && at.id !== current) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

list.addEventListener("focusin", (event) => {
  const row = /** @type {HTMLElement} */ (event.target).closest("tr[id]");
  if (row) current = row.id;
});
document.body.addEventListener("htmx:afterSwap", () => {
  const row = chosen();
  if (row instanceof HTMLTableRowElement && !document.activeElement?.closest("input, select, textarea")) choose(row);
});

const wanted = () => localStorage.getItem(KEY) !== "off";

function show() {
  if (!speaker) return;
  const ready = wanted() && audio?.state === "running";
  speaker.setAttribute("aria-pressed", String(wanted()));
  speaker.dataset.ready = String(ready);
  speaker.title = (wanted() ? (ready ? speaker.dataset.on : speaker.dataset.blocked) : speaker.dataset.off) ?? "";
  const words = speaker.querySelector("span");
  if (words) words.textContent = speaker.title;
}

/** A browser lets a page sound only after its person has touched it. */
function wake() {
  audio ??= new AudioContext();
  audio.resume().then(show, show);
}

function sound() {
  if (!wanted() || audio?.state !== "running") return;
  const { currentTime, destination } = audio;
  TONES.forEach((tone, place) => {
    const voiceOf = /** @type {AudioContext} */ (audio).createOscillator();
    const level = /** @type {AudioContext} */ (audio).createGain();
    voiceOf.frequency.value = tone;
    level.gain.setValueAtTime(0.25, currentTime + place * TONE_SECONDS);
    level.gain.exponentialRampToValueAtTime(0.001, currentTime + (place + 0.9) * TONE_SECONDS);
    voiceOf.connect(level).connect(destination);
    voiceOf.start(currentTime + place * TONE_SECONDS);
    voiceOf.stop(currentTime + (place + 1) * TONE_SECONDS);
  });
  list.dataset.sounded = String(Number(list.dataset.sounded ?? 0) + 1);
}

/** How many red alarms wait for a person, as the list says; more than before is heard and read out. */
const red = () => Number(/** @type {HTMLElement | null} */ (list.querySelector("[data-red]"))?.dataset.red ?? 0);
let before = red();

list.addEventListener("htmx:afterSwap", () => {
  const now = red();
  if (now > before) {
    voice.textContent = `${voice.dataset.red} ${now}`;
    sound();
  }
  before = now;
});

speaker?.addEventListener("click", () => {
  localStorage.setItem(KEY, wanted() ? "off" : "on");
  wake();
});
for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, wake, { once: true });
show();
