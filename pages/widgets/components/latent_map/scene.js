// One panel's geometry: points in a unit box, where they stand on the screen, and who stands near the pointer.

/** @import { Shaped } from "../shared/types.js" */

const CELL = 16; // pixels a side of the index's cells
const MARGIN = 26; // pixels kept free around all points

export class Scene {
  constructor() {
    this.width = this.height = 1;
    this.zoom = 1;
    this.shiftX = this.shiftY = 0;
    this.yaw = this.pitch = 0;
    this.stale = true;
    this.count = this.dims = this.reach = 0;
    /** @type {number[]} */
    this.centre = [];
    /** @type {number[]} */
    this.half = [];
    /** @type {Float32Array} */
    this.points = new Float32Array(0);
    this.x = this.y = this.depth = new Float32Array(0);
    /** @type {{ columns: number, rows: number, starts: Int32Array, list: Int32Array } | null} */
    this.index = null;
    this.reset();
  }

  reset() {
    this.zoom = 1;
    this.shiftX = this.shiftY = 0;
    this.yaw = 0.6;
    this.pitch = 0.35;
    this.stale = true;
  }

  /** @param {Shaped<Float32Array>} points (n, 2) or (n, 3) */
  setPoints(points) {
    const [count, dims] = points.shape, low = Array(dims).fill(Infinity), high = Array(dims).fill(-Infinity);
    this.count = count;
    this.dims = dims;
    this.points = points;
    for (let i = 0; i < count * dims; i++) {
      const value = points[i], axis = i % dims;
      if (!Number.isFinite(value)) continue;
      if (value < low[axis]) low[axis] = value;
      if (value > high[axis]) high[axis] = value;
    }
    this.centre = low.map((value, axis) => (value <= high[axis] ? (value + high[axis]) / 2 : 0));
    this.half = low.map((value, axis) => (value < high[axis] ? (high[axis] - value) / 2 : 1e-9));
    this.reach = Math.hypot(...this.half); // of the box's corners from its middle
    this.x = new Float32Array(count);
    this.y = new Float32Array(count);
    this.depth = new Float32Array(dims === 3 ? count : 0); // 0 far to 1 near
    this.stale = true;
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (width === this.width && height === this.height) return;
    this.shiftX *= width / this.width;
    this.shiftY *= height / this.height;
    this.width = width;
    this.height = height;
    this.stale = true;
  }

  // Pixels of one unit of the map, equal on both axes.
  scale() {
    const wide = Math.max(this.width - 2 * MARGIN, 20) / 2, tall = Math.max(this.height - 2 * MARGIN, 20) / 2;
    const most = Math.max(...this.half);
    if (most <= 1e-9) return this.zoom; // all points in one place
    const fit = this.dims === 3 ? (Math.min(wide, tall) + MARGIN / 2) / this.reach
      : Math.min(wide / Math.max(this.half[0], most * 1e-3), tall / Math.max(this.half[1], most * 1e-3));
    return fit * this.zoom;
  }

  turn() {
    const cy = Math.cos(this.yaw), sy = Math.sin(this.yaw), cp = Math.cos(this.pitch), sp = Math.sin(this.pitch);
    return [cy, 0, sy, sy * sp, cp, -cy * sp, -sy * cp, sp, cy * cp]; // right, up, towards the viewer
  }

  /**
   * Screen position (and depth) of any point of the map.
   * @param {number[]} point
   */
  at(point) {
    const scale = this.scale(), [u, v, w] = point.map((value, axis) => (value - this.centre[axis]) * scale);
    const middleX = this.width / 2 + this.shiftX, middleY = this.height / 2 + this.shiftY;
    if (this.dims === 2) return { x: middleX + u, y: middleY - v };
    const t = this.turn();
    return { x: middleX + u * t[0] + v * t[1] + w * t[2], y: middleY - (u * t[3] + v * t[4] + w * t[5]) };
  }

  project() {
    if (!this.stale) return;
    this.stale = false;
    this.index = null;
    const { points, count, x, y, depth, dims, centre } = this, scale = this.scale();
    const middleX = this.width / 2 + this.shiftX, middleY = this.height / 2 + this.shiftY;
    if (dims === 2) {
      for (let i = 0; i < count; i++) {
        x[i] = middleX + (points[2 * i] - centre[0]) * scale;
        y[i] = middleY - (points[2 * i + 1] - centre[1]) * scale;
      }
      return;
    }
    const t = this.turn(), reach = 1 / (2 * this.reach);
    for (let i = 0; i < count; i++) {
      const u = points[3 * i] - centre[0], v = points[3 * i + 1] - centre[1], w = points[3 * i + 2] - centre[2];
      x[i] = middleX + (u * t[0] + v * t[1] + w * t[2]) * scale;
      y[i] = middleY - (u * t[3] + v * t[4] + w * t[5]) * scale;
      depth[i] = Math.min(Math.max(0.5 + (u * t[6] + v * t[7] + w * t[8]) * reach, 0), 1);
    }
  }

