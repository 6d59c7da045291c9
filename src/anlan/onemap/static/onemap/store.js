// @ts-check
/** The layers on the map: their sources, what they hold, and how news changes them. */
import { toast, word } from "../kit/app.js";
import { featureOf, fetchJson, tokensOf } from "./catalogue.js";
import { middle } from "./geometry.js";
import { PLAIN, WARNING } from "./palette.js";
import { areaLayers, areaNames, pointLayers, shapeLayers, urgency } from "./style.js";
import { drawPill, drawSymbol, imageOf, RATIO } from "./symbols.js";

/**
 * @typedef {import("./catalogue.js").LayerInfo} LayerInfo
 * @typedef {import("./catalogue.js").Feature} Feature
 * @typedef {import("../maplibre/maplibre-gl.mjs").Map} MapView
 * @typedef {import("../maplibre/maplibre-gl.mjs").GeoJSONSource} GeoJSONSource
 * @typedef {{info: LayerInfo, features: Map<number, Feature>, shown: boolean, loading: Promise<void> | null}} Held
 */

const CLUSTER_FROM = 60;
const CLUSTER_TO_ZOOM = 13;
const NEVER_CLUSTERED = new Set(["alarm", "signal", "incident"]);
const SETTLE = 5000;
const SOON = 300;
const PART = "rows";
const FLOOR = "chosen:area";
const NAMES = ":names";

/** The layers of one map. `onChange` is told the key of a layer whose rows or visibility changed. */
export class LayerStore {
  /**
   * @param {MapView} map
   * @param {LayerInfo[]} infos
   * @param {(key: string) => void} onChange
   */
  constructor(map, infos, onChange) {
    this.map = map;
    this.onChange = onChange;
    /** @type {Map<string, Held>} */
    this.held = new Map(infos.map((info) => [info.key, { info, features: new Map(), shown: false, loading: null }]));
    /** @type {Map<string, number>} */
    this.settling = new Map();
  }

  /** @param {string} key */
  info(key) {
    return this.held.get(key)?.info;
  }

  /** @param {string} key */
  isShown(key) {
    return Boolean(this.held.get(key)?.shown);
  }

  /** @param {string} key */
  features(key) {
    return [...(this.held.get(key)?.features.values() ?? [])];
  }

  /**
   * Shows or hides a layer; loads it the first time.
   * @param {string} key
   * @param {boolean} shown
   */
  async show(key, shown) {
    const held = this.held.get(key);
    if (!held) return;
    held.shown = shown;
    if (shown) await this.load(held);
    for (const layer of this.styled(held)) {
      if (this.map.getLayer(layer.id)) this.map.setLayoutProperty(layer.id, "visibility", held.shown ? "visible" : "none");
    }
    this.onChange(key);
  }

  /** @param {Held} held */
  async load(held) {
    held.loading ??= this.open(held).catch(() => {
      held.loading = null;
      toast(word("no_layer", { title: held.info.title }), "error");
    });
    await held.loading;
  }

  /** @param {Held} held */
  async open(held) {
    const { info } = held;
    this.addImages(info);
    if (info.mode === "tiles") {
      const tiles = [new URL(info.tiles, location.href).href.replaceAll("%7B", "{").replaceAll("%7D", "}")];
      this.map.addSource(info.key, { type: "vector", tiles, maxzoom: 16 });
    } else {
      const data = await fetchJson(info.data);
      this.keep(held, data);
      this.map.addSource(info.key, /** @type {any} */ ({ type: "geojson", data, ...clustering(info, data.features.length) }));
      if (info.symbol === "area") this.map.addSource(`${info.key}${NAMES}`, { type: "geojson", data: namesOf(data) });
    }
    this.insert(held);
  }

  /** @param {Held} held adds the style layers at the place that the catalogue's order gives them */
  insert(held) {
    const order = [...this.held.keys()];
    const above = order.slice(order.indexOf(held.info.key) + 1).flatMap((key) => this.styled(/** @type {Held} */ (this.held.get(key))))
      .filter((layer) => !layer.source.endsWith(NAMES));
    const before = above.find((layer) => this.map.getLayer(layer.id))?.id ?? FLOOR;
    for (const layer of this.styled(held)) this.map.addLayer(layer, layer.source.endsWith(NAMES) ? FLOOR : before);
  }

  /**
   * @param {Held} held
   * @returns {any[]}
   */
  styled({ info }) {
    if (info.symbol === "area") return [...areaLayers(info.key), ...areaNames(`${info.key}${NAMES}`)];
    const part = info.mode === "tiles" ? PART : undefined;
    return info.points ? pointLayers(info, info.key, part) : shapeLayers(info, info.key, part);
  }

