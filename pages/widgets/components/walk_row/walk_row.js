// A row of decoded pictures and, where it leads from one coding to another, a scrubber through all that lies between.
// Nothing is sent to Python: every picture is decoded here, or was sent along where no decoder runs in a browser.

/** @import { Component, Packed, Picture } from "../shared/types.js" */
/** @import { RowArrays, RowHeader } from "./types.js" */

import { board, complete, mount } from "../shared/blobs.js";
import { element, find } from "../shared/dom.js";
import { makeNetwork } from "../shared/network.js";
import { paint, sized } from "../shared/picture.js";
import { densityText } from "../shared/where.js";

const DECODING_BUDGET = 8; // milliseconds of decoding at a time: a drag stays smooth while pictures are still missing
const WAY_SECONDS = 3; // from one end to the other
const PAUSES = 0.45; // seconds from picture to picture for those who prefer less motion
/** @type {Record<string, number>} */
const KEYS = { ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01, PageDown: -0.1, PageUp: 0.1 };
const MOST_TIMES = 6; // the usual: what is more is drawn at the upper edge
const CURVE = { top: 20, foot: 26, side: 8 }; // CSS pixels from the edges; the side is half the scrubber's thumb
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const idle = globalThis.requestIdleCallback?.bind(globalThis) ?? (work => setTimeout(work, 1));

/**
 * The coding at t between the first and the last one; with an angle on the arc between them (Shoemake 1985).
 * @param {Float32Array} first
 * @param {Float32Array} last
 * @param {number} t
 * @param {number | null} angle
 * @param {Float32Array} into
 */
function codingAt(first, last, t, angle, into) {
  const [left, right] = angle ? [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)] : [1 - t, t];
  for (let i = 0; i < into.length; i++) into[i] = t === 0 ? first[i] : t === 1 ? last[i] : left * first[i] + right * last[i];
  return into;
}

class Journey {
  /**
   * @param {ParentNode} parent
   * @param {string} key
   */
  constructor(parent, key) {
    this.key = key;
    this.root = find(parent, ".journey", HTMLElement);
    this.strip = find(parent, ".strip", HTMLElement);
    this.top = find(parent, ".way", HTMLElement);
    this.picture = find(parent, ".now canvas", HTMLCanvasElement);
    this.told = find(parent, ".told", HTMLElement);
    this.curve = find(parent, ".track canvas", HTMLCanvasElement);
    this.track = find(parent, ".track input", HTMLInputElement);
    this.play = find(parent, ".play", HTMLButtonElement);
    this.spot = find(parent, ".spot", HTMLElement);
    /** @type {HTMLElement[]} */
    this.figures = [];
    /** @type {Packed<RowHeader, RowArrays>} */
    this.view = null;
    /** @type {RowHeader} */
    this.header = null;
    /** @type {RowArrays} */
    this.arrays = null;
    this.size = this.width = this.count = 0; // numbers of a sample and of a coding, pictures
    /** @type {number[]} */
    this.waiting = []; // pictures to decode
    /** @type {number | null} */
    this.t = null; // the scrubber's place, 0 to 1
    /** @type {{ from: number, began: number } | null} */
    this.playing = null;
    this.play.onclick = () => this.toggle();
    this.track.oninput = () => this.stop(+this.track.value);
    this.track.onkeydown = event => this.pressed(event);
    this.watch = new ResizeObserver(() => this.drawCurve());
    this.watch.observe(this.root);
    this.place = board(key);
    this.take = () => this.update();
    this.place.listeners.add(this.take);
    this.update();
  }

  close() {
    this.place.listeners.delete(this.take);
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    this.waiting = [];
  }

  // Takes a view with the decoder that it names, once both are there.
  update() {
    const { slots } = this.place, view = slots.view;
    if (!view || view === this.view) return;
    const { versions } = view.header;
    if (!complete(slots, versions)) return;
    if (versions.decoder !== this.decoder) this.network = versions.decoder && makeNetwork(slots.decoder.header.network, slots.decoder.arrays);
    this.decoder = versions.decoder;
    const { header, arrays } = /** @type {Packed<RowHeader, RowArrays>} */ (view);
    const size = header.shape.reduce((product, side) => product * side, 1);
    Object.assign(this, { view, header, arrays, size, width: arrays.codings.shape[1], count: arrays.codings.shape[0] });
    this.top.hidden = !header.scrub;
    (header.scrub ? this.told : this.root).append(this.spot);
    this.spot.hidden = !arrays.near;
    this.arrange();
    this.waiting = Array.from({ length: this.count }, (_, i) => i);
    delete this.root.dataset.ready;
    idle(() => this.work(view));
    if (!header.scrub) return arrays.near && this.point(0);
    this.z = new Float32Array(this.width);
    this.t ??= header.start; // other images, the same place on the way
    this.playing = null;
    this.label();
    sized(this.picture, header.shape);
    this.go(this.t);
    this.drawCurve();
  }

