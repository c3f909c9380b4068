// The frames that are here. While a run trains they come in parts, which are put together by their steps.
const A_FRAME = ["step", "epoch", "error", "clock", "caption", "positions", "pictures"];

export class Frames {
  constructor() { for (const name of A_FRAME) this[name] = []; }

  take({ header, arrays }) {
    const keep = this.step.findIndex(step => step >= arrays.step[0]);
    if (keep >= 0) for (const name of A_FRAME) this[name].length = keep;
    this.shape = header.shape;
    this.range = header.range;
    const [count, points] = arrays.positions.shape, [low, unit] = [header.low, header.unit];
    const size = arrays.pictures.length / count;
    for (let s = 0; s < count; s++) {
      const seen = new Float32Array(2 * points);
      for (let i = 0; i < seen.length; i++) seen[i] = low[i % 2] + unit * arrays.positions[s * 2 * points + i];
      this.positions.push(seen);
      this.pictures.push(arrays.pictures.subarray(s * size, (s + 1) * size));
      this.step.push(arrays.step[s]);
      this.epoch.push(arrays.epoch[s]);
      this.error.push(arrays.error[s]);
      this.clock.push(Math.log1p(arrays.step[s]));
      this.caption.push(header.captions[s]);
    }
  }

  get last() { return this.clock.length - 1; }

  // The frame at or before a time, and how far on the way to the next one it is.
  around(time) {
    let before = 0;
    while (before < this.last && this.clock[before + 1] <= time) before++;
    const gap = this.clock[Math.min(before + 1, this.last)] - this.clock[before];
    return { before, share: gap > 0 ? Math.min(Math.max((time - this.clock[before]) / gap, 0), 1) : 0 };
  }

  nearest(time) {
    const { before, share } = this.around(time);
    return share > 0.5 ? before + 1 : before;
  }

  seen(time, into) {
    const { before, share } = this.around(time), from = this.positions[before];
    const to = this.positions[Math.min(before + 1, this.last)];
    for (let i = 0; i < into.length; i++) into[i] = from[i] + share * (to[i] - from[i]);
    return into;
  }
}
