// The lower canvas of a panel, drawn when the view, the colours or the selection change: points or images, then the
// names of the classes and the marks.

/** @import { LatentMap } from "./map.js" */
/** @import { Mark } from "./types.js" */
/** @import { Panel } from "./panel.js" */
/** @import { Scene } from "./scene.js" */
/** @import { Sheet, Theme } from "../shared/types.js" */

import { markerPath, withOpacity } from "../shared/markers.js";
import { placed } from "./names.js";

const IMAGE_SIDE = 26; // pixels a side of an image among the points, its border included

/**
 * Radius of a point's marker, CSS pixels.
 * @param {LatentMap} map
 * @param {Scene} scene
 */
export function radiusOf(map, scene) {
  const radius = map.count <= 1500 ? 3.6 : map.count <= 4000 ? 3.1 : map.count <= 15000 ? 2.3 : 1.7;
  const small = Math.min(Math.max(Math.min(scene.width, scene.height) / 480, 0.7), 1); // a phone
  return radius * small * Math.min(Math.max(scene.zoom, 1) ** 0.3, 2.2);
}

/**
 * Colour of sample i.
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {number} i
 */
function fillOf(map, panel, i) {
  const steps = stepsOf(map, panel);
  if (!steps) return map.groups ? map.look.classes[map.groups[i]].colour : map.look.theme.main;
  return steps[i] === 255 ? map.look.theme.guide : map.scale[steps[i]];
}

/**
 * Step on the colour scale of each sample (255 for a value that is not finite), undefined for colours of classes.
 * @param {LatentMap} map
 * @param {Panel} panel
 */
function stepsOf(map, panel) {
  return map.view.arrays[`steps${panel.number}`] || map.view.arrays.steps0;
}

/**
 * Draws a panel's lower canvas.
 * @param {LatentMap} map
 * @param {Panel} panel
 */
