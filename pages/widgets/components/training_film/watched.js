// The watched samples beside the map: each original, and below it its reconstruction in the film's current frame.

/** @import { Frames } from "./frames.js" */
/** @import { FilmArrays, FilmHeader } from "./types.js" */

import { child, element } from "../shared/dom.js";
import { drawSample } from "./draw.js";

export class Watched {
  /**
   * @param {HTMLElement} root
   * @param {{ onpoint: (i: number | null) => void, onpin: (i: number) => void }} calls `onpoint` gets the sample under
   *   the pointer or with the focus, null when that ends; `onpin` the one that was clicked
   */
  constructor(root, { onpoint, onpin }) {
    this.root = root;
    this.onpoint = onpoint;
    this.onpin = onpin;
    this.frame = -1; // whose reconstructions are drawn
  }

  /**
   * @param {FilmHeader} header
   * @param {FilmArrays["originals"]} originals
   * @param {Frames} frames
   */
  update(header, originals, frames) {
    this.header = header;
    if (this.root.childElementCount !== header.watched.length + 1) {
      const note = element("p", "", "Originals, and below each its reconstruction now.");
      this.root.replaceChildren(note, ...header.watched.map((_, i) => this.makeFigure(i)));
    }
    this.figures().forEach((figure, i) => {
      figure.lastElementChild.textContent = figure.title = header.watched[i];
      figure.setAttribute("aria-label", `${header.watched[i]}: show its way on the map`);
      drawSample(/** @type {HTMLCanvasElement} */ (figure.firstElementChild), this.sampleOf(originals, i), frames, header.theme);
    });
    this.frame = -1;
  }

  /**
   * Draws the reconstructions of a frame; true if they are other ones than before.
   * @param {Frames} frames
   * @param {number} frame
   */
  show(frames, frame) {
    if (this.frame === frame) return false;
    this.frame = frame;
    this.figures().forEach((figure, i) => {
      const canvas = /** @type {HTMLCanvasElement} */ (figure.children[1]);
      drawSample(canvas, this.sampleOf(frames.pictures[frame], i), frames, this.header.theme);
    });
    return true;
  }

  /**
   * Marks the figure of a sample, null for none.
   * @param {number | null} i
   */
  mark(i) {
    this.figures().forEach((figure, j) => figure.classList.toggle("held", j === i));
  }

  figures() {
    return this.root.querySelectorAll("figure");
  }

  /**
   * A new figure of sample i, which works as a button.
   * @param {number} i
   */
  makeFigure(i) {
    const figure = element("figure");
    for (const name of ["original", "reconstruction"]) {
      child(figure, "canvas", this.header.shape.length === 1 ? "bars" : name);
    }
    child(figure, "figcaption");
    figure.tabIndex = 0;
    figure.setAttribute("role", "button");
    figure.onpointerenter = figure.onfocus = () => this.onpoint(i);
    figure.onpointerleave = figure.onblur = () => this.onpoint(null);
    figure.onclick = () => this.onpin(i);
    figure.onkeydown = event => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); figure.click(); }
    };
    return figure;
  }

  /**
   * Values of sample i among those of all watched samples.
   * @param {Uint8Array} values
   * @param {number} i
   */
  sampleOf(values, i) {
    const size = this.header.shape.reduce((product, side) => product * side, 1);
    return values.subarray(i * size, (i + 1) * size);
  }
}
