// What a film draws on its canvases, from numbers alone: the map, the error's curve, one watched sample.

/** @import { Frames } from "./frames.js" */
/** @import { Style, Theme } from "../shared/types.js" */

import { markerStamp, withOpacity } from "../shared/markers.js";

/** @typedef {{ x: (x: number) => number, y: (y: number) => number }} Place */

const MARKER = { few: 4.2, many: 3.4 };  // radius in CSS pixels; up to 400 points are few
const LINE = 15;  // CSS pixels between two names

/**
 * A canvas as sharp as the screen: its context, scaled to CSS pixels, and its size in them.
 * @param {HTMLCanvasElement} canvas
 */
export function sharp(canvas) {
  const scale = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  const w = Math.max(1, Math.round(width * scale)), h = Math.max(1, Math.round(height * scale));
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, scale };
}

/**
 * One stamp a class; the last is for data without classes.
 * @param {Style} look
 * @param {number} count
 * @param {number} scale
 */
export function makeStamps(look, count, scale) {
  const radius = (count > 400 ? MARKER.many : MARKER.few) * scale;
  const outline = withOpacity(look.theme.outline, 0.7);
  const kinds = look.classes.length ? look.classes : [{ colour: look.theme.main, symbol: "circle" }];
  return kinds.map(kind => markerStamp(kind.symbol, kind.colour, outline, radius, 0.5 * scale));
}

/**
 * From data to CSS pixels: equal axes, the view centred, y upwards.
 * @param {number[]} view
 * @param {number} width
 * @param {number} height
 */
export function placing(view, width, height) {
  const [left, bottom, right, top] = view;
  const unit = Math.min(width / (right - left), height / (top - bottom));
  const x0 = width / 2 - (unit * (left + right)) / 2, y0 = height / 2 + (unit * (bottom + top)) / 2;
  return { x: (/** @type {number} */ x) => x0 + unit * x, y: (/** @type {number} */ y) => y0 - unit * y };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} points
 * @param {ArrayLike<number>} groups
 * @param {HTMLCanvasElement[]} stamps
 * @param {Place} place
 * @param {number} scale
 */
export function drawPoints(context, points, groups, stamps, place, scale) {
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = 0.9;
  for (let i = 0; i < groups.length; i++) {
    const stamp = stamps[groups[i]];
    context.drawImage(stamp, place.x(points[2 * i]) * scale - stamp.width / 2,
      place.y(points[2 * i + 1]) * scale - stamp.height / 2);
  }
  context.restore();
}

/**
 * Where names may stand so that none covers another: pushed apart from top to bottom, then back inside.
 * @param {{ width: number, x: number, y: number }[]} names
 * @param {number} width
 * @param {number} height
 */
export function spreadNames(names, width, height) {
  const order = names.map((_, i) => i).sort((a, b) => names[a].y - names[b].y);
  const placed = [];
  for (const i of order) {
    const name = names[i];
    const x = Math.min(Math.max(name.x, name.width / 2 + 4), width - name.width / 2 - 4);
    let y = Math.max(name.y, LINE / 2 + 2);
    for (const j of order.slice(0, order.indexOf(i))) {
      const other = placed[j];
      const beside = Math.abs(other.x - x) > (name.width + names[j].width) / 2 + 4;
      if (!beside && y < other.y + LINE) y = other.y + LINE;
    }
    placed[i] = { x, y };
  }
  const below = Math.max(0, ...placed.map(place => place.y - (height - LINE / 2 - 2)));
  return below ? placed.map(place => ({ x: place.x, y: Math.max(place.y - below, LINE / 2) })) : placed;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {Theme} theme
 * @param {CanvasTextAlign} [align]
 * @param {string} [colour]
 */
export function drawText(context, text, x, y, theme, align = "center", colour = theme.text) {
  context.textAlign = align;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = withOpacity(theme.background, 0.85);
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/**
 * The way of one point through the frames until now, and a ring around it.
 * @param {CanvasRenderingContext2D} context
 * @param {number[][]} path
 * @param {Theme} theme
 * @param {number} radius
 */
export function drawTrail(context, path, theme, radius) {
  context.beginPath();
  path.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x, y));
  context.lineJoin = "round";
  const strokes = /** @type {[string, number][]} */ ([[withOpacity(theme.background, 0.8), 4], [theme.text, 1.5]]);
  for (const [colour, width] of strokes) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  const [x, y] = path[path.length - 1];
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 2;
  context.stroke();
}

/**
 * The error over ln(1 + step), the epochs below, a dot where the film is. `inset` is half the range input's thumb.
 * @param {HTMLCanvasElement} canvas
 * @param {Frames} film
 * @param {number} time
 * @param {number} inset
 * @param {Theme} theme
 * @param {string} font
 */
