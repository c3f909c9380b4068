// Points as stamps blended straight into the pixels of an ImageData. Where nothing draws but the processor (a virtual
// desktop, a test) this is several times faster than as many drawImage calls, and no slower elsewhere.


// A shape's coverage in device pixels: how much of each pixel is its inside, how much its outline.

/** @typedef {{ side: number, inside: Uint8Array, edge: Uint8Array }} Shape */
/** @typedef {{ side: number, colour: Uint32Array, amount: Uint16Array }} Stamp */

import { channels, markerStamp } from "../shared/markers.js";

/**
 * @param {string} symbol
 * @param {number} radius
 * @param {number} line
 */
function coverage(symbol, radius, line) {
  const layers = [["#fff", "rgba(0,0,0,0)"], ["rgba(0,0,0,0)", "#fff"]].map(([fill, outline]) => {
    const stamp = markerStamp(symbol, fill, outline, radius, line);
    const data = stamp.getContext("2d").getImageData(0, 0, stamp.width, stamp.height).data;
    return { side: stamp.width, alpha: Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3]) };
  });
  return trimmed(layers[0].side, layers[0].alpha, layers[1].alpha);
}

/**
 * The same without its empty frame, the same on all four sides: a small dot is half as many pixels then.
 * @param {number} side
 * @param {Uint8Array} inside
 * @param {Uint8Array} edge
 */
function trimmed(side, inside, edge) {
  let frame = side >> 1;
  for (let i = 0; i < inside.length; i++) {
    const x = i % side, y = Math.floor(i / side);
    if (inside[i] || edge[i]) frame = Math.min(frame, x, y, side - 1 - x, side - 1 - y);
  }
  const left = side - 2 * frame, whole = (/** @type {number} */ i) => (Math.floor(i / left) + frame) * side + (i % left) + frame;
  const cropped = (/** @type {Uint8Array} */ alpha) => Uint8Array.from({ length: left * left }, (_, i) => alpha[whole(i)]);
  return { side: left, inside: cropped(inside), edge: cropped(edge) };
}

/**
 * A stamp in one colour: for each pixel the colour (as ImageData's 32 bits) and how much of it, 0 to 256.
 * @param {Shape} shape
 * @param {string} fill
 * @param {string} outline
 * @param {number} opacity
 */
function tinted(shape, fill, outline, opacity) {
  const inner = channels(fill), outer = channels(outline), length = shape.inside.length;
  const colour = new Uint32Array(length), amount = new Uint16Array(length);
  for (let i = 0; i < length; i++) {
    const e = (shape.edge[i] / 255) * 0.55, f = (shape.inside[i] / 255) * (1 - e), whole = e + f;
    if (!whole) continue;
    const [r, g, b] = inner.map((value, c) => Math.round((value * f + outer[c] * e) / whole));
    colour[i] = (255 << 24) | (b << 16) | (g << 8) | r;
    amount[i] = Math.round(whole * opacity * 256);
  }
  return { side: shape.side, colour, amount };
}

export class Raster {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.stamps = new Map();
    this.shapes = new Map();
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (this.image && this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** @param {string} background */
  clear(background) {
    const [r, g, b] = channels(background);
    this.pixels.fill((255 << 24) | (b << 16) | (g << 8) | r);
  }

  /**
   * @param {string} symbol
   * @param {number} radius
   * @param {number} line
   * @param {string} fill
   * @param {string} outline
   * @param {number} opacity
   */
  stamp(symbol, radius, line, fill, outline, opacity) {
    const shapeName = `${symbol} ${radius} ${line}`, name = `${shapeName} ${fill} ${outline} ${opacity}`;
    let stamp = this.stamps.get(name);
    if (!stamp) {
      if (this.stamps.size > 4000) this.stamps.clear();
      if (!this.shapes.has(shapeName)) this.shapes.set(shapeName, coverage(symbol, radius, line));
      stamp = tinted(this.shapes.get(shapeName), fill, outline, opacity);
      this.stamps.set(name, stamp);
    }
    return stamp;
  }

  /**
   * Blends a stamp with its middle at (x, y), device pixels.
   * @param {Stamp} stamp
   * @param {number} x
   * @param {number} y
   */
  put(stamp, x, y) {
    const { side, colour, amount } = stamp, { width, height } = this.canvas, pixels = this.pixels;
    const left = Math.round(x - side / 2), top = Math.round(y - side / 2);
    if (left >= width || top >= height || left + side <= 0 || top + side <= 0) return;
    const from = Math.max(0, -left), to = Math.min(side, width - left);
    const last = Math.min(side, height - top);
    for (let row = Math.max(0, -top); row < last; row++) {
      let i = row * side + from, p = (top + row) * width + left + from;
      for (let column = from; column < to; column++, i++, p++) {
        const a = amount[i];
        if (!a) continue;
        const s = colour[i];
        if (a === 256) { pixels[p] = s; continue; }
        const d = pixels[p], rest = 256 - a;
        const redBlue = (((d & 0xff00ff) * rest + (s & 0xff00ff) * a) >>> 8) & 0xff00ff;
        const green = (((d & 0xff00) * rest + (s & 0xff00) * a) >>> 8) & 0xff00;
        pixels[p] = 0xff000000 | redBlue | green;
      }
    }
  }

  show() {
    this.context.putImageData(this.image, 0, 0);
  }
}