  /** @param {number} i */
  coding(i) {
    return this.arrays.codings.subarray(i * this.width, (i + 1) * this.width);
  }

  /**
   * One sample that Python decoded, as the numbers that `paint` takes.
   * @param {Uint8Array | Float32Array} samples
   * @param {number} i
   */
  sent(samples, i) {
    const sample = samples.subarray(i * this.size, (i + 1) * this.size);
    return samples instanceof Uint8Array ? Float32Array.from(sample, value => value / 255) : sample;
  }

  arrange() {
    const { header, strip, figures, count } = this;
    while (figures.length > count) figures.pop().remove();
    while (figures.length < count) figures.push(this.makeFigure(figures.length));
    strip.style.setProperty("--warning", header.theme.warning);
    const half = Math.ceil(header.columns / 2);
    strip.style.setProperty("--n", String(header.columns));
    strip.style.setProperty("--m", String(header.wrap && header.columns > 5 ? half : header.columns));
    figures.forEach((figure, i) => {
      const label = header.labels[i] ?? "";
      const [canvas, caption] = /** @type {[HTMLCanvasElement, HTMLElement]} */ (/** @type {unknown} */ (figure.children));
      sized(canvas, header.shape);
      const level = header.levels[i], judged = level !== undefined;
      const name = label ? `decoded picture: ${label}` : `decoded picture ${i + 1}`;
      canvas.setAttribute("aria-label", judged ? `${name}. ${this.words(i)} ${this.nearest(i)}` : name);
      if (judged) figure.dataset.level = String(level);
      else delete figure.dataset.level;
      caption.textContent = label;
      caption.hidden = !label && !judged;
      figure.classList.toggle("framed", header.framed.includes(i));
      figure.classList.toggle("stop", header.scrub);
      if (header.scrub || judged) figure.tabIndex = 0;
      else figure.removeAttribute("tabindex");
      if (!header.scrub) figure.classList.remove("near");
    });
  }

