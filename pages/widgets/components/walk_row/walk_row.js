// A row of decoded pictures, with a scrubber through the interpolation if the row is one between two codings. Nothing is
// sent to Python: the browser decodes every picture, or gets them decoded where it cannot run the decoder.

/** @import { Component, Packed, Picture } from "../shared/types.js" */
/** @import { RowArrays, RowHeader } from "./types.js" */

import { board, complete, mount } from "../shared/blobs.js";
import { element, find } from "../shared/dom.js";
import { makeNetwork } from "../shared/network.js";
import { paint, sized } from "../shared/picture.js";
import { drawCurve } from "./curve.js";
import { diagnosisText, nearestText } from "./diagnosis.js";
import { codingAt } from "./interpolation.js";

const DECODING_BUDGET = 8; // milliseconds of decoding at a time: a drag stays smooth while pictures are still missing
const PLAY_SECONDS = 3; // from one end to the other
const PAUSES = 0.45; // seconds from picture to picture for those who prefer less motion
/** @type {Record<string, number>} */
const KEYS = { ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01, PageDown: -0.1, PageUp: 0.1 };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const idle = globalThis.requestIdleCallback?.bind(globalThis) ?? (work => setTimeout(work, 1));

class WalkRow {
  /**
   * @param {ParentNode} parent
   * @param {string} key
   */
  constructor(parent, key) {
    this.key = key;
    this.root = find(parent, ".walk-row", HTMLElement);
    this.strip = find(parent, ".strip", HTMLElement);
    this.scrubber = find(parent, ".way", HTMLElement);
    this.picture = find(parent, ".now canvas", HTMLCanvasElement);
    this.caption = find(parent, ".told", HTMLElement);
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
    this.board = board(key);
    this.onblob = () => this.update();
    this.board.listeners.add(this.onblob);
    this.update();
  }

  close() {
    this.board.listeners.delete(this.onblob);
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    this.waiting = [];
  }

  // Takes a view and the decoder that it names, once both have arrived.
  update() {
    const { slots } = this.board, view = slots.view;
    if (!view || view === this.view) return;
    const { versions } = view.header;
    if (!complete(slots, versions)) return;
    if (versions.decoder !== this.decoder) this.network = versions.decoder && makeNetwork(slots.decoder.header.network, slots.decoder.arrays);
    this.decoder = versions.decoder;
    const { header, arrays } = /** @type {Packed<RowHeader, RowArrays>} */ (view);
    const size = header.shape.reduce((product, side) => product * side, 1);
    Object.assign(this, { view, header, arrays, size, width: arrays.codings.shape[1], count: arrays.codings.shape[0] });
    this.scrubber.hidden = !header.scrub;
    (header.scrub ? this.caption : this.root).append(this.spot);
    this.spot.hidden = !arrays.near;
    this.arrange();
    this.waiting = Array.from({ length: this.count }, (_, i) => i);
    delete this.root.dataset.ready;
    idle(() => this.work(view));
    if (!header.scrub) return arrays.near && this.point(0);
    this.z = new Float32Array(this.width);
    this.t ??= header.start; // other images, the same t
    this.playing = null;
    this.label();
    sized(this.picture, header.shape);
    this.go(this.t);
    this.drawCurve();
  }

  /**
   * Coding of picture i.
   * @param {number} i
   */
  coding(i) {
    return this.arrays.codings.subarray(i * this.width, (i + 1) * this.width);
  }

  /**
   * One sample that Python decoded, as the numbers that `paint` takes.
   * @param {Uint8Array | Float32Array} samples
   * @param {number} i
   */
  sampleOf(samples, i) {
    const sample = samples.subarray(i * this.size, (i + 1) * this.size);
    return samples instanceof Uint8Array ? Float32Array.from(sample, value => value / 255) : sample;
  }

  // Makes as many figures as there are pictures, with their labels.
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
      canvas.setAttribute("aria-label", judged ? `${name}. ${this.diagnosisOf(i)}` : name);
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

  /**
   * A new figure of the row, with a canvas for picture i.
   * @param {number} i
   */
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
      const values = this.network ? this.network.run(this.coding(i)) : this.sampleOf(arrays.pictures, i);
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
    const values = this.network ? this.network.run(this.z) : this.sampleOf(arrays.film, Math.round(t * (arrays.film.shape[0] - 1)));
    paint(this.picture, values, header.shape, header.reach);
    if (+track.value !== t) track.value = String(t);
    this.describe();
    const near = Math.round(t * (this.count - 1));
    this.figures.forEach((figure, i) => figure.classList.toggle("near", i === near));
    root.dataset.t = t.toFixed(3);
    root.dataset.z = JSON.stringify(Array.from(this.z));
    if (this.playing) this.go(this.t);
  }

  /** @param {number} now */
  advance(now) {
    const { from, began } = this.playing, past = Math.max(0, now - began) / 1000, pictures = this.count - 1;
    const t = calm.matches ? (Math.round(from * pictures) + Math.floor(past / PAUSES)) / pictures : from + past / PLAY_SECONDS;
    this.t = Math.min(t, 1);
    if (this.t < 1) return;
    this.playing = null;
    this.label();
  }

  // The scrubber's position and its diagnosis in words.
  describe() {
    const { header, arrays, t } = this, [from, to] = header.ends, percent = Math.round(100 * t);
    const position = percent === 0 ? from : percent === 100 ? to : `${percent} % of the way from ${from} to ${to}`;
    const place = Math.round(t * (arrays.level.length - 1)), [title, verdict] = this.caption.children;
    title.textContent = position;
    verdict.textContent = diagnosisText(header, arrays, place);
    this.root.dataset.level = String(arrays.level[place]);
    this.picture.setAttribute("aria-label", `decoded picture: ${position}`);
    this.track.setAttribute("aria-valuetext", `${position}. ${this.diagnosisOf(place)}`);
    this.show(place, nearestText(header, arrays, place));
  }

  /**
   * Verdict, measures and nearest real image of a place, in words.
   * @param {number} place
   */
  diagnosisOf(place) {
    return `${diagnosisText(this.header, this.arrays, place)} ${nearestText(this.header, this.arrays, place)}`;
  }

  /**
   * Describes a picture of a row without a scrubber: the one that the pointer or the focus came to last.
   * @param {number} i
   */
  point(i) {
    if (!this.arrays.near) return;
    this.show(i, `Picture ${i + 1}. ${this.diagnosisOf(i)}`);
    this.root.dataset.spot = String(i);
  }

  /**
   * Shows a text under the row, with the real image nearest to a place.
   * @param {number} place
   * @param {string} text
   */
  show(place, text) {
    const { header, arrays } = this, near = arrays.near[place];
    const [canvas, note] = /** @type {[HTMLCanvasElement, HTMLElement]} */ (/** @type {unknown} */ (this.spot.children));
    if (note.textContent !== text) note.textContent = text;
    canvas.hidden = !arrays.real;
    if (!arrays.real) return;
    sized(canvas, header.shape);
    paint(canvas, this.sampleOf(arrays.real, near), header.shape, header.reach);
    canvas.setAttribute("aria-label", nearestText(header, arrays, place));
    this.root.dataset.near = header.nearest[near];
  }

  drawCurve() {
    if (this.header?.scrub) drawCurve(this.curve, this.header, this.arrays);
  }
}

/** @param {Component} component */
export default function (component) {
  return mount(WalkRow, component)[1];
}
