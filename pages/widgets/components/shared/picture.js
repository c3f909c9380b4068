// One sample on one canvas: an image, a canvas pixel per pixel, clipped to [0, 1]; a vector as bars. Style sheets scale
// the canvas by its class: "pixels" (with image-rendering: pixelated) or "bars".

/** @import { Picture } from "./types.js" */

import { pen } from "./dom.js";

const PICTURE_BARS = { width: 192, height: 96, gap: 0.06, most: 48, up: "#3f90da", down: "#e76300" };

/**
 * Gives the canvas the size of a sample's picture; shape is (height, width), with 1 or 3 channels, or (features).
 * @template {HTMLCanvasElement} T
 * @param {T} canvas
 * @param {number[]} shape
 */
export function sized(canvas, shape) {
  const image = shape.length > 1, { width, height } = PICTURE_BARS;
  const [down, across] = image ? shape : [height, Math.max(width, shape[0])];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  canvas.classList.toggle("pixels", image);
  canvas.classList.toggle("bars", !image);
  return canvas;
}

/**
 * Draws values (all of a sample, row by row). `reach` is the largest value that bars have room for.
 * @param {Picture} canvas
 * @param {ArrayLike<number>} values
 * @param {number[]} shape
 * @param {number} [reach]
 */
export function paint(canvas, values, shape, reach = 1) {
  sized(canvas, shape);
  const context = (canvas.pen ||= pen(canvas));
  if (shape.length === 1) return paintBars(context, canvas, values, reach);
  const { width, height } = canvas, channels = shape[2] ?? 1, colour = channels >= 3 ? 1 : 0;
  let pixels = canvas.pixels;
  if (pixels?.width !== width || pixels.height !== height) pixels = context.createImageData(width, height);
  canvas.pixels = pixels;
  const { data } = pixels;
  for (let p = 0, from = 0, to = 0; p < width * height; p++, from += channels, to += 4) {
    data[to] = pictureByte(values[from]);
    data[to + 1] = pictureByte(values[from + colour]);
    data[to + 2] = pictureByte(values[from + 2 * colour]);
    data[to + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

/**
 * Rounded as by pages/widgets/images/sample_html.py; what is no number is black.
 * @param {number} value
 */
function pictureByte(value) {
  return value > 0 ? (value < 1 ? (value * 255 + 0.5) | 0 : 255) : 0;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {number} reach
 */
function paintBars(context, canvas, values, reach) {
  const { width, height } = canvas, { gap, up, down } = PICTURE_BARS, count = values.length, middle = height / 2;
  context.clearRect(0, 0, width, height);
  context.fillStyle = "rgba(128,128,128,.16)";
  context.fillRect(0, 0, width, height);
  const room = width / count, space = Math.min(gap * width, room / 4), bar = Math.min(room - space, PICTURE_BARS.most);
  for (let i = 0; i < count; i++) {
    const share = Math.min(Math.max(values[i] / reach, -1), 1) || 0, tall = share * (middle - 2);
    context.fillStyle = tall < 0 ? down : up;
    const left = Math.round(room * (i + 0.5) - bar / 2), right = Math.round(room * (i + 0.5) + bar / 2);
    context.fillRect(left, Math.round(middle - Math.max(tall, 0)), right - left, Math.round(Math.abs(tall)));
  }
  context.fillStyle = "rgba(128,128,128,.7)";
  context.fillRect(0, middle - 0.5, width, 1);
}
