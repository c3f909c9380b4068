// How a plane of two codings looks: the decoded pictures, the off-manifold regions, the clouds of codings with their names, the
// spread of one image, the ticks; and above them the place where one is.

/** @import { Axis } from "./grid.js" */
/** @import { Plane, PlaneFacts } from "./plane.js" */
/** @import { Theme } from "../shared/types.js" */

import { element } from "../shared/dom.js";
import { markerStamp, withOpacity } from "../shared/markers.js";
import { DRIFT_CELLS } from "./grid.js";

export const PLANE_MARGIN = { left: 30, right: 8, top: 22, bottom: 36 }; // CSS pixels around the plane, for ticks and names
const PLANE_MOST_POINTS = 2500; // of the clouds: more would hide the pictures behind
export const PLANE_DRIFT = [0.5, 3]; // times the usual limit: up to the first no colour, from the second on the strongest

/**
 * The square of the plane within its canvas, CSS pixels.
 * @param {number} width
 */
export function planeSquare(width) {
  const { left, right, top } = PLANE_MARGIN;
  return { left, top, side: Math.max(width - left - right, 40) };
}

/**
 * Height of the canvas, CSS pixels.
 * @param {number} width
 */
export function planeHeight(width) {
  return planeSquare(width).side + PLANE_MARGIN.top + PLANE_MARGIN.bottom;
}

/**
 * A canvas as sharp as the screen, cleared: its context in CSS pixels.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {number} ratio
 */
