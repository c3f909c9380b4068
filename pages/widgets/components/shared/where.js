// Off-manifold diagnostics of codings as in aecore/analysis/off_manifold.py: `makeWhere(header, arrays)` of its
// header_and_arrays gives {at(z, encoded), pairs([a, b]), codes (n * size), numbers (n), labels (n) or null, count, size}.
// `at` compares with every training code, a fraction of a millisecond; `encoded` is E(D(z)), or null where no encoder runs.

/** @import { ReferenceArrays, ReferenceHeader, Where } from "./types.js" */

/**
 * @param {ReferenceHeader} header
 * @param {ReferenceArrays} arrays
 * @returns {Where}
 */
export function makeWhere(header, arrays) {
  const [count, size] = arrays.codes.shape, measured = Int32Array.from(header.measured), width = measured.length;
  const codes = Float32Array.from(arrays.codes, fromHalf);
  const rows = new Float32Array(count * width); // the measured codings only, close together in memory
  for (let i = 0; i < count; i++) for (let j = 0; j < width; j++) rows[i * width + j] = codes[i * size + measured[j]];
  const inside = new Float64Array(width), { prior } = header;
  const logarithms = prior === null ? null : gammas(prior);

  /** @type {Where["at"]} */
  function at(z, encoded) {
    if (z.length !== size || (encoded && encoded.length !== size)) {
      throw new RangeError(`codings: got ${z.length} numbers, allowed: ${size}`);
    }
    if (!z.every(Number.isFinite)) throw new RangeError("codings: got NaN or infinite values, allowed: finite ones");
    for (let j = 0; j < width; j++) inside[j] = z[measured[j]];
    const [nearest, distance] = closest(), distanceRatio = distance / header.distance;
    let drift = null, driftRatio = null, density = null;
    if (encoded) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += (inside[j] - encoded[measured[j]]) ** 2;
      drift = Number.isFinite(sum) ? Math.sqrt(sum) : Infinity; // so far outside that the network overflowed
      driftRatio = drift / header.drift;
    }
    const worst = Math.max(distanceRatio, driftRatio ?? 0);
    const level = worst > header.far ? 2 : worst > 1 ? 1 : 0;
    if (prior !== null && logarithms) {
      density = tailProbability(inside.reduce((sum, value) => sum + value * value, 0), prior, logarithms);
    }
    const rare = level === 0 && density !== null && density < header.unlikely; // the last of the verdicts
    const verdict = header.verdicts[rare ? header.verdicts.length - 1 : level];
    return { distance, distanceRatio, nearest, drift, driftRatio, density, level, verdict };
  }

  function closest() {
    let nearest = 0, least = Infinity;
    for (let i = 0, place = 0; i < count; i++, place += width) {
      let sum = 0;
      for (let j = 0; j < width && sum < least; j++) {
        const apart = rows[place + j] - inside[j];
        sum += apart * apart; // ** is a call
      }
      if (sum < least) { least = sum; nearest = i; }
    }
    return [nearest, Math.sqrt(least)];
  }

  /**
   * Two codings of every training code, pair after pair.
   * @param {number[]} axes
   */
  function pairs([a, b]) {
    return Float32Array.from({ length: 2 * count }, (_, k) => codes[(k >> 1) * size + (k % 2 ? b : a)]);
  }

  /**
   * `off_manifold.prior_tail_probability`: the share of the prior's draws that are less likely.
   * @param {number} square
   * @param {number} dimensions
   * @param {Float64Array} logarithms of the terms' denominators, see `gammas`
   */
  function tailProbability(square, dimensions, logarithms) {
    const half = square / 2, odd = dimensions % 2, logarithm = Math.log(half);
    if (half === 0) return 1;
    let share = odd ? upperTail(Math.sqrt(half)) : 0;
    for (let k = 0; k < logarithms.length; k++) {
      share += Math.exp((k + odd / 2) * logarithm - half - logarithms[k]);
    }
    return Math.min(share, 1);
  }

  /**
   * log Γ(k + 1) for k = 0, 1, … or 1/2, 3/2, … below half the dimensions.
   * @param {number} dimensions
   */
  function gammas(dimensions) {
    const odd = dimensions % 2, logarithms = new Float64Array(dimensions >> 1);
    let sum = odd ? Math.log(Math.sqrt(Math.PI) / 2) : 0;
    for (let k = 0; k < logarithms.length; k++) {
      if (k) sum += Math.log(k + odd / 2);
      logarithms[k] = sum;
    }
    return logarithms;
  }

  /**
   * erfc for x ≥ 0 within 1.5e-7: Abramowitz and Stegun, 7.1.26.
   * @param {number} x
   */
  function upperTail(x) {
    const t = 1 / (1 + 0.3275911 * x);
    const sum = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce((s, a) => s * t + a, 0);
    return sum * t * Math.exp(-x * x);
  }

  /**
   * IEEE half precision: Float16Array is too young for the browsers of a classroom.
   * @param {number} bits
   */
  function fromHalf(bits) {
    const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  }

  return { at, pairs, codes, numbers: arrays.numbers, labels: arrays.labels ?? null, count, size };
}

/**
 * The prior's density at a place in words, compared with samples of the prior.
 * @param {number} share
 */
export function densityText(share) {
  if (share < 0.01) return `below ${share < 0.001 ? 99.9 : 99} % of samples`;
  return `above ${Math.min(Math.floor(100 * share), 99)} % of samples`;
}
