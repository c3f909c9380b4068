// Axes and cells of a plane of two codings, and the work that fills the cells, in slices so short that no drag waits.

import { element, pen } from "../shared/dom.js";
import { paint, sized } from "../shared/picture.js";

/**
 * The settings of a plane (see plane.js) that are needed here: its codings and how they are decoded.
 * @typedef {object} Facts
 * @property {Float32Array} z
 * @property {number[]} axes
 * @property {number[]} shape
 * @property {number} reach
 * @property {number[] | null} measured
 * @property {(z: Float32Array) => Float32Array} decode
 * @property {(values: Float32Array) => ArrayLike<number>} encode
 * @typedef {ReturnType<typeof planeAxis>} Axis
 * @typedef {{ index: number, column: number, row: number, at: number[], size: number }} Cell
 */

export const PLANE_PICTURES = 15; // cells a side, a multiple of 3: see planeCells
export const DRIFT_CELLS = 24; // the same
const PLANE_SLICE = 6; // milliseconds of work between two chances for the page
const PLANE_CALM = 150; // milliseconds without a movement before work goes on
const PLANE_WIDEST = 64; // pixels a side of one decoded picture in the grid

/**
 * The standard normal distribution function, to 1e-15, by the series of G. Marsaglia, "Evaluating the Normal
 * Distribution", Journal of Statistical Software 11 (2004).
 * @param {number} x
 */
export function normalBelow(x) {
  if (Math.abs(x) > 8) return x < 0 ? 0 : 1;
  let term = x, sum = x;
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) sum += term *= (x * x) / k;
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/**
 * The inverse of `normalBelow`, within ±8, by Newton's method: from the middle outwards each step falls short of the goal, never
 * beyond, because the function bends towards it.
 * @param {number} p
 */
export function normalQuantile(p) {
  const goal = Math.max(p, 1 - p);
  let x = 0;
  for (let step = 1, round = 0; round < 200 && step > 1e-12 && x < 8; round++) {
    step = (goal - normalBelow(x)) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
    x += step;
  }
  return Math.min(x, 8) * (p < 0.5 ? -1 : 1);
}

/**
 * An axis from low to high: `place` is where a value stands (0 to 1), `value` the way back, kept within the axis.
 * With `quantiles` equal lengths are equally likely under the standard normal prior.
 * @param {number} low
 * @param {number} high
 * @param {boolean} quantiles
 */
export function planeAxis(low, high, quantiles) {
  const same = (/** @type {number} */ value) => value;
  const scaled = quantiles ? normalBelow : same, back = quantiles ? normalQuantile : same;
  const from = scaled(low), span = scaled(high) - from;
  const place = (/** @type {number} */ value) => (scaled(value) - from) / span;
  const value = (/** @type {number} */ at) => Math.min(Math.max(back(from + at * span), low), high);
  const ticks = (quantiles ? [-2, -1, 0, 1, 2] : roundSteps(low, high)).filter(tick => tick >= low && tick <= high);
  const text = (/** @type {number} */ tick) => (quantiles ? normalBelow(tick).toFixed(2).replace(/^0/, "").replace(/^\.50$/, ".5")
    : String(+tick.toPrecision(6)).replace("-", "−"));
  return { low, high, place, value, ticks: ticks.map(tick => ({ at: place(tick), text: text(tick) })) };
}

/**
 * At most seven round numbers from low to high.
 * @param {number} low
 * @param {number} high
 */
export function roundSteps(low, high) {
  const rough = (high - low) / 7, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(times => times * power).find(length => length >= rough * 0.99) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => (first + k) * step);
}

/**
 * The cells of n × n in the order in which they are filled: first the middle one of each 3 × 3, which stands for all
 * nine (`size` 3), then the others, those near (x, y) first. `at` is a cell's middle, 0 to 1, from the lower left.
 * @param {number} n cells a side
 * @param {number[]} place of the cross, 0 to 1
 * @returns {Cell[]}
 */
export function planeCells(n, [x, y]) {
  const cells = Array.from({ length: n * n }, (_, index) => {
    const column = index % n, row = Math.floor(index / n), at = [(column + 0.5) / n, 1 - (row + 0.5) / n];
    return { index, column, row, at, size: column % 3 === 1 && row % 3 === 1 ? 3 : 1 };
  });
  const far = (/** @type {Cell} */ cell) => Math.hypot(cell.at[0] - x, cell.at[1] - y);
  return cells.sort((a, b) => b.size - a.size || far(a) - far(b));
}

/**
 * The coding at a place of the plane: `z` with the two codings of the axes replaced, written into `into`.
 * @param {Float32Array} into
 * @param {Facts} facts
 * @param {Axis[]} scales
 * @param {number[]} at
 */
