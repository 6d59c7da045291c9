// @ts-check
/** The search box over all layers, by mouse and by keyboard. */
import { word } from "../kit/app.js";
import { fetchJson } from "./catalogue.js";
import { make } from "./panel.js";

/** @typedef {{key: string, layer: string, id: number, title: string}} Hit */

const PAUSE = 250;

/**
 * @param {string} address
 * @param {(key: string, id: number) => void} open
 */
export function startSearch(address, open) {
  const box = /** @type {HTMLInputElement} */ (document.getElementById("map-words"));
  const list = /** @type {HTMLElement} */ (document.getElementById("map-found"));
  let timer = 0;
  let asked = 0;
  let chosen = -1;
  /** @type {Hit[]} */
  let hits = [];

  function close() {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    chosen = -1;
  }

  /** @param {Hit} hit */
  function take(hit) {
    close();
    document.getElementById("layer-panel")?.classList.remove("is-open");
    open(hit.key, hit.id);
  }

  /**
   * @param {Hit} hit
   * @param {number} index
   */
  function option(hit, index) {
    const item = make("li");
    item.id = `map-found-${index}`;
    item.setAttribute("role", "option");
    item.append(make("span", "", hit.title), make("small", "", hit.layer));
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(hit);
    });
    return item;
  }

  async function ask() {
    const words = box.value.trim();
    asked += 1;
    const mine = asked;
    if (!words) return close();
    const { found } = await fetchJson(`${address}?q=${encodeURIComponent(words)}`);
    if (mine !== asked) return;
    hits = found;
    list.replaceChildren(...(hits.length ? hits.map(option) : [make("li", "map-found__none", word("nothing_found"))]));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    mark(hits.length ? 0 : -1);
  }

  /** @param {number} index */
  function mark(index) {
    chosen = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    list.children[index]?.scrollIntoView({ block: "nearest" });
    if (index >= 0) box.setAttribute("aria-activedescendant", `map-found-${index}`);
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE);
  });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (list.hidden || !hits.length) return;
    if (event.key === "ArrowDown") mark((chosen + 1) % hits.length);
    else if (event.key === "ArrowUp") mark((chosen - 1 + hits.length) % hits.length);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  box.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (hits[chosen] && !list.hidden) take(hits[chosen]);
    else ask();
  });
}
