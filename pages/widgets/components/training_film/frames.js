// The frames that have arrived. While a run trains they come in batches, which are joined by their steps.

/** @import { Packed } from "../shared/types.js" */

export class Frames {
  constructor() {
    /** @type {number[]} */
    this.step = [];
    /** @type {number[]} */
    this.epoch = [];
    /** @type {number[]} */
    this.error = [];
    /** @type {number[]} */
    this.clock = [];
    /** @type {string[]} */
    this.caption = [];
    /** @type {Float32Array[]} */
    this.positions = [];
    /** @type {Uint8Array[]} */
    this.pictures = [];
    /** @type {number[]} */
    this.shape = [];
    this.range = [0, 1];
  }

  /**
   * Takes a batch of frames; frames from its first step on are replaced.
   * @param {Packed} packed
   */
  take({ header, arrays }) {
    const length = this.step.findIndex(step => step >= arrays.step[0]);
    if (length >= 0) {
      for (const list of [this.step, this.epoch, this.error, this.clock, this.caption, this.positions, this.pictures]) {
        list.length = length;
      }
    }
    this.shape = header.shape;
    this.range = header.range;
    const [count, points] = arrays.positions.shape, [low, unit] = [header.low, header.unit];
    const size = arrays.pictures.length / count;
    for (let s = 0; s < count; s++) {
      const frame = new Float32Array(2 * points);
      for (let i = 0; i < frame.length; i++) frame[i] = low[i % 2] + unit * arrays.positions[s * 2 * points + i];
      this.positions.push(frame);
      this.pictures.push(arrays.pictures.subarray(s * size, (s + 1) * size));
      this.step.push(arrays.step[s]);
      this.epoch.push(arrays.epoch[s]);
      this.error.push(arrays.error[s]);
      this.clock.push(Math.log1p(arrays.step[s]));
      this.caption.push(header.captions[s]);
    }
  }

  get last() { return this.clock.length - 1; }

  /**
   * The frame at or before a time, and how far on the way to the next one it is.
   * @param {number} time
   */
  around(time) {
    let before = 0;
    while (before < this.last && this.clock[before + 1] <= time) before++;
    const gap = this.clock[Math.min(before + 1, this.last)] - this.clock[before];
    return { before, share: gap > 0 ? Math.min(Math.max((time - this.clock[before]) / gap, 0), 1) : 0 };
  }

  /**
   * The frame nearest to a time.
   * @param {number} time
   */
  nearest(time) {
    const { before, share } = this.around(time);
    return share > 0.5 ? before + 1 : before;
  }

  /**
   * `into`, filled with the positions at a time, between two frames interpolated.
   * @param {number} time
   * @param {Float32Array} into
   */
  pointsAt(time, into) {
    const { before, share } = this.around(time), from = this.positions[before];
    const to = this.positions[Math.min(before + 1, this.last)];
    for (let i = 0; i < into.length; i++) into[i] = from[i] + share * (to[i] - from[i]);
    return into;
  }
}
