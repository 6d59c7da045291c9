// @ts-check
/** A small map with one point: shown, or picked by a click or by where the phone is. */
import { Map as MapView, Marker, NavigationControl } from "../maplibre/maplibre-gl.mjs";
import { colour } from "./palette.js";
import { areaLayers, areaNames, emptyStyle } from "./style.js";
import { middle } from "./geometry.js";

/** @typedef {[number, number]} Spot */

const CLOSE = 13.6;
const CHINA = /** @type {[Spot, Spot]} */ ([[73, 18], [135, 54]]);

/** @param {GeoJSON.FeatureCollection} areas @returns {[Spot, Spot]} west-south and east-north of the outlines */
function boundsOf(areas) {
  const found = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (/** @type {any} */ part) => {
    if (typeof part[0] !== "number") return part.forEach(visit);
    found[0] = Math.min(found[0], part[0]);
    found[1] = Math.min(found[1], part[1]);
    found[2] = Math.max(found[2], part[0]);
    found[3] = Math.max(found[3], part[1]);
  };
  for (const { geometry } of areas.features) visit(/** @type {any} */ (geometry).coordinates);
  return Number.isFinite(found[0]) ? [[found[0], found[1]], [found[2], found[3]]] : CHINA;
}

/** @param {GeoJSON.FeatureCollection} areas the same, each as a point in its middle */
function namesOf(areas) {
  const features = areas.features.flatMap((feature) => {
    const at = middle(feature.geometry);
    return at ? [{ ...feature, geometry: { type: /** @type {const} */ ("Point"), coordinates: at } }] : [];
  });
  return { type: /** @type {const} */ ("FeatureCollection"), features };
}

/** @param {Element} inside @param {string} name */
function fieldOf(inside, name) {
  const found = inside.closest("form")?.elements.namedItem(name);
  return found instanceof HTMLInputElement || found instanceof HTMLSelectElement ? found : null;
}

/** @param {Element} inside @param {Spot} spot in the first datum of the form's choice, the national one */
function fill(inside, spot) {
  const [lon, lat, datum] = ["lon", "lat", "datum"].map((name) => fieldOf(inside, name));
  if (lon) lon.value = spot[0].toFixed(6);
  if (lat) lat.value = spot[1].toFixed(6);
  if (datum instanceof HTMLSelectElement) datum.selectedIndex = 0;
}

class PointMap {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.marker = new Marker({ color: colour("red") });
    const [lon, lat] = [Number(place.dataset.lon ?? NaN), Number(place.dataset.lat ?? NaN)];
    const known = Number.isFinite(lon) && Number.isFinite(lat);
    const start = known ? { center: /** @type {Spot} */ ([lon, lat]), zoom: CLOSE } : { bounds: CHINA };
    this.map = new MapView({ container: place, style: emptyStyle(), attributionControl: false, ...start });
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    if (known) this.mark([lon, lat]);
    this.map.on("load", () => this.draw(known));
    if ("pick" in place.dataset) this.listen();
  }

  /** @param {boolean} known whether the point is there already */
  async draw(known) {
    const answer = await fetch(this.place.dataset.areas ?? "");
    if (!answer.ok) return;
    const areas = await answer.json();
    this.map.addSource("areas", { type: "geojson", data: areas });
    this.map.addSource("names", { type: "geojson", data: namesOf(areas) });
    for (const layer of [...areaLayers("areas"), ...areaNames("names")]) this.map.addLayer(layer);
    if (!known && !this.spot) this.map.fitBounds(boundsOf(areas), { padding: 16, animate: false });
    this.place.dataset.drawn = "1";
  }

  listen() {
    this.map.on("click", ({ lngLat }) => this.pick([lngLat.lng, lngLat.lat]));
    for (const name of ["lon", "lat"]) fieldOf(this.place, name)?.addEventListener("change", () => this.follow());
    this.follow();
  }

  /** Moves the marker to what was typed; a datum other than the map's own is left to the server. */
  follow() {
    const [lon, lat] = ["lon", "lat"].map((name) => fieldOf(this.place, name)?.value);
    if (lon && lat && Number.isFinite(Number(lon)) && Number.isFinite(Number(lat))) this.mark([Number(lon), Number(lat)]);
  }

  /** @param {Spot} spot */
  pick(spot) {
    fill(this.place, spot);
    this.mark(spot);
  }

  /** @param {Spot} spot */
  mark(spot) {
    this.spot = spot;
    this.marker.setLngLat(spot).addTo(this.map);
  }

  /** @param {Spot} spot */
  go(spot) {
    this.pick(spot);
    this.map.jumpTo({ center: spot, zoom: CLOSE });
  }
}

/** @param {HTMLButtonElement} button @param {PointMap | null} shown */
function locate(button, shown) {
  const state = button.closest("[data-point]")?.querySelector("[data-here-state]");
  const tell = (/** @type {string | undefined} */ words) => state && (state.textContent = words ?? "");
  if (!navigator.geolocation || !window.isSecureContext) return tell(button.dataset.denied);
  button.disabled = true;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      button.disabled = false;
      fill(button, [coords.longitude, coords.latitude]);
      shown?.go([coords.longitude, coords.latitude]);
      tell(`${button.dataset.found} ±${Math.round(coords.accuracy)} m`);
    },
    () => {
      button.disabled = false;
      tell(button.dataset.denied);
    },
    { enableHighAccuracy: true, maximumAge: 30_000, timeout: 15_000 },
  );
}

function start() {
  const drawable = Boolean(document.createElement("canvas").getContext("webgl2"));
  for (const place of document.querySelectorAll("[data-point-map]:not([data-started])")) {
    place.setAttribute("data-started", "1");
    const shown = drawable ? new PointMap(/** @type {HTMLElement} */ (place)) : null;
    const button = place.closest("[data-point]")?.querySelector("[data-here]");
    if (button instanceof HTMLButtonElement) button.addEventListener("click", () => locate(button, shown));
    if (!drawable) place.remove();
  }
}

start();
document.addEventListener("page:shown", start);
document.body.addEventListener("htmx:afterSettle", start);
