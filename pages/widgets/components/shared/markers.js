// Markers on a canvas, about as large as Plotly draws them, and colours.

import { element, pen } from "./dom.js";
import { MARKERS } from "./marker_shapes.js";

/**
 * Adds the outline of a shape around (x, y) to the current path; an unknown name is a circle.
 * @param {CanvasRenderingContext2D} context
 * @param {string} symbol
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
export function markerPath(context, symbol, x, y, radius) {
  const corners = MARKERS[symbol] || [];
  if (!corners.length) context.arc(x, y, radius, 0, 2 * Math.PI);
  corners.forEach(([u, v], i) => context[i ? "lineTo" : "moveTo"](x + radius * u, y + radius * v));
  if (corners.length) context.closePath();
}

/**
 * A small canvas with one marker in its middle, to be drawn many times with drawImage; all numbers in device pixels.
 * @param {string} symbol
 * @param {string} fill
 * @param {string} outline
 * @param {number} radius
 * @param {number} [line] the outline's width
 */
export function markerStamp(symbol, fill, outline, radius, line = 0.5) {
  const side = 2 * Math.ceil(1.3 * radius + line) + 1, canvas = element("canvas");
  canvas.width = canvas.height = side;
  const context = pen(canvas, { willReadFrequently: true });
  context.beginPath();
  markerPath(context, symbol, side / 2, side / 2, radius);
  context.fillStyle = fill;
  context.fill();
  if (line) {
    context.strokeStyle = outline;
    context.lineWidth = line;
    context.stroke();
  }
  return canvas;
}

/**
 * @param {string} colour
 */
export function channels(colour) {
  return [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
}

/**
 * "#rrggbb" with an opacity.
 * @param {string} colour
 * @param {number | string} opacity
 */
export function withOpacity(colour, opacity) {
  return `rgba(${channels(colour).join(",")},${opacity})`;
}

/**
 * The colour at 0 to 1 on a scale of "#rrggbb" stops at equal distances; what is no number is null.
 * @param {string[]} stops
 * @param {number} at
 */
export function scaleColour(stops, at) {
  if (!Number.isFinite(at)) return null;
  const place = Math.min(Math.max(at, 0), 1) * (stops.length - 1), low = Math.min(Math.floor(place), stops.length - 2);
  const from = channels(stops[low]), to = channels(stops[low + 1]);
  const mixed = from.map((value, i) => Math.round(value + (to[i] - value) * (place - low)));
  return "#" + mixed.map(value => value.toString(16).padStart(2, "0")).join("");
}