  /** @param {number} i */
  makeFigure(i) {
    const figure = element("figure"), canvas = element("canvas");
    canvas.setAttribute("role", "img");
    figure.append(canvas, element("figcaption"));
    figure.onclick = () => (this.header.scrub ? this.stop(i / (this.count - 1)) : this.point(i));
    figure.onpointerenter = figure.onfocus = () => this.header.scrub || this.point(i);
    figure.onkeydown = event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      figure.click();
    };
    this.strip.append(figure);
    return figure;
  }

  /**
   * Decodes pictures of the row until the slice is over; the rest waits for the next idle moment.
   * @param {Packed<RowHeader, RowArrays>} view
   */
  work(view) {
    if (view !== this.view) return;
    const { header, arrays, waiting } = this, began = performance.now();
    do {
      const i = waiting.shift();
      if (i === undefined) break;
      const values = this.network ? this.network.run(this.coding(i)) : this.sent(arrays.pictures, i);
      paint(/** @type {Picture} */ (this.figures[i].firstElementChild), values, header.shape, header.reach);
    } while (performance.now() - began < DECODING_BUDGET);
    if (waiting.length) idle(() => this.work(view));
    else this.root.dataset.ready = header.version;
  }

  /** @param {number} t */
  stop(t) {
    this.playing = null;
    this.label();
    this.go(t);
  }

  /** @param {number} t */
  go(t) {
    this.t = Math.min(Math.max(t, 0), 1);
    this.frame ||= requestAnimationFrame(now => this.draw(now));
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.key === " ") this.toggle();
    else if (KEYS[event.key]) this.stop(this.t + KEYS[event.key]);
    else return;
    event.preventDefault();
  }

  toggle() {
    if (this.playing) return this.stop(this.t);
    this.playing = { from: this.t >= 1 ? 0 : this.t, began: performance.now() };
    this.label();
    this.go(this.playing.from);
  }

  label() {
    this.play.textContent = this.playing ? "❚❚ Pause" : "▶ Play";
    this.play.setAttribute("aria-pressed", String(Boolean(this.playing)));
  }

  /** @param {number} now */
  draw(now) {
    this.frame = 0;
    if (!this.header?.scrub) return;
    if (this.playing) this.advance(now);
    const { header, arrays, root, track, t } = this;
    codingAt(this.coding(0), this.coding(this.count - 1), t, header.angle, this.z);
    const values = this.network ? this.network.run(this.z) : this.sent(arrays.film, Math.round(t * (arrays.film.shape[0] - 1)));
    paint(this.picture, values, header.shape, header.reach);
    if (+track.value !== t) track.value = String(t);
    this.tell();
    const near = Math.round(t * (this.count - 1));
    this.figures.forEach((figure, i) => figure.classList.toggle("near", i === near));
    root.dataset.t = t.toFixed(3);
    root.dataset.z = JSON.stringify(Array.from(this.z));
    if (this.playing) this.go(this.t);
  }

  /** @param {number} now */
  advance(now) {
    const { from, began } = this.playing, past = Math.max(0, now - began) / 1000, pictures = this.count - 1;
    const t = calm.matches ? (Math.round(from * pictures) + Math.floor(past / PAUSES)) / pictures : from + past / WAY_SECONDS;
    this.t = Math.min(t, 1);
    if (this.t < 1) return;
    this.playing = null;
    this.label();
  }

  // Where on the way this is, in words, and how far from the data.
  tell() {
    const { header, arrays, t } = this, [from, to] = header.ends, percent = Math.round(100 * t);
    const there = percent === 0 ? from : percent === 100 ? to : `${percent} % of the way from ${from} to ${to}`;
    const place = Math.round(t * (arrays.level.length - 1)), level = arrays.level[place], told = this.words(place);
    const [where, verdict] = this.told.children;
    where.textContent = there;
    verdict.textContent = told;
    this.root.dataset.level = String(level);
    this.picture.setAttribute("aria-label", `decoded picture: ${there}`);
    this.track.setAttribute("aria-valuetext", `${there}. ${told} ${this.nearest(place)}`);
    this.show(place, this.nearest(place));
  }

  /**
   * A place's verdict and measures, and the real image nearest to it.
   * @param {number} place
   */
  words(place) {
    const { header, arrays } = this, [distance, drift] = [arrays.distance, arrays.drift].map(values => timesLimit(values[place]));
    const density = arrays.density ? ` Prior density ${densityText(arrays.density[place])}.` : "";
    return `${header.verdicts[arrays.verdict[place]]} Distance ${distance}, drift ${drift} the limit.${density}`;
  }

  /** @param {number} place */
  nearest(place) {
    const { header, arrays } = this;
    return `Nearest real ${header.shape.length > 1 ? "image" : "sample"}: ${header.nearest[arrays.near[place]]}.`;
  }

  /**
   * Where a picture of a row without a scrubber is: the one that a pointer or the focus came to last.
   * @param {number} i
   */
  point(i) {
    if (!this.arrays.near) return;
    this.show(i, `Picture ${i + 1}. ${this.words(i)} ${this.nearest(i)}`);
    this.root.dataset.spot = String(i);
  }

  /**
   * @param {number} place
   * @param {string} text
   */
  show(place, text) {
    const { header, arrays } = this, near = arrays.near[place];
    const [canvas, words] = /** @type {[HTMLCanvasElement, HTMLElement]} */ (/** @type {unknown} */ (this.spot.children));
    if (words.textContent !== text) words.textContent = text;
    canvas.hidden = !arrays.real;
    if (!arrays.real) return;
    sized(canvas, header.shape);
    paint(canvas, this.sent(arrays.real, near), header.shape, header.reach);
    canvas.setAttribute("aria-label", this.nearest(place));
    this.root.dataset.near = header.nearest[near];
  }

  // Distance and drift along the way, dots at 1 for the limit of the usual; the scrubber's track says what can be believed.
  drawCurve() {
    const { curve, header, arrays } = this, width = curve.clientWidth, height = curve.clientHeight;
    if (!header?.scrub || !width) return;
    const scale = Math.min(window.devicePixelRatio || 1, 2), { theme } = header, { level } = arrays;
    curve.width = width * scale;
    curve.height = height * scale;
    const pen = curve.getContext("2d"), last = level.length - 1, { top, foot, side } = CURVE;
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
    let at = side;
    for (const [values, colour, name] of lines) {
      pen.strokeStyle = pen.fillStyle = colour;
      pen.fillRect(at, 7, 14, 1.6);
      pen.beginPath();
      values.forEach((value, i) => pen.lineTo(across(i), up(value)));
      pen.stroke();
      pen.fillStyle = theme.muted;
      pen.fillText(name, at + 18, 12);
      at += 34 + pen.measureText(name).width;
    }
    pen.strokeStyle = theme.guide;
    pen.lineWidth = 1;
    pen.setLineDash([2, 3]);
    pen.beginPath();
    pen.moveTo(at, 8);
    pen.lineTo(at + 14, 8);
    pen.moveTo(across(0), up(1));
    pen.lineTo(across(last), up(1));
    pen.stroke();
    pen.fillText("the limit of the usual", at + 18, 12);
  }
}

/**
 * '1.3 ×'
 * @param {number} times
 */
function timesLimit(times) {
  return times < 100 ? `${times.toFixed(1)} ×` : "over 100 ×";
}

/** @param {Component} component */
export default function (component) {
  return mount(Journey, component)[1];
}
