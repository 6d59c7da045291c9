// @ts-check
/** How layers are drawn. Each function gives plain MapLibre style layers in the colours of the present theme. */
import { colour, fonts, PLAIN, TOKENS, WARNING } from "./palette.js";
import { HATCH, isPin } from "./symbols.js";

/**
 * @typedef {import("./catalogue.js").LayerInfo} LayerInfo
 * @typedef {import("../maplibre/maplibre-gl.mjs").AddLayerObject} StyleLayer
 */

const LABELS_FROM = 13.5;
const DENSE = 2000;
const LABELS_FROM_WHERE_DENSE = 16;

/** The empty style: no sprite, no glyphs, nothing from outside. Letters are drawn from this computer's own fonts. */
export function emptyStyle() {
  return {
    version: /** @type {const} */ (8),
    sources: {},
    layers: [{ id: "ground", type: /** @type {const} */ ("background"), paint: { "background-color": colour("map-ground") } }],
  };
}

/** Urgency of a feature's colour, for which lies on top and what a cluster shows. */
export const urgency = /** @type {any} */ (["match", ["get", "_colour"], ...WARNING.flatMap((t, i) => [t, i + 1]), 0]);

/** The token of a cluster's most urgent member. */
const worstToken = ["match", ["coalesce", ["get", "_worst"], 0], ...WARNING.flatMap((t, i) => [i + 1, t]), PLAIN];

/** Warned of, so drawn larger than what is at rest. */
const pressing = [">=", urgency, WARNING.indexOf("yellow") + 1];

const byToken = (/** @type {any} */ property) => ["match", property, ...TOKENS.flatMap((t) => [t, colour(t)]), colour(PLAIN)];

/**
 * Areas are the base map: land, borders by level, names.
 * @param {string} source
 * @returns {any[]}
 */
