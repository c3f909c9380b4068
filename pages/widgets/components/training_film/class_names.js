// Names of the classes on the map: each at the median of its points, pushed apart where names would overlap.

/** @import { Frames } from "./frames.js" */
/** @import { Place } from "./draw.js" */
/** @import { FilmArrays, FilmHeader } from "./types.js" */

import { drawText, spreadNames } from "./draw.js";

export class ClassNames {
  constructor() {
    /** @type {number[][][]} of the classes in each frame */
    this.medians = [];
    /** @type {{ x: number, y: number }[] | null} of the classes, CSS pixels */
    this.positions = null;
  }

  // The next names stand at their medians at once.
  reset() {
    this.positions = null;
  }

  /**
   * Takes the points of the frames from number `first` on; earlier medians stay.
   * @param {FilmHeader} header
   * @param {FilmArrays["groups"]} groups
   * @param {Frames} frames
   * @param {number} first
   */
  update({ classes }, groups, frames, first) {
    const members = classes.map(() => /** @type {number[]} */ ([]));
    if (members.length) groups.forEach((group, i) => members[group].push(i));
    const medians = frames.positions.slice(first).map(points => members.map(indices =>
      [medianOf(points, indices, 0), medianOf(points, indices, 1)]));
    this.medians = this.medians.slice(0, first).concat(medians);
  }

  /**
   * Draws the names; true while they glide to their places.
   * @param {CanvasRenderingContext2D} context
   * @param {{ width: number, height: number }} size of the map, CSS pixels
   * @param {Place} place
   * @param {FilmHeader} header
   * @param {{ before: number, share: number }} time as from `Frames.around`
   * @param {boolean} still without gliding, at the medians of a frame
   */
  draw(context, { width, height }, place, { classes, theme }, { before, share }, still) {
    const from = this.medians[before], to = this.medians[Math.min(before + 1, this.medians.length - 1)];
    const passed = still ? 0 : share;
    const targets = spreadNames(classes.map(({ name }, c) => ({
      width: context.measureText(name).width,
      x: place.x(from[c][0] + passed * (to[c][0] - from[c][0])),
      y: place.y(from[c][1] + passed * (to[c][1] - from[c][1])),
    })), width, height);
    let gliding = false;
    this.positions = targets.map((target, c) => {
      const old = this.positions?.[c];
      if (!old || still || Math.hypot(target.x - old.x, target.y - old.y) < 0.5) return target;
      gliding = true;
      return { x: old.x + 0.25 * (target.x - old.x), y: old.y + 0.25 * (target.y - old.y) };
    });
    classes.forEach(({ name }, c) => drawText(context, name, this.positions[c].x, this.positions[c].y, theme));
    return gliding;
  }
}

/**
 * Median of one coordinate of some points.
 * @param {Float32Array} points two coordinates each
 * @param {number[]} indices
 * @param {number} axis
 */
function medianOf(points, indices, axis) {
  const values = Float32Array.from(indices, i => points[2 * i + axis]).sort();
  return values[values.length >> 1];
}
