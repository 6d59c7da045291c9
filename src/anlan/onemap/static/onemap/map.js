// @ts-check
/** The map page. It knows no theme: it draws what the catalogue declares and follows its news. */
import { toast, word } from "../kit/app.js";
import { subscribe } from "../kit/live.js";
import { Map as MapView, NavigationControl, ScaleControl } from "../maplibre/maplibre-gl.mjs";
import { Card } from "./card.js";
import { fetchJson } from "./catalogue.js";
import { addMarks, markChosen, markRings, pulse } from "./marks.js";
import { fillPanel, refreshRow, remembered } from "./panel.js";
import { colour, PLAIN } from "./palette.js";
import { openCluster, startHover, under } from "./pointer.js";
import { startSearch } from "./search.js";
import { LayerStore } from "./store.js";
import { emptyStyle, markLayers } from "./style.js";
import { loadGlyphs, redrawImages } from "./symbols.js";

/**
 * @typedef {import("./catalogue.js").Catalogue} Catalogue
 * @typedef {import("../kit/live.js").News} News
 */

const THEME = "anlan.map.theme";
const CLOSE = 15;
const place = /** @type {HTMLElement} */ (document.getElementById("map"));

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(THEME, theme);
}

/** @param {Catalogue} catalogue */
function makeMap(catalogue) {
  const map = new MapView({
    container: place,
    style: emptyStyle(),
    bounds: catalogue.bounds,
    fitBoundsOptions: { padding: padding() },
    attributionControl: false,
    localIdeographFontFamily: false,
    dragRotate: false,
    pitchWithRotate: false,
    locale: {
      "NavigationControl.ZoomIn": word("zoom_in"),
      "NavigationControl.ZoomOut": word("zoom_out"),
      "NavigationControl.ResetBearing": word("north"),
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
  return map;
}

/** Room that the panels take from the map. */
function padding() {
  return innerWidth > 720 ? { top: 40, bottom: 40, left: 340, right: 60 } : { top: 76, bottom: 24, left: 16, right: 16 };
}

/** Room that the card takes: on a phone the lower part of the map. */
function cardRoom() {
  return { top: 0, left: 0, right: 0, bottom: innerWidth > 720 ? 0 : innerHeight * 0.4 };
}

/** @param {MapView} map */
function startReadout(map) {
  const readout = /** @type {HTMLElement} */ (document.getElementById("map-readout"));
  const write = (/** @type {{lng: number, lat: number}} */ at) => {
    readout.textContent = `${word("datum")} ${at.lng.toFixed(6)}, ${at.lat.toFixed(6)} · z ${map.getZoom().toFixed(1)}`;
  };
  write(map.getCenter());
  map.on("mousemove", (event) => write(event.lngLat));
  map.on("move", () => write(map.getCenter()));
}

/** Everything that the page can do with its map; `window.anlanMap` for tests. */
class MapPage {
  /** @param {Catalogue} catalogue */
  constructor(catalogue) {
    this.catalogue = catalogue;
    this.map = makeMap(catalogue);
    this.store = new LayerStore(this.map, catalogue.layers, (key) => refreshRow(key, this.store));
    this.card = new Card(place.dataset.object ?? "", {
      close: () => this.forget(),
      centre: (at) => this.map.easeTo({ center: at, zoom: Math.max(this.map.getZoom(), CLOSE) }),
      rings: (at) => this.rings(at),
      open: (key, id) => this.open(key, id, false),
    });
    /** @type {[number, number] | null} */
    this.ringed = null;
    this.ready = this.start();
  }

  async start() {
    await new Promise((done) => this.map.once("load", done));
    addMarks(this.map);
    fillPanel(/** @type {HTMLElement} */ (document.getElementById("layer-list")), this.catalogue.layers, this.store);
    const wanted = remembered(this.catalogue.layers);
    await Promise.all(this.catalogue.layers.map((info) => this.store.show(info.key, Boolean(wanted.get(info.key)))));
    this.listen();
    await this.follow(new URLSearchParams(location.search));
    document.getElementById("map-waiting")?.remove();
    await new Promise((done) => this.map.once("idle", done).triggerRepaint());
    place.dataset.state = "ready";
  }

  listen() {
    this.map.on("click", (event) => this.click(event.point));
    if (matchMedia("(hover: hover)").matches) startHover(this.map, this.store);
    startReadout(this.map);
    startSearch(place.dataset.search ?? "", (key, id) => this.open(key, id, true));
    document.querySelector("[data-tool=fit]")?.addEventListener("click", () => this.fit());
    document.querySelector("[data-tool=theme]")?.addEventListener("click", () => this.turnTheme());
    const topics = [...new Set(this.catalogue.layers.map((info) => info.live).filter(Boolean))];
    subscribe(topics, (news) => this.hear(news));
  }

  /** @param {URLSearchParams} asked */
  async follow(asked) {
    const incident = asked.get("incident");
    const home = this.catalogue.layers.find((info) => info.symbol === "incident")?.key;
    const focus = incident && home ? `${home}:${incident}` : asked.get("focus");
    const [, key, id] = /^(.+):(\d+)$/.exec(focus ?? "") ?? [];
    if (!key) return;
    const at = await this.open(key, Number(id), true);
    if (at && incident) this.rings(at);
  }

  /**
   * Opens an object's card and marks it.
   * @param {string} key
   * @param {number} id
   * @param {boolean} go moves the map there
   */
  async open(key, id, go) {
    if (!this.store.isShown(key)) await this.store.show(key, true);
    const at = await this.card.open(key, id);
    if (!at) return null;
    const known = this.store.features(key).find((feature) => feature.id === id);
    markChosen(this.map, known?.geometry ?? { type: "Point", coordinates: at });
    history.replaceState(null, "", `?focus=${encodeURIComponent(`${key}:${id}`)}`);
    if (go) this.map.jumpTo({ center: at, zoom: Math.max(this.map.getZoom(), CLOSE), padding: cardRoom() });
    return at;
  }

  forget() {
    markChosen(this.map, null);
    this.rings(null);
    this.map.setPadding({ top: 0, left: 0, right: 0, bottom: 0 });
    history.replaceState(null, "", location.pathname);
  }

  /** @param {[number, number] | null} at asked again for the same place, the circles leave */
  rings(at) {
    this.ringed = at && String(at) === String(this.ringed) ? null : at;
    markRings(this.map, this.ringed);
    if (this.ringed) this.map.easeTo({ center: this.ringed, zoom: 12.6 });
  }

  /** @param {{x: number, y: number}} point */
  async click(point) {
    const seen = under(this.map, this.store, point);
    const [top] = seen;
    if (!top) return;
    if (top.properties.point_count) await openCluster(this.map, top);
    else if (seen.length === 1) await this.open(top.source, Number(top.id), false);
    else this.card.choose(seen.filter((f) => !f.properties.point_count).map((f) => this.choice(f)));
  }

  /** @param {import("./pointer.js").Seen} feature */
  choice(feature) {
    const info = this.store.info(feature.source);
    const { _label, _colour } = feature.properties;
    return {
      key: feature.source, id: Number(feature.id), title: _label || `${info?.title}`, layer: info?.title ?? "",
      symbol: info?.symbol ?? "", token: _colour ?? PLAIN,
    };
  }

  fit() {
    this.map.fitBounds(this.catalogue.bounds, { padding: padding() });
  }

  turnTheme() {
    setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    this.map.setPaintProperty("ground", "background-color", colour("map-ground"));
    this.store.restyle();
    for (const layer of markLayers()) this.store.repaint(layer);
    redrawImages();
  }

  /** @param {News} news */
  async hear(news) {
    for (const info of this.catalogue.layers.filter((one) => one.live === news.topic)) {
      if (news.reload) {
        await this.store.reload(info.key);
        continue;
      }
      const what = await this.store.apply(info.key, news);
      if (what === "unknown") this.store.settle(info.key);
      if (what === "new" && info.symbol === "alarm") this.ring(info.key, Number(news.id));
      place.dispatchEvent(new CustomEvent("onemap:news", { detail: { key: info.key, id: news.id, what, at: Date.now() } }));
    }
  }

  /**
   * @param {string} key
   * @param {number} id
   */
  ring(key, id) {
    const feature = this.store.features(key).find((one) => one.id === id);
    if (feature?.geometry.type !== "Point") return;
    const { _label, _colour } = feature.properties;
    pulse(this.map, /** @type {[number, number]} */ (feature.geometry.coordinates), _colour ?? "red");
    toast(word("new_alarm", { title: _label ?? "" }), "warning");
  }

  /**
   * Where a feature lies on the page, in pixels; null where it is not held.
   * @param {string} key
   * @param {number} id
   */
  pixel(key, id) {
    const feature = this.store.features(key).find((one) => one.id === id);
    if (feature?.geometry.type !== "Point") return null;
    const { x, y } = this.map.project(/** @type {[number, number]} */ (feature.geometry.coordinates));
    const box = place.getBoundingClientRect();
    return { x: x + box.left, y: y + box.top };
  }
}

async function start() {
  setTheme(localStorage.getItem(THEME) ?? "dark");
  if (!document.createElement("canvas").getContext("webgl2")) {
    const waiting = document.getElementById("map-waiting");
    if (waiting) waiting.textContent = word("no_webgl");
    return;
  }
  const [catalogue] = await Promise.all([fetchJson(place.dataset.catalogue ?? ""), loadGlyphs(place.dataset.sprite ?? "")]);
  const page = new MapPage(catalogue);
  Object.assign(window, { anlanMap: page });
  await page.ready;
}

start();
