// @ts-check
/** What lies under the pointer: hover, click, clusters that open. */
import { Popup } from "../maplibre/maplibre-gl.mjs";
import { wordsOf } from "./catalogue.js";
import { make } from "./panel.js";

/**
 * @typedef {import("./store.js").LayerStore} LayerStore
 * @typedef {import("../maplibre/maplibre-gl.mjs").Map} MapView
 * @typedef {import("../maplibre/maplibre-gl.mjs").MapGeoJSONFeature} Seen
 * @typedef {import("../maplibre/maplibre-gl.mjs").GeoJSONSource} GeoJSONSource
 * @typedef {{x: number, y: number}} Place
 */

const REACH = 5;
const LEVELS = ["grid", "community", "street", "district"];

/**
 * Features near a place on the screen, the topmost first, each object once; grounds only where no point is.
 * @param {MapView} map
 * @param {LayerStore} store
 * @param {Place} place
 */
export function under(map, store, { x, y }) {
  const box = /** @type {[[number, number], [number, number]]} */ ([[x - REACH, y - REACH], [x + REACH, y + REACH]]);
  const seen = map.queryRenderedFeatures(box, { layers: store.clickable() });
  const points = seen.filter((f) => f.geometry.type === "Point");
  const found = new Map((points.length ? points : seen.sort(bySize)).map((f) => [`${f.source}:${f.id}`, f]));
  return points.length ? [...found.values()] : [...found.values()].slice(0, 1);
}

/**
 * @param {Seen} a
 * @param {Seen} b
 */
function bySize(a, b) {
  return LEVELS.indexOf(a.properties.level) - LEVELS.indexOf(b.properties.level);
}

/**
 * Moves the map to where a cluster comes apart.
 * @param {MapView} map
 * @param {Seen} cluster
 */
export async function openCluster(map, cluster) {
  const source = /** @type {GeoJSONSource} */ (map.getSource(cluster.source));
  const center = /** @type {[number, number]} */ (/** @type {GeoJSON.Point} */ (cluster.geometry).coordinates);
  const id = cluster.properties.cluster_id;
  const zoom = id === undefined ? map.getZoom() + 2 : await source.getClusterExpansionZoom(id);
  map.easeTo({ center, zoom: zoom + 0.2 });
}

/**
 * Shows the name and state of what the mouse is over.
 * @param {MapView} map
 * @param {LayerStore} store
 */
export function startHover(map, store) {
  const popup = new Popup({ closeButton: false, closeOnClick: false, offset: 18, maxWidth: "280px" });
  let waiting = false;
  map.on("mousemove", (event) => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const [top] = under(map, store, event.point).filter((f) => f.geometry.type === "Point");
      map.getCanvas().style.cursor = top ? "pointer" : "";
      const text = top && hint(top, store);
      if (text) popup.setLngLat(/** @type {any} */ (top.geometry).coordinates).setDOMContent(text).addTo(map);
      else popup.remove();
    });
  });
  map.on("mouseout", () => popup.remove());
}

/**
 * @param {Seen} feature
 * @param {LayerStore} store
 */
function hint(feature, store) {
  const info = store.info(feature.source);
  if (!info || feature.properties.point_count) return null;
  const property = info.properties.find((p) => p.name === info.colour_by);
  const state = property ? `${info.title} · ${wordsOf(property, feature.properties[property.name])}` : info.title;
  const box = make("div");
  box.append(make("b", "", feature.properties._label || info.title), make("small", "", state));
  return box;
}
