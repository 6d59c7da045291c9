// @ts-check
/** Symbols of the map, drawn on a canvas: each kind of thing has its own outline, so colour is never the only sign. */
import { colour, inkOn } from "./palette.js";

/** @typedef {{glyph: string, outline: (c: CanvasRenderingContext2D) => void, pin?: boolean}} Symbol */

const SIDE = 32;
const PILL = 54;
const RATIO = 2;
const PLATE = 2;
/** A ground that is drawn in slanting lines instead of a full colour. */
export const HATCH = "hatch";

/** @type {Map<string, Path2D>} */
const glyphs = new Map();

/**
 * A regular polygon round the middle of the symbol.
 * @param {number} corners
 * @param {number} radius
 * @param {number} turn
 */
function polygon(corners, radius, turn) {
  return (/** @type {CanvasRenderingContext2D} */ c) => {
    for (let i = 0; i < corners; i += 1) {
      const angle = turn + (i / corners) * 2 * Math.PI;
      c.lineTo(16 + radius * Math.cos(angle), 16 + radius * Math.sin(angle));
    }
    c.closePath();
  };
}

/** @param {CanvasRenderingContext2D} c */
const circle = (c) => c.arc(16, 16, 12.5, 0, 2 * Math.PI);
const square = (/** @type {number} */ radius) => (/** @type {CanvasRenderingContext2D} */ c) =>
  c.roundRect(4.5, 4.5, 23, 23, radius);

/** @param {CanvasRenderingContext2D} c */
function house(c) {
  for (const [x, y] of [[16, 2], [29.5, 13], [29.5, 28], [2.5, 28], [2.5, 13]]) c.lineTo(x, y);
  c.closePath();
}

/** @param {CanvasRenderingContext2D} c */
function pin(c) {
  c.arc(16, 12.5, 11, Math.PI * 0.8, Math.PI * 2.2);
  c.lineTo(16, 31);
  c.closePath();
}

/** @param {CanvasRenderingContext2D} c */
function bubble(c) {
  for (const [x, y] of [[4, 2.5], [28, 2.5], [28, 23], [20.5, 23], [16, 31], [11.5, 23], [4, 23]]) c.lineTo(x, y);
  c.closePath();
}

/** @param {CanvasRenderingContext2D} c */
function burst(c) {
  for (let i = 0; i < 16; i += 1) {
    const angle = (i / 16) * 2 * Math.PI - Math.PI / 2;
    const radius = i % 2 ? 11.5 : 15;
    c.lineTo(16 + radius * Math.cos(angle), 16 + radius * Math.sin(angle));
  }
  c.closePath();
}

/** @type {Record<string, Symbol>} */
const SYMBOLS = {
  area: { glyph: "area", outline: square(6) },
  enterprise: { glyph: "enterprise", outline: square(2) },
  team: { glyph: "team", outline: polygon(6, 14.5, Math.PI / 6) },
  person: { glyph: "person", outline: circle },
  place: { glyph: "place", outline: square(8) },
  facility: { glyph: "facility", outline: polygon(8, 14, Math.PI / 8) },
  shelter: { glyph: "shelter", outline: house },
  stock: { glyph: "stock", outline: polygon(4, 16, 0) },
  device: { glyph: "device", outline: circle },
  alarm: { glyph: "alarm", outline: pin, pin: true },
  signal: { glyph: "signal", outline: bubble, pin: true },
  incident: { glyph: "incident", outline: burst },
  hazard: { glyph: "hazard", outline: polygon(5, 14.5, -Math.PI / 2) },
};

/** @param {string} name */
function symbolNamed(name) {
  return SYMBOLS[name] ?? { glyph: name, outline: circle };
}

/** @param {string} name */
export function isPin(name) {
  return Boolean(symbolNamed(name).pin);
}

/**
 * Reads the outlines of the page's own icons.
 * @param {string} address
 */
export async function loadGlyphs(address) {
  const text = await (await fetch(address)).text();
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  for (const one of parsed.querySelectorAll("symbol")) glyphs.set(one.id, pathOf(one));
}

