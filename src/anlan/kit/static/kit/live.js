// @ts-check
/** Live news: one stream for the whole page, shared by all who follow topics. */
import { word } from "./words.js";

/**
 * @typedef {{topic: string, area?: string, reload?: boolean, [key: string]: unknown}} News
 * @typedef {(news: News) => void} Handler
 */

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const GATHER = 50;
const QUIET = 400;

/** @type {Map<Handler, Set<string>>} */
const followers = new Map();
/** @type {WeakMap<Element, number>} */
const waiting = new WeakMap();
/** @type {EventSource | null} */
let stream = null;
let following = "";
let wait = FIRST_WAIT;
let broken = false;
let timer = 0;

/**
 * Follows topics; returns the function that ends it. After a broken connection the handler gets
 * `{topic, reload: true}` once for each of its topics, since news may have been missed.
 * @param {string[]} topics
 * @param {Handler} handler
 */
export function subscribe(topics, handler) {
  followers.set(handler, new Set(topics));
  connectSoon(GATHER);
  return () => {
    followers.delete(handler);
    connectSoon(GATHER);
  };
}

/** @param {Element} element */
function topicsOf(element) {
  return (element.getAttribute("data-live") ?? "").split(",").map((t) => t.trim()).filter(Boolean);
}

function allTopics() {
  const topics = new Set([...followers.values()].flatMap((set) => [...set]));
  for (const element of document.querySelectorAll("[data-live]")) topicsOf(element).forEach((t) => topics.add(t));
  return [...topics].sort();
}

/** @param {string} topics */
function address(topics) {
  const { liveUrl, livePort } = document.body.dataset;
  const base = liveUrl || `${location.protocol}//${location.hostname}:${livePort}/live`;
  return `${base}?topics=${encodeURIComponent(topics)}`;
}

/** @param {number} delay */
function connectSoon(delay) {
  clearTimeout(timer);
  timer = window.setTimeout(connect, delay);
}

function connect() {
  const topics = allTopics().join(",");
  if (stream && topics === following) return;
  stream?.close();
  stream = null;
  following = topics;
  if (!topics) return;
  const opened = new EventSource(address(topics), { withCredentials: true });
  stream = opened;
  opened.onopen = onOpen;
  opened.onmessage = (event) => deliver(JSON.parse(event.data));
  opened.onerror = () => opened === stream && onLost();
}

function onOpen() {
  wait = FIRST_WAIT;
  show(true);
  if (broken) following.split(",").forEach((topic) => deliver({ topic, reload: true }));
  broken = false;
}

function onLost() {
  stream?.close();
  stream = null;
  broken = true;
  show(false);
  connectSoon(wait * (0.75 + Math.random() / 2));
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

/** @param {News} news */
function deliver(news) {
  for (const [handler, topics] of followers) if (topics.has(news.topic)) handler(news);
  for (const element of document.querySelectorAll("[data-live]")) {
    if (topicsOf(element).includes(news.topic)) refresh(element);
  }
}

/** @param {Element} element a burst of news refreshes a panel once */
function refresh(element) {
  if (waiting.has(element)) return;
  const run = () => {
    waiting.delete(element);
    htmx.trigger(element, "live");
  };
  waiting.set(element, window.setTimeout(run, QUIET));
}

/** @param {boolean} up */
function show(up) {
  const sign = document.getElementById("live-state");
  document.documentElement.dataset.stream = up ? "up" : "down";
  if (!sign) return;
  sign.hidden = false;
  sign.classList.toggle("is-down", !up);
  sign.title = word(up ? "live" : "live_down");
  const [long, short] = [document.createElement("span"), document.createElement("span")];
  long.className = "live-state__long";
  long.textContent = sign.title;
  short.className = "live-state__short";
  short.textContent = word(up ? "live" : "live_down_short");
  short.setAttribute("aria-hidden", "true");
  sign.replaceChildren(long, short);
}

document.body.addEventListener("htmx:load", () => connectSoon(GATHER));
window.addEventListener("pagehide", () => stream?.close());
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  stream = null;
  broken = true;
  connectSoon(0);
});
connectSoon(GATHER);