  /** @param {LayerInfo} info */
  addImages(info) {
    const put = (/** @type {string} */ name, /** @type {HTMLCanvasElement} */ canvas) => {
      if (this.map.hasImage(name)) this.map.updateImage(name, imageOf(canvas));
      else this.map.addImage(name, imageOf(canvas), { pixelRatio: RATIO });
    };
    for (const token of tokensOf(info)) put(`${info.symbol}/${token}`, drawSymbol(info.symbol, token));
    for (const token of [PLAIN, ...WARNING]) put(`${info.symbol}/pill/${token}`, drawPill(info.symbol, token));
  }

  /**
   * @param {Held} held
   * @param {GeoJSON.FeatureCollection} data
   */
  keep(held, data) {
    held.features = new Map(data.features.map((f) => [Number(f.id), /** @type {Feature} */ (f)]));
    held.info.count = held.features.size;
  }

  /**
   * Reads a layer's rows again; cheap where nothing changed, by its ETag.
   * @param {string} key
   */
  async reload(key) {
    const held = this.held.get(key);
    if (!held?.loading) return;
    await held.loading;
    const source = /** @type {any} */ (this.map.getSource(key));
    if (held.info.mode === "tiles") source?.setTiles(source.tiles);
    else {
      const data = await fetchJson(held.info.data);
      this.keep(held, data);
      await source?.setData(data);
    }
    this.onChange(key);
  }

  /**
   * Changes one feature in place. `news.gone` takes it away.
   * @param {string} key
   * @param {Record<string, any>} news
   * @returns {Promise<"new" | "changed" | "gone" | "unknown">}
   */
  async apply(key, news) {
    const held = this.held.get(key);
    if (!held?.loading || held.info.mode === "tiles") return "unknown";
    await held.loading;
    const known = held.features.get(Number(news.id));
    this.settle(key, known || held.info.colour_by in news ? SETTLE : SOON);
    const source = /** @type {GeoJSONSource} */ (this.map.getSource(key));
    if (news.gone) {
      if (!known) return "unknown";
      held.features.delete(known.id);
      await source.updateData({ remove: [known.id] });
      return this.done(held, "gone");
    }
    const feature = featureOf(held.info, news, known);
    if (!feature) return "unknown";
    held.features.set(feature.id, feature);
    await source.updateData(known ? { remove: [feature.id], add: [feature] } : { add: [feature] });
    return this.done(held, known ? "changed" : "new");
  }

  /**
   * @template {string} T
   * @param {Held} held
   * @param {T} what
   */
  done(held, what) {
    held.info.count = held.features.size;
    this.onChange(held.info.key);
    return what;
  }

  /**
   * What news told is checked against the rows a little later, once for a burst.
   * @param {string} key
   * @param {number} [delay]
   */
  settle(key, delay = SOON) {
    if (this.settling.has(key)) return;
    const run = () => {
      this.settling.delete(key);
      this.reload(key).catch(() => undefined);
    };
    this.settling.set(key, window.setTimeout(run, delay));
  }

  /** Draws everything in the colours of the present theme. */
  restyle() {
    for (const held of this.held.values()) {
      if (!held.loading) continue;
      this.addImages(held.info);
      for (const layer of this.styled(held)) this.repaint(layer);
    }
  }

  /** @param {any} layer */
  repaint(layer) {
    if (!this.map.getLayer(layer.id)) return;
    for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(layer.id, /** @type {any} */ (name), value);
  }

  /** Style layers that answer a click, the topmost first. */
  clickable() {
    return [...this.held.values()].reverse().filter((held) => held.shown && held.loading).flatMap((held) => this.styled(held))
      .map((layer) => layer.id).filter((id) => this.map.getLayer(id) && !id.includes(NAMES) && !id.endsWith(":glow"));
  }
}

/**
 * @param {LayerInfo} info
 * @param {number} count
 */
function clustering(info, count) {
  const cluster = info.points && count > CLUSTER_FROM && !NEVER_CLUSTERED.has(info.symbol);
  if (!cluster) return {};
  return { cluster, clusterRadius: 44, clusterMaxZoom: CLUSTER_TO_ZOOM, clusterProperties: { _worst: ["max", urgency] } };
}

/** @param {GeoJSON.FeatureCollection} data */
function namesOf(data) {
  const features = data.features.flatMap((feature) => {
    const at = middle(feature.geometry);
    return at ? [{ ...feature, geometry: { type: /** @type {const} */ ("Point"), coordinates: at } }] : [];
  });
  return { type: /** @type {const} */ ("FeatureCollection"), features };
}
