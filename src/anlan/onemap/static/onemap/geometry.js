// @ts-check
/** Small geometry on the ground, in degrees. */

const EARTH = 6_371_008.8;
const CORNERS = 96;

/**
 * The middle of a polygon's largest ring, by area.
 * @param {GeoJSON.Geometry} geometry
 * @returns {[number, number] | null}
 */
export function middle(geometry) {
  const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : geometry.type === "Polygon" ? [geometry.coordinates] : [];
  let best = null;
  let largest = 0;
  for (const [ring] of polygons) {
    const found = ringMiddle(ring);
    if (Math.abs(found.area) <= largest) continue;
    largest = Math.abs(found.area);
    best = found.at;
  }
  return best;
}

/**
 * @param {GeoJSON.Position[]} ring
 * @returns {{area: number, at: [number, number]}}
 */
function ringMiddle(ring) {
  const [x0, y0] = ring[0];
  let [area, x, y] = [0, 0, 0];
  for (let i = 1; i < ring.length; i += 1) {
    const [ax, ay] = [ring[i - 1][0] - x0, ring[i - 1][1] - y0];
    const [bx, by] = [ring[i][0] - x0, ring[i][1] - y0];
    const cross = ax * by - bx * ay;
    area += cross / 2;
    x += ((ax + bx) * cross) / 6;
    y += ((ay + by) * cross) / 6;
  }
  return { area, at: area ? [x0 + x / area, y0 + y / area] : [x0, y0] };
}

/**
 * A circle of a radius in metres.
 * @param {[number, number]} centre
 * @param {number} radius
 * @returns {[number, number][]}
 */
export function ring(centre, radius) {
  const north = (radius / EARTH) * (180 / Math.PI);
  const east = north / Math.cos((centre[1] * Math.PI) / 180);
  return Array.from({ length: CORNERS + 1 }, (_, i) => {
    const angle = (i / CORNERS) * 2 * Math.PI;
    return [centre[0] + east * Math.sin(angle), centre[1] + north * Math.cos(angle)];
  });
}