export function areaLayers(source) {
  const level = (/** @type {string} */ name) => ["==", ["get", "level"], name];
  const line = (/** @type {string} */ name, /** @type {object} */ paint, minzoom = 0) => ({
    id: `${source}:${name}`, type: "line", source, minzoom, filter: level(name), layout: { "line-join": "round" }, paint,
  });
  return [
    { id: `${source}:land`, type: "fill", source, filter: level("district"), paint: { "fill-color": colour("map-land") } },
    { id: `${source}:street-land`, type: "fill", source, filter: level("street"), paint: { "fill-color": ["case", ["==", ["%", ["id"], 2], 0], colour("map-land"), colour("map-land-2")], "fill-opacity": 0.85 } },
    line("grid", { "line-color": colour("map-line-2"), "line-width": 0.7, "line-dasharray": [2, 3] }, 13),
    line("community", { "line-color": colour("map-line-2"), "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.5, 14, 1.4], "line-dasharray": [4, 2] }, 10.5),
    line("street", { "line-color": colour("map-line"), "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.8, 14, 2.2] }),
    { ...line("district", { "line-color": colour("map-edge"), "line-width": 10, "line-blur": 9, "line-opacity": 0.4 }), id: `${source}:glow` },
    line("district", { "line-color": colour("map-edge"), "line-width": 2 }),
  ];
}

/**
 * Names of areas, each once, in the middle of its ground.
 * @param {string} source
 * @returns {any[]}
 */
export function areaNames(source) {
  const names = (/** @type {string} */ level, /** @type {number} */ minzoom, /** @type {number} */ maxzoom, /** @type {number} */ size) => ({
    id: `${source}:${level}`, type: "symbol", source, minzoom, maxzoom, filter: ["==", ["get", "level"], level],
    layout: { "text-field": ["get", "_label"], "text-font": fonts, "text-size": size, "text-letter-spacing": 0.12, "text-padding": 6 },
    paint: { "text-color": colour("map-label"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.4 },
  });
  return [names("district", 0, 10, 16), names("street", 9.5, 13.2, 14), names("community", 12, 15.5, 12.5), names("grid", 14.2, 24, 12)];
}

/**
 * Points of a layer: clusters as plates with a number, single ones as symbols, pins standing over the rest.
 * @param {LayerInfo} info
 * @param {string} source
 * @param {string | undefined} part the layer inside a vector tile
 * @returns {any[]}
 */
export function pointLayers(info, source, part) {
  const base = { type: "symbol", source, ...(part ? { "source-layer": part } : {}) };
  const pin = isPin(info.symbol);
  const worst = info.live ? worstToken : "neutral";
  const labelled = pin ? 12 : info.count > DENSE ? LABELS_FROM_WHERE_DENSE : LABELS_FROM;
  return [
    {
      ...base, id: `${source}:points`, filter: ["!", ["has", "point_count"]],
      layout: {
        "icon-image": ["concat", `${info.symbol}/`, ["coalesce", ["get", "_colour"], PLAIN]],
        "icon-size": pin || info.symbol === "incident" ? ["interpolate", ["linear"], ["zoom"], 10, 0.9, 14, 1.1] : ["interpolate", ["linear"], ["zoom"], 10, ["case", pressing, 0.74, 0.56], 14, ["case", pressing, 0.96, 0.84]],
        "icon-anchor": pin ? "bottom" : "center", "icon-allow-overlap": true, "icon-ignore-placement": !pin, "symbol-sort-key": urgency,
        "text-field": ["step", ["zoom"], "", labelled, ["coalesce", ["get", "_label"], ""]],
        "text-font": fonts, "text-size": 12, "text-offset": [0, pin ? 0.2 : 1.25], "text-anchor": "top", "text-optional": true, "text-max-width": 12,
      },
      paint: { "text-color": colour("ink"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.4 },
    },
    {
      ...base, id: `${source}:clusters`, filter: ["has", "point_count"],
      layout: {
        "icon-image": ["concat", `${info.symbol}/pill/`, worst], "icon-allow-overlap": true, "icon-size": 0.92,
        "text-field": ["case", [">=", ["get", "point_count"], 1000], ["concat", ["to-string", ["/", ["round", ["/", ["get", "point_count"], 100]], 10]], "k"], ["to-string", ["get", "point_count"]]],
        "text-font": fonts, "text-size": 11.5, "text-offset": [0.75, 0.02], "text-allow-overlap": true, "symbol-sort-key": ["coalesce", ["get", "_worst"], 0],
      },
      paint: { "text-color": ["match", worst, ...[PLAIN, ...WARNING].flatMap((t) => [t, colour(`on-${t}`)]), colour("on-plain")] },
    },
  ];
}

/**
 * Lines and grounds of a layer that is not of points.
 * @param {LayerInfo} info
 * @param {string} source
 * @param {string | undefined} part
 * @returns {any[]}
 */
export function shapeLayers(info, source, part) {
  const base = { source, ...(part ? { "source-layer": part } : {}) };
  const token = ["coalesce", ["get", "_colour"], PLAIN];
  const tone = byToken(token);
  const hatched = { "fill-pattern": ["concat", `${HATCH}/`, token], "fill-opacity": 0.5 };
  return [
    { ...base, id: `${source}:fill`, type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: info.symbol === HATCH ? hatched : { "fill-color": tone, "fill-opacity": 0.22 } },
    { ...base, id: `${source}:line`, type: "line", paint: { "line-color": tone, "line-width": 2 } },
  ];
}

/**
 * What is chosen, and circles of distance round a place.
 * @returns {any[]}
 */
export function markLayers() {
  return [
    { id: "chosen:area", type: "line", source: "chosen", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": colour("accent"), "line-width": 3.5 } },
    { id: "chosen:point", type: "circle", source: "chosen", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 19, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": colour("accent"), "circle-stroke-width": 3 } },
    { id: "rings:line", type: "line", source: "rings", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": colour("orange"), "line-width": 1.6, "line-dasharray": [3, 2] } },
    { id: "rings:name", type: "symbol", source: "rings", filter: ["==", ["geometry-type"], "Point"], layout: { "text-field": ["get", "words"], "text-font": fonts, "text-size": 12, "text-anchor": "bottom" }, paint: { "text-color": colour("orange-ink"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.5 } },
  ];
}
