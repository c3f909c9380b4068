// The upper canvas of a panel, drawn at every movement: the hovered point, the chosen point with its neighbours, the
// gesture under way. Its cost does not depend on the number of points.

/** @import { LatentMap } from "./map.js" */
/** @import { Panel } from "./panel.js" */
/** @import { Shaped, Theme } from "../shared/types.js" */

import { element } from "../shared/dom.js";
import { withOpacity } from "../shared/markers.js";
import { radiusOf } from "./base.js";

/**
 * Draws a panel's upper canvas.
 * @param {LatentMap} map
 * @param {Panel} panel
 */
export function drawOver(map, panel) {
  const { scene, over } = panel, { theme } = map.look, context = over.getContext("2d");
  const width = Math.round(scene.width * map.ratio), height = Math.round(scene.height * map.ratio);
  if (over.width !== width || over.height !== height) Object.assign(over, { width, height });
  context.setTransform(map.ratio, 0, 0, map.ratio, 0, 0);
  context.clearRect(0, 0, scene.width, scene.height);
  if (!panel.flight) {
    scene.project();
    if (map.focus >= 0) drawNeighbours(map, panel, context);
    if (map.hover >= 0) drawHovered(map, panel, context);
  }
  if (panel.band) drawBand(panel.band, theme, context);
}

/**
 * Neighbours of point i: true ones that are near on the map too (`shared`), true ones that are not (`torn`), and near
 * ones on the map that are not true neighbours (`wrong`).
 * @param {Panel} panel
 * @param {number} i
 */
function neighbours(panel, i) {
  const row = (/** @type {Shaped<Uint16Array | Uint32Array> | undefined} */ array) => (array ? [...array.subarray(i * array.shape[1], (i + 1) * array.shape[1])] : []);
  const near = row(panel.blob.arrays.near), nearMap = row(panel.blob.arrays.near_map), both = near.length && nearMap.length;
  return {
    torn: both ? near.filter(j => !nearMap.includes(j)) : [],
    shared: both ? near.filter(j => nearMap.includes(j)) : near,
    wrong: near.length ? nearMap.filter(j => !near.includes(j)) : [],
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} colour
 * @param {number} line
 * @param {string} halo
 * @param {number[]} [dash]
 */
function ring(context, x, y, radius, colour, line, halo, dash = []) {
  const strokes = /** @type {[string, number][]} */ ([[halo, line + 1.5], [colour, line]]);
  for (const [style, width] of strokes) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.setLineDash(style === colour ? dash : []);
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
  context.setLineDash([]);
}

/**
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {CanvasRenderingContext2D} context
 */
function drawNeighbours(map, panel, context) {
  const { x, y } = panel.scene, { theme } = map.look, { torn, shared, wrong } = neighbours(panel, map.focus), i = map.focus;
  const halo = withOpacity(theme.background, 0.85), size = radiusOf(map, panel.scene) + 3;
  const lines = (/** @type {number[]} */ list, /** @type {string} */ colour, /** @type {number} */ width) => {
    const strokes = /** @type {[string, number][]} */ ([[halo, width + 2.5], [colour, width]]);
    for (const [style, thick] of strokes) {
      context.beginPath();
      for (const j of list) {
        context.moveTo(x[i], y[i]);
        context.lineTo(x[j], y[j]);
      }
      context.strokeStyle = style;
      context.lineWidth = thick;
      context.stroke();
    }
  };
  lines(shared, theme.muted, 1);
  lines(torn, theme.text, 2);
  for (const j of shared) ring(context, x[j], y[j], size - 1, theme.muted, 1, halo);
  for (const j of torn) ring(context, x[j], y[j], size, theme.text, 2, halo);
  for (const j of wrong) ring(context, x[j], y[j], size, theme.warning, 1.8, halo, [3, 2]);
  ring(context, x[i], y[i], size + 2, theme.primary, 3, halo);
}

/**
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {CanvasRenderingContext2D} context
 */
function drawHovered(map, panel, context) {
  const { x, y } = panel.scene, i = map.hover, { theme } = map.look, size = radiusOf(map, panel.scene) + 4.5;
  ring(context, x[i], y[i], size, theme.text, 2, withOpacity(theme.background, 0.9));
}

/**
 * @param {number[][]} path
 * @param {Theme} theme
 * @param {CanvasRenderingContext2D} context
 */
function drawBand(path, theme, context) {
  context.beginPath();
  path.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](x, y));
  context.closePath();
  context.fillStyle = withOpacity(theme.primary, 0.1);
  context.fill();
  context.setLineDash([5, 4]);
  context.strokeStyle = theme.primary;
  context.lineWidth = 1.5;
  context.stroke();
  context.setLineDash([]);
}

/**
 * Writes the line under a panel: the legend of the chosen point's lines and rings, or a hint.
 * @param {LatentMap} map
 * @param {Panel} panel
 */
export function noteNeighbours(map, panel) {
  const note = panel.note;
  note.replaceChildren();
  const { near, near_map: nearMap } = panel.blob.arrays;
  if (map.focus < 0 || !near?.length || !nearMap?.length) {
    if (!panel.number && map.count) note.append(element("span", "hint", hint(map, panel)));
    return;
  }
  const { torn, shared, wrong } = neighbours(panel, map.focus), all = torn.length + shared.length;
  const entries = [
    ["kept", `${shared.length} of its ${all} nearest codings are among its nearest here`],
    ["torn", `${torn.length} lie further off`],
    ["wrong", `${wrong.length} are near only on this map`],
  ];
  for (const [kind, text] of entries) {
    const entry = element("span"), sign = element("i", kind);
    entry.append(sign, text);
    note.append(entry);
  }
}

/**
 * How to use the map with the current tool, in words.
 * @param {LatentMap} map
 * @param {Panel} panel
 */
function hint(map, panel) {
  if (matchMedia("(hover: none)").matches) return "Tap a point for its image and its neighbours; two fingers zoom.";
  const around = map.tool === "box" ? "Drag a box around points" : "Draw around points with the pointer pressed";
  if (map.tool !== "click") return `${around} to select them; Shift adds. The wheel zooms, a double click shows all.`;
  const drag = panel.scene.dims === 3 ? "drag to turn" : "drag to move";
  return `Click a point for its neighbours, Shift adds; ${drag}, the wheel zooms, a double click shows all.`;
}