/** @param {Element} symbol */
function pathOf(symbol) {
  const path = new Path2D();
  const number = (/** @type {Element} */ e, /** @type {string} */ name) => Number(e.getAttribute(name) ?? 0);
  for (const shape of symbol.children) {
    const part = new Path2D(shape.tagName === "path" ? shape.getAttribute("d") ?? "" : undefined);
    if (shape.tagName === "circle") part.arc(number(shape, "cx"), number(shape, "cy"), number(shape, "r"), 0, 7);
    if (shape.tagName === "rect") {
      part.roundRect(number(shape, "x"), number(shape, "y"), number(shape, "width"), number(shape, "height"), number(shape, "rx"));
    }
    path.addPath(part);
  }
  return path;
}

/** @param {number} width */
function canvasOf(width) {
  const canvas = document.createElement("canvas");
  canvas.width = width * RATIO;
  canvas.height = SIDE * RATIO;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.scale(RATIO, RATIO);
  return { canvas, context };
}

/**
 * @param {CanvasRenderingContext2D} c
 * @param {string} name
 * @param {number} x
 * @param {number} y
 * @param {number} side
 * @param {string} ink
 */
function drawGlyph(c, name, x, y, side, ink) {
  const path = glyphs.get(name);
  if (!path) return;
  c.save();
  c.translate(x, y);
  c.scale(side / 24, side / 24);
  c.strokeStyle = ink;
  c.lineWidth = 2.1;
  c.lineCap = c.lineJoin = "round";
  c.stroke(path);
  c.restore();
}

/**
 * @param {CanvasRenderingContext2D} c
 * @param {(c: CanvasRenderingContext2D) => void} outline
 * @param {string} token
 */
function drawPlate(c, outline, token) {
  c.beginPath();
  outline(c);
  c.lineJoin = "round";
  c.lineWidth = PLATE * 2;
  c.strokeStyle = colour("map-halo");
  c.stroke();
  c.fillStyle = colour(token);
  c.fill();
}

/**
 * Slanting lines that go on from one tile of a pattern to the next.
 * @param {CanvasRenderingContext2D} c
 * @param {string} token
 */
function drawHatch(c, token) {
  c.strokeStyle = colour(token);
  c.lineWidth = 1.5;
  for (let at = -SIDE; at <= 2 * SIDE; at += SIDE / 4) {
    c.moveTo(at, SIDE + 1);
    c.lineTo(at + SIDE + 2, -1);
  }
  c.stroke();
}

/**
 * A symbol in a colour.
 * @param {string} name
 * @param {string} token
 */
export function drawSymbol(name, token) {
  const { canvas, context } = canvasOf(SIDE);
  if (name === HATCH) {
    drawHatch(context, token);
    return canvas;
  }
  const symbol = symbolNamed(name);
  drawPlate(context, symbol.outline, token);
  const side = symbol.pin ? 14 : 16;
  const top = symbol.pin ? 5.5 : name === "shelter" ? 9.5 : 8;
  drawGlyph(context, symbol.glyph, 16 - side / 2, top, side, inkOn(token));
  return canvas;
}

/**
 * The plate of a cluster: the symbol at the left, room for the number at the right.
 * @param {string} name
 * @param {string} token
 */
export function drawPill(name, token) {
  const { canvas, context } = canvasOf(PILL);
  drawPlate(context, (c) => c.roundRect(2.5, 4.5, PILL - 5, 23, 11.5), token);
  drawGlyph(context, symbolNamed(name).glyph, 8, 8.5, 15, inkOn(token));
  return canvas;
}

/** @param {HTMLCanvasElement} canvas */
export function imageOf(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * An `<img>` of a symbol for panels and lists.
 * @param {string} name
 * @param {string} token
 */
export function symbolImage(name, token) {
  const image = document.createElement("img");
  image.alt = "";
  image.dataset.symbol = name;
  image.dataset.token = token;
  image.src = drawSymbol(name, token).toDataURL();
  return image;
}

/** Draws the symbols of panels again, after a change of theme. */
export function redrawImages() {
  for (const image of document.querySelectorAll("img[data-symbol]")) {
    const { symbol, token } = /** @type {HTMLImageElement} */ (image).dataset;
    /** @type {HTMLImageElement} */ (image).src = drawSymbol(symbol ?? "", token ?? "").toDataURL();
  }
}

export { RATIO };