  /**
   * Zooms by a factor around a place of the screen.
   * @param {number} x
   * @param {number} y
   * @param {number} factor
   */
  zoomAt(x, y, factor) {
    const zoom = Math.min(Math.max(this.zoom * factor, 0.5), 400), by = zoom / this.zoom;
    const fromX = x - this.width / 2, fromY = y - this.height / 2;
    this.shiftX = fromX + (this.shiftX - fromX) * by;
    this.shiftY = fromY + (this.shiftY - fromY) * by;
    this.zoom = zoom;
    this.stale = true;
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.shiftX += dx;
    this.shiftY += dy;
    this.stale = true;
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  rotate(dx, dy) {
    this.yaw += dx * 0.008;
    this.pitch = Math.min(Math.max(this.pitch + dy * 0.008, -1.5), 1.5);
    this.stale = true;
  }

  // Points by cell, as one list and where each cell begins in it; made when first asked for after a change.
  grid() {
    if (this.index) return this.index;
    const columns = Math.ceil(this.width / CELL), rows = Math.ceil(this.height / CELL), { x, y, count } = this;
    const cells = new Int32Array(count).fill(-1), starts = new Int32Array(columns * rows + 1);
    for (let i = 0; i < count; i++) {
      if (!(x[i] >= 0 && x[i] < this.width && y[i] >= 0 && y[i] < this.height)) continue;
      cells[i] = Math.floor(y[i] / CELL) * columns + Math.floor(x[i] / CELL);
      starts[cells[i] + 1]++;
    }
    for (let cell = 0; cell < columns * rows; cell++) starts[cell + 1] += starts[cell];
    const list = new Int32Array(starts[columns * rows]), next = starts.slice();
    for (let i = 0; i < count; i++) if (cells[i] >= 0) list[next[cells[i]]++] = i;
    return (this.index = { columns, rows, starts, list });
  }

  /**
   * The point nearest to (x, y) within `reach` pixels, -1 for none. In 3-D the one in front wins.
   * @param {number} x
   * @param {number} y
   * @param {number} reach
   */
  hit(x, y, reach) {
    this.project();
    const { columns, rows, starts, list } = this.grid(), { depth } = this;
    let nearest = -1, least = reach * reach;
    const right = Math.min(columns - 1, Math.floor((x + reach) / CELL));
    const bottom = Math.min(rows - 1, Math.floor((y + reach) / CELL));
    for (let row = Math.max(0, Math.floor((y - reach) / CELL)); row <= bottom; row++) {
      for (let column = Math.max(0, Math.floor((x - reach) / CELL)); column <= right; column++) {
        const cell = row * columns + column;
        for (let k = starts[cell]; k < starts[cell + 1]; k++) {
          const i = list[k], dx = this.x[i] - x, dy = this.y[i] - y;
          const distance = dx * dx + dy * dy, weighed = depth.length ? distance + 20 * (1 - depth[i]) : distance;
          if (distance <= reach * reach && weighed <= least) { least = weighed; nearest = i; }
        }
      }
    }
    return nearest;
  }

  /**
   * The nearest point in a direction (dx, dy: one of -1, 0, 1), the straight ahead preferred; -1 if none.
   * @param {number} from
   * @param {number} dx
   * @param {number} dy
   */
  towards(from, dx, dy) {
    this.project();
    let nearest = -1, least = Infinity;
    for (let i = 0; i < this.count; i++) {
      const ux = this.x[i] - this.x[from], uy = this.y[i] - this.y[from];
      const along = ux * dx + uy * dy, aside = Math.abs(ux * dy) + Math.abs(uy * dx);
      if (i === from || !(along > 0.5) || aside > along) continue;
      const far = along + 1.5 * aside;
      if (far < least) { least = far; nearest = i; }
    }
    return nearest;
  }

  /**
   * The point nearest to (x, y), -1 for none.
   * @param {number} x
   * @param {number} y
   */
  nearestTo(x, y) {
    this.project();
    let nearest = -1, least = Infinity;
    for (let i = 0; i < this.count; i++) {
      const distance = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
      if (distance < least) { least = distance; nearest = i; }
    }
    return nearest;
  }
}