function planeContext(canvas, width, height, ratio) {
  const w = Math.round(width * ratio), h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * Draws the lower canvas of a plane.
 * @param {Plane} plane
 */
export function planeBase(plane) {
  const { facts, scales, square, ratio } = plane, { theme } = facts.look, { left, top, side } = square;
  const context = planeContext(plane.base, plane.width, planeHeight(plane.width), ratio);
  context.fillStyle = theme.second;
  context.fillRect(left, top, side, side);
  context.save();
  context.beginPath();
  context.rect(left, top, side, side);
  context.clip();
  if (facts.layers.grid && plane.pictures) {
    context.imageSmoothingEnabled = plane.pictures.width > side * ratio * 0.7;
    context.imageSmoothingQuality = "high";
    context.globalAlpha = facts.layers.drift ? 0.5 : facts.layers.data ? 0.8 : 1; // what lies above must stand out
    context.drawImage(plane.pictures, left, top, side, side);
    context.globalAlpha = 1;
  }
  if (facts.layers.drift && plane.offManifold) planeOffManifold(context, plane);
  if (facts.layers.data && facts.points) {
    context.drawImage(planeCloud(plane), left, top, side, side);
    planeNames(context, plane);
  }
  if (facts.ellipse) planeEllipse(context, plane);
  context.restore();
  context.strokeStyle = theme.border;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
  planeTicks(context, plane, scales);
}

/**
 * How strongly a drift is coloured, by how many times the usual limit it is.
 * @param {number} ratio
 */
export function planeStrength(ratio) {
  const [least, most] = PLANE_DRIFT;
  return 0.82 * Math.min(Math.max((ratio - least) / (most - least), 0), 1) ** 0.8;
}

/**
 * Draws the cells in the colour of their drift, and a line around those beyond the usual limit.
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 */
function planeOffManifold(context, { facts, offManifold, square }) {
  const { left, top, side } = square, n = DRIFT_CELLS, { warning } = facts.look.theme;
  const x = (/** @type {number} */ column) => left + Math.round((column * side) / n), y = (/** @type {number} */ row) => top + Math.round((row * side) / n);
  const over = (/** @type {number} */ column, /** @type {number} */ row) => offManifold.drift[row * n + column] > facts.driftScale, edges = new Path2D();
  for (let cell = 0; cell < n * n; cell++) {
    const drift = offManifold.drift[cell], column = cell % n, row = Math.floor(cell / n);
    if (Number.isNaN(drift)) continue;
    context.fillStyle = withOpacity(warning, planeStrength(drift / facts.driftScale).toFixed(3));
    context.fillRect(x(column), y(row), x(column + 1) - x(column), y(row + 1) - y(row));
    if (column && over(column, row) !== over(column - 1, row)) {
      edges.moveTo(x(column), y(row));
      edges.lineTo(x(column), y(row + 1));
    }
    if (row && over(column, row) !== over(column, row - 1)) {
      edges.moveTo(x(column), y(row));
      edges.lineTo(x(column + 1), y(row));
    }
  }
  context.strokeStyle = warning;
  context.lineWidth = 1.5;
  context.stroke(edges);
}

/**
 * A canvas with the points, drawn again only when points, colours or size change. Of many points every k-th is drawn.
 * @param {Plane} plane
 */
function planeCloud(plane) {
  const { facts, scales, square, ratio } = plane, { points, labels, look, layers } = facts;
  const key = [points, labels, look, scales, square, ratio, layers.grid, layers.drift];
  if (plane.cloud && key.every((value, k) => value === plane.cloud.key[k])) return plane.cloud.canvas;
  const canvas = element("canvas"), side = Math.round(square.side * ratio);
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d"), count = points.length / 2, step = Math.ceil(count / PLANE_MOST_POINTS);
  const radius = Math.min(Math.max(square.side / 170, 2), 3) * ratio;
  const kinds = labels && look.classes.length ? look.classes : [{ colour: look.theme.main, symbol: "circle" }];
  const { name, background, text, outline } = look.theme, dark = name === "dark";
  const onPictures = layers.grid && (dark || !layers.drift); // which are mostly dark
  const edge = onPictures ? withOpacity(dark ? text : background, 0.6) : withOpacity(outline, 0.8);
  const stamps = kinds.map(({ symbol, colour }) => markerStamp(symbol, colour, edge, radius, 0.6 * ratio));
  context.globalAlpha = layers.grid ? 0.72 : 0.85;
  for (let i = 0; i < count; i += step) {
    const x = scales[0].place(points[2 * i]) * side, y = side - scales[1].place(points[2 * i + 1]) * side;
    const stamp = stamps[labels ? labels[i] : 0] || stamps[0], half = stamp.width / 2;
    if (x > -half && x < side + half && y > -half && y < side + half) context.drawImage(stamp, x - half, y - half);
  }
  plane.cloud = { key, canvas };
  return canvas;
}

/**
 * Median of each class's points, axis by axis; null for a class without points.
 * @param {PlaneFacts} facts
 */
function planeMiddles({ points, labels, look }) {
  return look.classes.map((_, group) => {
    /** @type {number[]} */
    const members = [];
    for (let i = 0; i < labels.length; i++) if (labels[i] === group) members.push(i);
    if (!members.length) return null;
    return [0, 1].map(axis => Float32Array.from(members, i => points[2 * i + axis]).sort()[members.length >> 1]);
  });
}

/**
 * Draws the classes' names at their medians, moved apart where they would overlap.
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 */
function planeNames(context, plane) {
  const { facts, scales, square } = plane, { theme, classes } = facts.look, { left, top, side } = square;
  if (!facts.labels || classes.length > 20) return;
  if (plane.middlesOf !== facts.points) [plane.middles, plane.middlesOf] = [planeMiddles(facts), facts.points];
  const size = side < 400 ? 11 : theme.size, line = size + 4;
  context.font = `600 ${size}px ${theme.font}`;
  const names = classes.flatMap(({ name }, group) => {
    const middle = plane.middles[group], text = name.length > 24 ? `${name.slice(0, 23)}…` : name;
    if (!middle) return [];
    const half = context.measureText(text).width / 2 + 4, x = left + scales[0].place(middle[0]) * side;
    const y = top + side - scales[1].place(middle[1]) * side;
    const inside = x > left && x < left + side && y > top && y < top + side;
    return inside ? [{ text, half, y, x: Math.min(Math.max(x, left + half), left + side - half) }] : [];
  }).sort((a, b) => a.y - b.y);
  names.forEach((name, i) => {
    name.y = Math.max(name.y, top + line / 2);
    for (const other of names.slice(0, i)) {
      if (Math.abs(other.x - name.x) < other.half + name.half) name.y = Math.max(name.y, other.y + line);
    }
  });
  const below = Math.max(0, ...names.map(name => name.y - (top + side - line / 2)));
  for (const { text, x, y } of names) planeText(context, theme, text, x, y - below, "center");
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Theme} theme
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {CanvasTextAlign} align
 * @param {string} [colour]
 */
function planeText(context, theme, text, x, y, align, colour = theme.text) {
  Object.assign(context, { textAlign: align, textBaseline: "middle", lineJoin: "round", lineWidth: 4 });
  context.strokeStyle = withOpacity(theme.background, 0.85);
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/**
 * Draws one and two standard deviations of an image's coding, point by point, since axes may be quantiles.
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 */
function planeEllipse(context, { facts, scales, square }) {
  const { centre, sigma } = facts.ellipse, { left, top, side } = square, { theme } = facts.look;
  for (const [reach, opacity] of [[2, 0.55], [1, 1]]) {
    context.beginPath();
    for (let k = 0; k <= 72; k++) {
      const angle = (k / 36) * Math.PI;
      const x = scales[0].place(centre[0] + reach * sigma[0] * Math.cos(angle));
      const y = scales[1].place(centre[1] + reach * sigma[1] * Math.sin(angle));
      context.lineTo(left + x * side, top + side - y * side);
    }
    planeStroke(context, theme.text, withOpacity(theme.background, 0.8 * opacity), 1.5);
  }
}

/**
 * Strokes the path with a halo, visible on black and on white pictures.
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 * @param {string} halo
 * @param {number} width
 */
function planeStroke(context, colour, halo, width) {
  const strokes = /** @type {[string, number][]} */ ([[halo, width + 2.5], [colour, width]]);
  for (const [style, line] of strokes) {
    context.strokeStyle = style;
    context.lineWidth = line;
    context.stroke();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {Axis[]} scales
 */
function planeTicks(context, { facts, square }, scales) {
  const { left, top, side } = square, { theme } = facts.look, below = top + side;
  context.font = `11px ${theme.font}`;
  Object.assign(context, { fillStyle: theme.muted, textBaseline: "middle", textAlign: "center" });
  for (const { at, text } of scales[0].ticks) context.fillText(text, left + at * side, below + 9);
  context.textAlign = "right";
  for (const { at, text } of scales[1].ticks) context.fillText(text, left - 5, below - at * side);
  context.font = `12px ${theme.font}`;
  context.fillText(`coding ${facts.axes[0] + 1} →`, left + side, below + 26);
  context.textAlign = "left";
  context.fillText(`↑ coding ${facts.axes[1] + 1}`, left, top - 11);
  if (!facts.quantiles) return;
  context.textAlign = "right";
  context.fillText("share of the prior below", left + side, top - 11);
}

/**
 * Draws the upper canvas of a plane: the cross at z, and an arrow to where z is encoded again.
 * @param {Plane} plane
 */
export function planeOver(plane) {
  const { facts, scales, square, ratio } = plane, { theme } = facts.look, { left, top, side } = square;
  const context = planeContext(plane.over, plane.width, planeHeight(plane.width), ratio);
  const spot = (/** @type {ArrayLike<number>} */ pair) => [0, 1].map(k => {
    const at = Math.min(Math.max(scales[k].place(pair[k]), 0), 1);
    return k ? top + side - at * side : left + at * side;
  });
  const [x, y] = spot(facts.axes.map(axis => facts.z[axis]));
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(left + side, y);
  context.moveTo(x, top);
  context.lineTo(x, top + side);
  context.globalAlpha = 0.6;
  planeStroke(context, theme.primary, withOpacity(theme.background, 0.5), 1);
  context.globalAlpha = 1;
  if (facts.landing && facts.landing.every(Number.isFinite)) {
    const [toX, toY] = spot(facts.landing);
    planeArrow(context, theme, x, y, toX, toY);
  }
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  planeStroke(context, theme.primary, theme.background, 2.5);
  if (!plane.keyed) return;
  context.strokeStyle = theme.primary;
  context.lineWidth = 2;
  context.strokeRect(left - 2, top - 2, side + 4, side + 4);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Theme} theme
 * @param {number} x
 * @param {number} y
 * @param {number} toX
 * @param {number} toY
 */
function planeArrow(context, theme, x, y, toX, toY) {
  const length = Math.hypot(toX - x, toY - y), angle = Math.atan2(toY - y, toX - x);
  if (length > 10) {
    context.beginPath();
    context.moveTo(x + 8 * Math.cos(angle), y + 8 * Math.sin(angle));
    context.lineTo(toX, toY);
    for (const turn of [2.6, -2.6]) {
      context.moveTo(toX, toY);
      context.lineTo(toX + 9 * Math.cos(angle + turn), toY + 9 * Math.sin(angle + turn));
    }
    planeStroke(context, theme.warning, theme.background, 2);
  }
  context.beginPath();
  context.arc(toX, toY, 3.5, 0, 2 * Math.PI);
  planeStroke(context, theme.warning, theme.background, 1);
  context.fillStyle = theme.warning;
  context.fill();
}
