// The curve above the scrubber: distance and drift along the interpolation, and how plausible each place is.

/** @import { RowArrays, RowHeader } from "./types.js" */

const MOST_TIMES = 6; // times the usual limit: larger values are drawn at the upper edge
const CURVE = { top: 20, foot: 26, side: 8 }; // CSS pixels from the edges; the side is half the scrubber's thumb

/**
 * Draws distance and drift as lines with a dotted line at 1, the usual limit, and the levels as a bar below them.
 * @param {HTMLCanvasElement} canvas
 * @param {RowHeader} header
 * @param {RowArrays} arrays
 */
export function drawCurve(canvas, header, arrays) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return;
  const scale = Math.min(window.devicePixelRatio || 1, 2), { theme } = header, { level } = arrays;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d"), last = level.length - 1, { top, foot, side } = CURVE;
  const across = (/** @type {number} */ i) => side + i / last * (width - 2 * side);
  pen.scale(scale, scale);
  for (let from = 0, to; from <= last; from = to) {
    for (to = from; to <= last && level[to] === level[from];) to++;
    const [left, right] = [across(Math.max(from - 0.5, 0)), across(Math.min(to - 0.5, last))];
    pen.fillStyle = level[from] ? theme.warning : theme.main;
    pen.globalAlpha = level[from] === 1 ? 0.4 : 1;
    pen.fillRect(left, height - 19, right - left, 5);
  }
  pen.globalAlpha = 1;
  const lines = /** @type {[Float32Array, string, string][]} */ ([[arrays.distance, theme.text, "distance"], [arrays.drift, theme.warning, "drift"]]);
  const most = Math.min(MOST_TIMES, Math.max(1.5, ...arrays.drift, ...arrays.distance));
  const up = (/** @type {number} */ value) => height - foot - (height - foot - top) * Math.min(value, most) / most;
  pen.lineWidth = 1.6;
  pen.font = `11.5px ${theme.font}`;
  let left = side;
  for (const [values, colour, name] of lines) {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.fillRect(left, 7, 14, 1.6);
    pen.beginPath();
    values.forEach((value, i) => pen.lineTo(across(i), up(value)));
    pen.stroke();
    pen.fillStyle = theme.muted;
    pen.fillText(name, left + 18, 12);
    left += 34 + pen.measureText(name).width;
  }
  pen.strokeStyle = theme.guide;
  pen.lineWidth = 1;
  pen.setLineDash([2, 3]);
  pen.beginPath();
  pen.moveTo(left, 8);
  pen.lineTo(left + 14, 8);
  pen.moveTo(across(0), up(1));
  pen.lineTo(across(last), up(1));
  pen.stroke();
  pen.fillText("the limit of the usual", left + 18, 12);
}