export function drawBase(map, panel) {
  const { scene, raster } = panel, { theme } = map.look;
  scene.project();
  raster.resize(Math.round(scene.width * map.ratio), Math.round(scene.height * map.ratio));
  raster.clear(theme.background);
  const pictures = map.view.header.style === "images" && map.sheets.get("images") && !panel.flight;
  // A single chosen point has a ring and lines; of several, the other points are grey.
  const chosen = map.order.length > (map.focus >= 0 ? 1 : 0);
  drawSamples(map, panel, chosen, pictures);
  raster.show();
  const context = raster.context;
  context.setTransform(map.ratio, 0, 0, map.ratio, 0, 0);
  if (scene.dims === 3) drawBox(scene, theme, context);
  panel.placed = null;
  if (pictures) drawPictures(map, panel, context, chosen);
  drawNames(map, panel, context);
  drawMarks(map, panel, context);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/**
 * Draws the edges of the box around points in 3-D.
 * @param {Scene} scene
 * @param {Theme} theme
 * @param {CanvasRenderingContext2D} context
 */
function drawBox(scene, theme, context) {
  const corner = (/** @type {number} */ k) => scene.at(scene.centre.map((c, axis) => c + (k & (1 << axis) ? 1 : -1) * scene.half[axis]));
  context.beginPath();
  for (let k = 0; k < 8; k++) {
    for (const axis of [1, 2, 4]) {
      if (k & axis) continue;
      const from = corner(k), to = corner(k | axis);
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
    }
  }
  context.strokeStyle = withOpacity(theme.guide, 0.35);
  context.lineWidth = 1;
  context.stroke();
}

/**
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {boolean} chosen
 * @param {unknown} pictures
 */
function drawSamples(map, panel, chosen, pictures) {
  const { scene, raster } = panel, { theme, classes } = map.look, ratio = map.ratio, count = map.count;
  const { x, y } = panel.flight || scene, depth = scene.depth, steps = stepsOf(map, panel), groups = map.groups;
  const levels = depth.length ? 4 : 1, kinds = classes.length || 1, colours = steps ? 257 : 1;
  const radius = (pictures ? 0.55 : 1) * radiusOf(map, scene) * ratio;
  const line = radius < 2.2 * ratio ? 0 : Math.min(radius / 6, 1), opaque = count > 20000 ? 0.78 : 0.92;
  const colouredStamps = new Array(levels * kinds * colours), greyStamps = new Array(levels * kinds);
  const look = (/** @type {number} */ i, /** @type {number} */ level, /** @type {boolean} */ grey) => {
    const symbol = groups ? classes[groups[i]].symbol : "circle";
    const size = Math.round(radius * (levels > 1 ? 0.62 + 0.2 * level : 1) * 8) / 8;
    const opacity = (pictures ? 0.5 : opaque) * (levels > 1 ? 0.4 + 0.2 * level : 1);
    return grey ? raster.stamp(symbol, size, 0, theme.guide, theme.guide, opacity * 0.4)
      : raster.stamp(symbol, size, line, fillOf(map, panel, i), theme.outline, opacity);
  };
  const put = (/** @type {number} */ i, /** @type {boolean} */ grey) => {
    if (!(x[i] > -30 && x[i] < scene.width + 30 && y[i] > -30 && y[i] < scene.height + 30)) return;
    const level = levels > 1 ? Math.min(Math.floor(depth[i] * levels), levels - 1) : 0;
    const kind = level * kinds + (groups ? groups[i] : 0), code = grey || !steps ? kind : kind * colours + steps[i];
    const stamp = ((grey ? greyStamps : colouredStamps)[code] ||= look(i, level, grey));
    raster.put(stamp, x[i] * ratio, y[i] * ratio);
  };
  if (levels === 1) {
    if (chosen) for (let i = 0; i < count; i++) if (!map.mask[i]) put(i, true);
    if (chosen) for (const i of map.order) put(i, false);
    else for (let i = 0; i < count; i++) put(i, false);
    return;
  }
  for (const i of byDepth(depth)) put(i, chosen && !map.mask[i]);
}

/**
 * Indices of the points, the farthest first, sorted into 64 layers.
 * @param {Float32Array} depth
 */
function byDepth(depth) {
  const starts = new Int32Array(65), order = new Int32Array(depth.length), layer = (/** @type {number} */ d) => Math.min(63, Math.floor(d * 64));
  for (const d of depth) starts[layer(d) + 1]++;
  for (let k = 0; k < 64; k++) starts[k + 1] += starts[k];
  for (let i = 0; i < depth.length; i++) order[starts[layer(depth[i])]++] = i;
  return order;
}

/**
 * Draws images as markers without overlap: the selected samples first, then in the order of the samples, each if it
 * fits. The order is fixed, so the same images stay while the map is dragged.
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {CanvasRenderingContext2D} context
 * @param {boolean} chosen
 */
function drawPictures(map, panel, context, chosen) {
  const { scene } = panel, { x, y, width, height, depth } = scene, theme = map.look.theme;
  const side = Math.round(IMAGE_SIDE * Math.min(Math.max(scene.zoom, 1) ** 0.25, 1.7)), gap = side;
  const columns = Math.ceil(width / gap) + 2, taken = new Int32Array(columns * (Math.ceil(height / gap) + 2)).fill(-1);
  const sheet = map.sheets.get("images");
  /** @type {number[]} */
  const placed = [];
  const tryPlace = (/** @type {number} */ i) => {
    if (!(x[i] > -side / 2 && x[i] < width + side / 2 && y[i] > -side / 2 && y[i] < height + side / 2)) return;
    const column = Math.floor(x[i] / gap) + 1, row = Math.floor(y[i] / gap) + 1;
    for (let r = Math.max(0, row - 1); r <= row + 1; r++) {
      for (let c = Math.max(0, column - 1); c <= column + 1; c++) {
        const other = taken[r * columns + c];
        if (other >= 0 && Math.abs(x[other] - x[i]) < gap && Math.abs(y[other] - y[i]) < gap) return;
      }
    }
    taken[row * columns + column] = i;
    placed.push(i);
  };
  for (const i of map.order) tryPlace(i);
  if (depth.length) [...byDepth(depth)].reverse().forEach(tryPlace);
  else for (let i = 0; i < map.count; i++) tryPlace(i);
  const scale = side * map.ratio;
  context.imageSmoothingEnabled = scale < sheet.height * 1.5;
  context.imageSmoothingQuality = "high";
  panel.placed = { list: placed, side };
  for (const i of placed.slice().reverse()) {
    const faded = chosen && !map.mask[i], left = Math.round(x[i] - side / 2), top = Math.round(y[i] - side / 2);
    context.globalAlpha = faded ? 0.28 : depth.length ? 0.55 + 0.45 * depth[i] : 1;
    context.fillStyle = faded ? theme.guide : fillOf(map, panel, i);
    context.fillRect(left, top, side, side);
    cut(context, sheet, i, left + 2, top + 2, side - 4);
  }
  context.globalAlpha = 1;
}

/**
 * Draws image i of a sheet into a square, its proportions kept.
 * @param {CanvasRenderingContext2D} context
 * @param {Sheet} sheet
 * @param {number} i
 * @param {number} left
 * @param {number} top
 * @param {number} side
 */
function cut(context, sheet, i, left, top, side) {
  const { width, height, columns } = sheet, most = Math.max(width, height);
  const w = (side * width) / most, h = (side * height) / most;
  const fromX = (i % columns) * width, fromY = Math.floor(i / columns) * height;
  context.drawImage(sheet.bitmap, fromX, fromY, width, height, left + (side - w) / 2, top + (side - h) / 2, w, h);
}

/**
 * Median of each class's points, axis by axis; null for a class without points.
 * @param {LatentMap} map
 * @param {Panel} panel
 */
function medians(map, panel) {
  const { points, dims, count } = panel.scene, members = map.look.classes.map(() => /** @type {number[]} */ ([]));
  for (let i = 0; i < count; i++) if (map.groups && Number.isFinite(points[i * dims])) members[map.groups[i]].push(i);
  return members.map(list => {
    if (!list.length) return null;
    return Array.from({ length: dims }, (_, axis) => {
      const sorted = Float32Array.from(list, i => points[i * dims + axis]).sort();
      return sorted[sorted.length >> 1];
    });
  });
}

/**
 * A text of at most `most` characters, with an ellipsis where it was longer.
 * @param {string} text
 * @param {number} [most]
 */
export function shortened(text, most = 26) {
  return text.length > most ? text.slice(0, most - 1) + "…" : text;
}

/**
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {CanvasRenderingContext2D} context
 */
function drawNames(map, panel, context) {
  if (!map.groups || map.look.classes.length > 40) return;
  panel.medians ||= medians(map, panel);
  const { scene } = panel, { theme, classes } = map.look;
  context.font = `600 ${theme.size}px ${map.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const names = classes.map((group, k) => {
    const text = shortened(group.name), spot = panel.medians[k] && scene.at(panel.medians[k]);
    return spot && { text, ...spot, width: context.measureText(text).width };
  }).filter(name => name && name.x > 0 && name.x < scene.width && name.y > 0 && name.y < scene.height);
  context.lineJoin = "round";
  context.lineWidth = 4.5;
  context.strokeStyle = withOpacity(theme.background, 0.88);
  context.fillStyle = theme.text;
  for (const { text, x, y } of placed(names, scene.width, scene.height)) {
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }
}

/**
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {CanvasRenderingContext2D} context
 */
function drawMarks(map, panel, context) {
  const { theme } = map.look, { scene } = panel;
  map.marks.forEach(mark => {
    if (mark.panel !== panel.number) return;
    const { x, y } = scene.at(mark.point), picture = map.view.header.style === "images" && mark.picture;
    if (picture) {
      context.fillStyle = theme.primary;
      context.fillRect(x - 22, y - 22, 44, 44);
      context.imageSmoothingEnabled = false;
      context.drawImage(picture, x - 20, y - 20, 40, 40);
    }
    context.beginPath();
    markerPath(context, "star", picture ? x + 22 : x, picture ? y - 22 : y, picture ? 6 : 9);
    context.lineWidth = 2;
    context.strokeStyle = theme.background;
    context.stroke();
    context.fillStyle = theme.primary;
    context.fill();
    context.font = `600 ${theme.size}px ${map.font}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.lineWidth = 4.5;
    context.strokeStyle = withOpacity(theme.background, 0.88);
    const text = shortened(mark.text), wide = context.measureText(text).width, off = picture ? 30 : 15;
    const left = x + off + wide > scene.width ? x - off - wide : x + off;
    context.strokeText(text, left, y);
    context.fillStyle = theme.text;
    context.fillText(text, left, y);
  });
}
