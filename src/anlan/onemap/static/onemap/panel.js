// @ts-check
/** The catalogue of layers: groups, counts, switches, legends, and beside each layer the link to its table twin. */
import { word } from "../kit/app.js";
import { PLAIN } from "./palette.js";
import { symbolImage } from "./symbols.js";

/**
 * @typedef {import("./catalogue.js").LayerInfo} LayerInfo
 * @typedef {import("./store.js").LayerStore} LayerStore
 */

const REMEMBERED = "anlan.map.layers";
const NUMBER = new Intl.NumberFormat("zh-CN");

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** @param {LayerInfo[]} infos which layers were shown the last time, by key; the declared ones the first time */
export function remembered(infos) {
  const kept = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}");
  return new Map(infos.map((info) => [info.key, /** @type {boolean} */ (kept[info.key] ?? info.shown)]));
}

/**
 * @param {string} key
 * @param {boolean} shown
 */
function remember(key, shown) {
  const kept = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}");
  localStorage.setItem(REMEMBERED, JSON.stringify({ ...kept, [key]: shown }));
}

/**
 * Fills the panel.
 * @param {HTMLElement} place
 * @param {LayerInfo[]} infos
 * @param {LayerStore} store
 */
export function fillPanel(place, infos, store) {
  const topFirst = [...infos].reverse();
  const groups = new Map(topFirst.map((info) => [info.group, /** @type {LayerInfo[]} */ ([])]));
  for (const info of topFirst) groups.get(info.group)?.push(info);
  for (const [title, members] of groups) {
    const group = make("fieldset");
    group.append(make("legend", "layer-group", title), ...members.map((info) => row(info, store)));
    place.append(group);
  }
}

/**
 * @param {LayerInfo} info
 * @param {LayerStore} store
 */
function row(info, store) {
  const line = make("div", "layer-row");
  line.dataset.layer = info.key;
  const label = make("label");
  const box = make("input");
  box.type = "checkbox";
  box.addEventListener("change", () => {
    remember(info.key, box.checked);
    store.show(info.key, box.checked);
  });
  label.append(box, symbolImage(info.symbol, PLAIN), make("b", "", info.title), make("small", "", NUMBER.format(info.count)));
  const table = make("a");
  table.href = info.table;
  table.title = word("table_of", { title: info.title });
  table.setAttribute("aria-label", table.title);
  table.innerHTML = '<svg class="icon" aria-hidden="true"><use></use></svg>';
  table.querySelector("use")?.setAttribute("href", `${document.getElementById("map")?.dataset.sprite}#table`);
  line.append(label, table, legend(info));
  return line;
}

/** @param {LayerInfo} info */
function legend(info) {
  const list = make("ul", "layer-legend");
  list.hidden = true;
  if (info.symbol === "area") return list;
  for (const { colour, words } of info.legend) {
    const item = make("li", "", "");
    item.append(symbolImage(info.symbol, colour), words);
    list.append(item);
  }
  return list;
}

/**
 * Writes the present state of a layer into its row.
 * @param {string} key
 * @param {LayerStore} store
 */
export function refreshRow(key, store) {
  const line = document.querySelector(`[data-layer="${CSS.escape(key)}"]`);
  const info = store.info(key);
  if (!line || !info) return;
  const box = /** @type {HTMLInputElement} */ (line.querySelector("input"));
  box.checked = store.isShown(key);
  const count = line.querySelector("small");
  if (count) count.textContent = NUMBER.format(info.count);
  const list = /** @type {HTMLElement} */ (line.querySelector(".layer-legend"));
  list.hidden = !box.checked || !list.children.length;
}