function planeCoding(into, facts, scales, [x, y]) {
  into.set(facts.z);
  into[facts.axes[0]] = scales[0].value(x);
  into[facts.axes[1]] = scales[1].value(y);
  return into;
}

/**
 * A generator that decodes the grid of pictures, a cell per step, and calls `shown(canvas, whole)` after each once all
 * coarse ones are drawn. In the end the middle cells have a small picture, too.
 * @param {Facts} facts
 * @param {Axis[]} scales
 * @param {Cell[]} cells
 * @param {(sheet: HTMLCanvasElement, whole: boolean) => void} shown
 * @returns {Generator<undefined>}
 */
export function* planePictures(facts, scales, cells, shown) {
  const picture = element("canvas"), sheet = element("canvas");
  const z = new Float32Array(facts.z.length), context = pen(sheet);
  const coarse = cells.filter(cell => cell.size > 1), small = coarse.map(cell => ({ ...cell, size: 1 }));
  sized(picture, facts.shape);
  const most = Math.max(picture.width, picture.height), side = Math.min(most, PLANE_WIDEST);
  sheet.width = sheet.height = side * PLANE_PICTURES;
  for (const cell of [...coarse, ...small, ...cells.slice(coarse.length)]) {
    paint(picture, facts.decode(planeCoding(z, facts, scales, cell.at)), facts.shape, facts.reach);
    const length = side * cell.size, scale = length / most;
    const width = picture.width * scale, height = picture.height * scale;
    const left = (cell.column - (cell.size - 1) / 2) * side, top = (cell.row - (cell.size - 1) / 2) * side;
    context.imageSmoothingEnabled = scale < 1;
    context.clearRect(left, top, length, length);
    context.drawImage(picture, left + (length - width) / 2, top + (length - height) / 2, width, height);
    if (cell.size === 1) shown(sheet, false);
    yield;
  }
  shown(sheet, true);
}

/**
 * A generator that decodes and encodes each cell of the off-manifold map into `drift`: how far the coding moves, over the
 * codings `facts.measured`. `places` are the two codings of each cell. What is no number has moved infinitely far.
 * @param {Facts} facts
 * @param {Axis[]} scales
 * @param {Cell[]} cells
 * @param {{ drift: Float32Array, places: Float32Array }} into
 * @param {(share: number) => void} shown
 * @returns {Generator<undefined>}
 */
export function* planeDrift(facts, scales, cells, { drift, places }, shown) {
  const z = new Float32Array(facts.z.length), measured = facts.measured || [...z.keys()];
  let done = 0;
  for (const cell of cells) {
    planeCoding(z, facts, scales, cell.at);
    const again = facts.encode(facts.decode(z));
    let sum = 0;
    for (const i of measured) sum += (z[i] - again[i]) ** 2;
    const moved = Number.isFinite(sum) ? Math.sqrt(sum) : Infinity, reach = (cell.size - 1) / 2;
    for (let row = cell.row - reach; row <= cell.row + reach; row++) {
      for (let column = cell.column - reach; column <= cell.column + reach; column++) {
        drift[row * DRIFT_CELLS + column] = moved;
      }
    }
    places[2 * cell.index] = z[facts.axes[0]];
    places[2 * cell.index + 1] = z[facts.axes[1]];
    done += 1;
    shown(done / cells.length);
    yield;
  }
}

// Time (performance.now()) from which work may go on after the last movement of any plane; Infinity during a drag.
let planeCalmAt = 0;

export function planeMoved(held = false) {
  planeCalmAt = held ? Infinity : performance.now() + PLANE_CALM;
}

// Works through generators, one after the other, a slice at a time, and only while nothing moves.
export class PlaneSlices {
  constructor() {
    /** @type {Iterator<undefined>[]} */
    this.jobs = [];
    this.channel = new MessageChannel(); // a timeout of 0 would become 4 ms after a few of them
    this.channel.port1.onmessage = () => this.work();
  }

  /** @param {Iterator<undefined>[]} jobs */
  set(jobs) {
    this.jobs = jobs;
    this.wake();
  }

  wake() {
    if (this.waiting || !this.jobs.length) return;
    this.waiting = true;
    const wait = planeCalmAt - performance.now(), post = () => this.channel.port2.postMessage(null);
    if (wait > 0) this.timer = setTimeout(post, Math.min(wait, PLANE_CALM));
    else post();
  }

  work() {
    this.waiting = false;
    const start = performance.now();
    while (this.jobs.length && start >= planeCalmAt && performance.now() - start < PLANE_SLICE) {
      if (this.jobs[0].next().done) this.jobs.shift();
    }
    this.wake();
  }

  close() {
    this.jobs = [];
    clearTimeout(this.timer);
    this.channel.port1.close();
  }
}
