// @ts-check
/** What the server says of the layers, and features made from it. */
import { KINDS, PLAIN, WARNING } from "./palette.js";

/**
 * @typedef {{name: string, label: string, values: Record<string, string>}} Property
 * @typedef {{value: string, colour: string, words: string}} LegendLine
 * @typedef {{
 *   key: string, title: string, group: string, symbol: string, colour_by: string, colours: Record<string, string>,
 *   legend: LegendLine[], properties: Property[], label: string, count: number, points: boolean,
 *   mode: "geojson" | "tiles", shown: boolean, live: string, data: string, tiles: string, table: string
 * }} LayerInfo
 * @typedef {{bounds: [number, number, number, number], layers: LayerInfo[]}} Catalogue
 * @typedef {GeoJSON.Feature<GeoJSON.Geometry, Record<string, any>> & {id: number}} Feature
 */

/**
 * Fetches JSON; where the session has ended the page is loaded again, which leads to the log-in.
 * @param {string} address
 */
export async function fetchJson(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (answer.redirected) location.reload();
  if (!answer.ok) throw new Error(`${answer.status} ${address}`);
  return answer.json();
}

/**
 * The colour token of a value. Python writes truth with a capital letter.
 * @param {LayerInfo} info
 * @param {unknown} value
 */
export function tokenOf(info, value) {
  const text = typeof value === "boolean" ? (value ? "True" : "False") : String(value);
  return info.colours[text] ?? PLAIN;
}

/**
 * The words a person reads for a property's value.
 * @param {Property} property
 * @param {unknown} value
 */
export function wordsOf(property, value) {
  if (value === null || value === undefined || value === "") return "—";
  return property.values[String(value)] ?? String(value);
}

/** @param {LayerInfo} info */
export function tokensOf(info) {
  const used = new Set([PLAIN, ...Object.values(info.colours)]);
  return [...used].filter((token) => token === PLAIN || WARNING.includes(token) || KINDS.includes(token));
}

/**
 * A feature as news tells it, over what was known of it; null where its place is not known.
 * @param {LayerInfo} info
 * @param {Record<string, any>} news
 * @param {Feature | undefined} known
 * @returns {Feature | null}
 */
export function featureOf(info, news, known) {
  const placed = typeof news.lon === "number" && typeof news.lat === "number";
  if (!placed && !known) return null;
  const told = info.properties.map((p) => p.name).filter((name) => name in news);
  const properties = { ...known?.properties, ...Object.fromEntries(told.map((name) => [name, news[name]])) };
  if (info.label in news) properties._label = String(news[info.label]);
  if (info.colour_by && info.colour_by in news) properties._colour = tokenOf(info, news[info.colour_by]);
  properties._colour ??= PLAIN;
  const geometry = placed
    ? { type: /** @type {const} */ ("Point"), coordinates: [news.lon, news.lat] }
    : /** @type {Feature} */ (known).geometry;
  return { type: "Feature", id: Number(news.id), geometry, properties };
}