export function drawCurve(canvas, film, time, inset, theme, font) {
  const { context, width, height } = sharp(canvas);
  const first = film.clock[0], span = film.clock[film.clock.length - 1] - first || 1;
  const x = (/** @type {number} */ t) => inset + ((width - 2 * inset) * (t - first)) / span;
  const errors = film.error.filter(Number.isFinite);
  const most = Math.max(Math.min(Math.max(...errors, 0), 2 * (errors[0] || Infinity)), 1e-12);
  const top = 20, bottom = height - 20;
  const y = (/** @type {number} */ e) => bottom - (bottom - top) * Math.min(e / most, 1);
  context.font = font;
  context.strokeStyle = theme.border;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(inset, bottom + 0.5);
  context.lineTo(width - inset, bottom + 0.5);
  context.stroke();
  drawTicks(context, film, x, bottom, width, theme);
  context.strokeStyle = theme.main;
  context.lineWidth = 2;
  context.lineJoin = "round";
  context.beginPath();
  let begun = false;
  film.clock.forEach((t, i) => {
    if (!Number.isFinite(film.error[i])) return;
    context[begun ? "lineTo" : "moveTo"](x(t), y(film.error[i]));
    begun = true;
  });
  context.stroke();
  const { before, share } = film.around(time), after = Math.min(before + 1, film.error.length - 1);
  const value = film.error[before] + (film.error[after] - film.error[before]) * share;
  drawText(context, "mean squared error", width - inset, 9, theme, "right", theme.muted);
  if (!Number.isFinite(value)) return;
  context.beginPath();
  context.arc(x(time), y(value), 5, 0, 2 * Math.PI);
  context.fillStyle = theme.main;
  context.fill();
  context.strokeStyle = theme.background;
  context.stroke();
}

/**
 * 'untrained' and the epochs that have room, the round ones first.
 * @param {CanvasRenderingContext2D} context
 * @param {Frames} film
 * @param {(time: number) => number} x
 * @param {number} bottom
 * @param {number} width
 * @param {Theme} theme
 */
function drawTicks(context, film, x, bottom, width, theme) {
  const last = film.step.length - 1;
  const perEpoch = film.epoch[last] > 0 ? film.step[last] / film.epoch[last] : 0;
  /** @type {[number, string][]} */
  const wanted = [[film.clock[0], film.step[0] ? "" : "untrained"]];
  for (const epoch of [1, 10, 100, 3, 30, 300, 2, 5, 20, 50, 200, 500])
    if (perEpoch && epoch <= film.epoch[last] + 0.01) wanted.push([Math.log1p(epoch * perEpoch), `epoch ${epoch}`]);
  for (const step of [10, 100, 1000])
    if (!perEpoch || step < perEpoch / 3) wanted.push([Math.log1p(step), `step ${step}`]);
  /** @type {number[][]} */
  const taken = [];
  for (const [time, text] of wanted) {
    const half = context.measureText(text).width / 2;
    const at = Math.min(Math.max(x(time), half + 1), width - half - 1);
    const crowded = taken.some(([from, to]) => at + half + 10 > from && at - half - 10 < to);
    if (time > film.clock[last] + 1e-6 || crowded) continue;
    taken.push([at - half, at + half]);
    context.strokeStyle = theme.border;
    context.beginPath();
    context.moveTo(x(time), bottom);
    context.lineTo(x(time), bottom + 4);
    context.stroke();
    drawText(context, text, at, bottom + 12, theme, "center", theme.muted);
  }
}

/**
 * One watched sample from its uint8 values: an image in its own pixels, or bars around zero.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} values
 * @param {Frames} film
 * @param {Theme} theme
 */
export function drawSample(canvas, values, film, theme) {
  const shape = film.shape;
  if (shape.length === 1) return drawBars(canvas, values, film.range, theme);
  const [height, width] = shape, channels = shape[2] || 1;
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < 4; c++)
      image.data[4 * i + c] = c === 3 ? 255 : values[i * channels + (channels >= 3 ? c : 0)];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} values
 * @param {number[]} range
 * @param {Theme} theme
 */
function drawBars(canvas, values, [low, high], theme) {
  const { context, width, height } = sharp(canvas);
  const limit = Math.max(Math.abs(low), Math.abs(high)) || 1, slot = width / values.length;
  context.fillStyle = withOpacity(theme.guide, 0.16);
  context.fillRect(0, 0, width, height);
  values.forEach((value, i) => {
    const size = ((low + (value / 255) * (high - low)) / limit) * (height / 2);
    context.fillStyle = size >= 0 ? theme.main : theme.warning;
    context.fillRect(i * slot + slot * 0.15, height / 2, slot * 0.7, -size);
  });
  context.fillStyle = theme.text;
  context.fillRect(0, height / 2, width, 1);
}
