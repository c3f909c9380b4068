// The marker shapes of aecore/figures/theme.py on a canvas, about as large as Plotly draws them.

import { element } from "./dom.js";

function polygon(context, x, y, radius, corners, turn) {
  for (let i = 0; i < corners; i++) {
    const angle = turn + (2 * Math.PI * i) / corners;
    context[i ? "lineTo" : "moveTo"](x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  context.closePath();
}

const CROSS = [[1, 0.4], [0.4, 0.4], [0.4, 1], [-0.4, 1], [-0.4, 0.4], [-1, 0.4], [-1, -0.4], [-0.4, -0.4], [-0.4, -1],
  [0.4, -1], [0.4, -0.4], [1, -0.4]];

function cross(context, x, y, radius, turn) {
  const c = Math.cos(turn) * radius, s = Math.sin(turn) * radius;
  CROSS.forEach(([u, v], i) => context[i ? "lineTo" : "moveTo"](x + u * c - v * s, y + u * s + v * c));
  context.closePath();
}

function star(context, x, y, radius) {
  for (let i = 0; i < 10; i++) {
    const angle = -Math.PI / 2 + (Math.PI * i) / 5, r = radius * (i % 2 ? 0.45 : 1);
    context[i ? "lineTo" : "moveTo"](x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  context.closePath();
}

const MARKERS = {
  circle: (c, x, y, r) => c.arc(x, y, r, 0, 2 * Math.PI),
  square: (c, x, y, r) => c.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r),
  diamond: (c, x, y, r) => polygon(c, x, y, 1.2 * r, 4, 0),
  cross: (c, x, y, r) => cross(c, x, y, 1.1 * r, 0),
  x: (c, x, y, r) => cross(c, x, y, 1.1 * r, Math.PI / 4),
  "triangle-up": (c, x, y, r) => polygon(c, x, y + 0.15 * r, 1.2 * r, 3, -Math.PI / 2),
  "triangle-down": (c, x, y, r) => polygon(c, x, y - 0.15 * r, 1.2 * r, 3, Math.PI / 2),
  star: (c, x, y, r) => star(c, x, y, 1.3 * r),
  hexagon: (c, x, y, r) => polygon(c, x, y, 1.08 * r, 6, 0),
  pentagon: (c, x, y, r) => polygon(c, x, y, 1.1 * r, 5, -Math.PI / 2),
};

// Adds the outline of a shape around (x, y) to the current path; an unknown name is a circle.
export function markerPath(context, symbol, x, y, radius) {
  (MARKERS[symbol] || MARKERS.circle)(context, x, y, radius);
}

// A small canvas with one marker in its middle, to be drawn many times with drawImage; all numbers in device pixels.
export function markerStamp(symbol, fill, outline, radius, line = 0.5) {
  const side = 2 * Math.ceil(1.3 * radius + line) + 1, canvas = element("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
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

export function channels(colour) {
  return [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
}

// "#rrggbb" with an opacity.
export function withOpacity(colour, opacity) {
  return `rgba(${channels(colour).join(",")},${opacity})`;
}

// The colour at 0 to 1 on a scale of "#rrggbb" stops at equal distances; what is no number is null.
export function scaleColour(stops, at) {
  if (!Number.isFinite(at)) return null;
  const place = Math.min(Math.max(at, 0), 1) * (stops.length - 1), low = Math.min(Math.floor(place), stops.length - 2);
  const from = channels(stops[low]), to = channels(stops[low + 1]);
  const mixed = from.map((value, i) => Math.round(value + (to[i] - value) * (place - low)));
  return "#" + mixed.map(value => value.toString(16).padStart(2, "0")).join("");
}
