// @ts-check
/** A new alarm is read out, a new red one is heard: again and again until none waits for a person. */
import { word } from "../kit/words.js";

const TONES = [880, 660, 880];
const TONE_SECONDS = 0.22;
const AGAIN = 30_000;
const KEY = "anlan.alarms.sound";
const TOUCHED = "anlan.alarms.touched";
const RED = "4";
const READ_OUT = 3;

/** @type {AudioContext | null} */
let audio = null;
/** @type {OscillatorNode[]} */
let sounding = [];
let timer = 0;

const list = /** @type {HTMLElement} */ (document.getElementById("alarms"));
const speaker = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-sound]"));
const urgent = /** @type {HTMLElement} */ (document.getElementById("alarm-voice"));
const calm = /** @type {HTMLElement} */ (document.getElementById("alarm-news"));

const wanted = () => localStorage.getItem(KEY) !== "off";
const red = () => Number(/** @type {HTMLElement | null} */ (list.querySelector("[data-red]"))?.dataset.red ?? 0);
const news = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-step]")]);

function show() {
  if (!speaker) return;
  const ready = wanted() && audio?.state === "running";
  speaker.setAttribute("aria-pressed", String(wanted()));
  speaker.dataset.ready = String(ready);
  speaker.title = (wanted() ? (ready ? speaker.dataset.on : speaker.dataset.blocked) : speaker.dataset.off) ?? "";
  const words = speaker.querySelector("span");
  if (words) words.textContent = speaker.title;
}

/** A browser lets a page sound only after its person has touched it, or the page before it. */
function wake() {
  audio ??= new AudioContext();
  sessionStorage.setItem(TOUCHED, "yes");
  audio.resume().then(show, show);
}

/** @param {AudioContext} out @param {number} tone @param {number} at */
function note(out, tone, at) {
  const [voice, level] = [out.createOscillator(), out.createGain()];
  voice.frequency.value = tone;
  level.gain.setValueAtTime(0.25, at);
  level.gain.exponentialRampToValueAtTime(0.001, at + 0.9 * TONE_SECONDS);
  voice.connect(level).connect(out.destination);
  voice.start(at);
  voice.stop(at + TONE_SECONDS);
  return voice;
}

function sound() {
  const out = audio;
  if (!wanted() || out?.state !== "running") return;
  hush();
  sounding = TONES.map((tone, place) => note(out, tone, out.currentTime + place * TONE_SECONDS));
  list.dataset.sounded = String(Number(list.dataset.sounded ?? 0) + 1);
}

function hush() {
  for (const voice of sounding) voice.stop();
  sounding = [];
}

/** Sounds now if `now`, and every half minute as long as a red alarm waits. @param {boolean} now */
function ring(now) {
  if (now) sound();
  if (now) clearInterval(timer);
  if (now || !timer) timer = red() ? window.setInterval(sound, AGAIN) : 0;
  if (red()) return;
  clearInterval(timer);
  timer = 0;
  hush();
}

/** What came up, as steps of timelines: several pages' worth are remembered, since they may come out of order. */
const heard = new Set(news().map((item) => item.dataset.step));
let before = red();

list.addEventListener("htmx:afterSwap", () => {
  const fresh = news().filter((item) => !heard.has(item.dataset.step));
  for (const item of fresh) heard.add(item.dataset.step);
  const alarming = fresh.some((item) => item.dataset.level === RED) || red() > before;
  before = red();
  if (fresh.length) (alarming ? urgent : calm).textContent = sentence(fresh);
  ring(alarming);
});

/** @param {HTMLElement[]} fresh the worst and newest stand first */
function sentence(fresh) {
  const told = fresh.map((item) => item.textContent?.trim()).filter(Boolean).slice(0, READ_OUT);
  const more = fresh.length - told.length;
  const what = word("new_alarms", { alarms: told.join(";") });
  return more > 0 ? `${what} ${word("more_alarms", { count: more })}` : what;
}

speaker?.addEventListener("click", () => {
  localStorage.setItem(KEY, wanted() ? "off" : "on");
  if (!wanted()) hush();
  wake();
});
for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, wake, { once: true });
if (sessionStorage.getItem(TOUCHED)) wake();
ring(false);
show();
