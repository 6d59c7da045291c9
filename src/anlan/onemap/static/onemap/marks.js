// @ts-check
/** Marks over the map: what is chosen, circles of distance, pulses on new alarms. */
import { word } from "../kit/app.js";
import { Marker } from "../maplibre/maplibre-gl.mjs";
import { ring } from "./geometry.js";
import { make } from "./panel.js";
import { markLayers } from "./style.js";

/**
 * @typedef {import("../maplibre/maplibre-gl.mjs").Map} MapView
 * @typedef {import("../maplibre/maplibre-gl.mjs").GeoJSONSource} GeoJSONSource
 */

const NOTHING = { type: /** @type {const} */ ("FeatureCollection"), features: [] };
const DISTANCES = [500, 1000, 3000];
const PULSE_TIME = 60_000;
const MOST_PULSES = 20;

/** @type {Marker[]} */
const pulses = [];

/** @param {MapView} map */
export function addMarks(map) {
  for (const id of ["chosen", "rings"]) map.addSource(id, { type: "geojson", data: NOTHING });
  for (const layer of markLayers()) map.addLayer(layer);
}

/**
 * @param {MapView} map
 * @param {GeoJSON.Geometry | null} geometry
 */
export function markChosen(map, geometry) {
  const source = /** @type {GeoJSONSource} */ (map.getSource("chosen"));
  source.setData(geometry ? { type: "Feature", geometry, properties: {} } : NOTHING);
}

/**
 * Circles of 500 m, 1 km and 3 km round a place, or none.
 * @param {MapView} map
 * @param {[number, number] | null} centre
 */
export function markRings(map, centre) {
  const source = /** @type {GeoJSONSource} */ (map.getSource("rings"));
  /** @type {GeoJSON.Feature[]} */
  const features = centre ? DISTANCES.flatMap((radius) => circle(centre, radius)) : [];
  source.setData({ type: "FeatureCollection", features });
}

/**
 * @param {[number, number]} centre
 * @param {number} radius
 * @returns {GeoJSON.Feature[]}
 */
function circle(centre, radius) {
  const line = ring(centre, radius);
  const words = radius < 1000 ? word("metres", { distance: radius }) : word("kilometres", { distance: radius / 1000 });
  return [
    { type: "Feature", geometry: { type: "LineString", coordinates: line }, properties: {} },
    { type: "Feature", geometry: { type: "Point", coordinates: line[0] }, properties: { words } },
  ];
}

/**
 * A ring that pulses for a minute round a new alarm.
 * @param {MapView} map
 * @param {[number, number]} at
 * @param {string} token
 */
export function pulse(map, at, token) {
  const element = make("div", "pulse");
  element.style.setProperty("--pulse", `var(--${token})`);
  const marker = new Marker({ element, anchor: "center" }).setLngLat(at).addTo(map);
  pulses.push(marker);
  const end = () => {
    marker.remove();
    pulses.splice(pulses.indexOf(marker), 1);
  };
  setTimeout(end, PULSE_TIME);
  if (pulses.length > MOST_PULSES) pulses.shift()?.remove();
}
