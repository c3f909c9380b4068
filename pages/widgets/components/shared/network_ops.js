// The kinds of steps of aecore/browser/program.py: each function here returns the one that a run calls. `t` are the
// tables of weights, `buffers` the values between the steps; sums are doubles, buffers float32.

/** @import { Step, Tables } from "./types.js" */

/**
 * A convolution over an image of rows, columns, channels; a dense layer is one of 1 × 1. Weights come in blocks of four
 * outputs, so that each input that is read serves four sums, and in the order in which they are read here.
 * @param {Step} step
 * @param {Float32Array[]} buffers
 * @param {Tables} t
 */
function convolution(step, buffers, t) {
  const x = buffers[step.x], y = buffers[step.y], w = t[step.weights], b = t[step.bias];
  const [height, width, channels] = step.size, [rows, columns] = step.kernel, [down, across] = step.count;
  const filters = step.filters, blocked = filters - (filters % 4), taps = rows * columns * channels;
  const [strideDown, strideAcross] = step.stride, [above, left] = step.pad;
  const origin = (step.start[0] * step.output[1] + step.start[1]) * filters;
  const line = step.step[0] * step.output[1] * filters, next = step.step[1] * filters;
  return () => {
    for (let v = 0; v < down; v++) {
      const top = v * strideDown - above, k0 = Math.max(0, -top), k1 = Math.min(rows, height - top);
      for (let u = 0; u < across; u++) {
        const side = u * strideAcross - left, l0 = Math.max(0, -side), l1 = Math.min(columns, width - side);
        const run = Math.max(0, l1 - l0) * channels, place = origin + v * line + u * next;
        for (let f = 0; f < blocked; f += 4) {
          let s0 = b[f], s1 = b[f + 1], s2 = b[f + 2], s3 = b[f + 3];
          for (let k = k0; k < k1; k++) {
            let i = ((top + k) * width + side + l0) * channels, j = f * taps + (k * columns + l0) * channels * 4;
            for (const end = i + run; i < end; i++, j += 4) {
              const value = x[i];
              s0 += value * w[j];
              s1 += value * w[j + 1];
              s2 += value * w[j + 2];
              s3 += value * w[j + 3];
            }
          }
          y[place + f] = s0;
          y[place + f + 1] = s1;
          y[place + f + 2] = s2;
          y[place + f + 3] = s3;
        }
        for (let f = blocked; f < filters; f++) {
          let sum = b[f];
          for (let k = k0; k < k1; k++) {
            let i = ((top + k) * width + side + l0) * channels, j = f * taps + (k * columns + l0) * channels;
            for (const end = i + run; i < end; i++, j++) sum += x[i] * w[j];
          }
          y[place + f] = sum;
        }
      }
    }
  };
}

/**
 * @param {Step} step
 * @param {Float32Array[]} buffers
 */
function pool(step, buffers) {
  const x = buffers[step.x], y = buffers[step.y], [height, width, channels] = step.size, [rows, columns] = step.kernel;
  const [down, across] = step.count, [strideDown, strideAcross] = step.stride, [above, left] = step.pad;
  return () => {
    y.fill(-Infinity);
    for (let v = 0; v < down; v++) for (let u = 0; u < across; u++) {
      const top = v * strideDown - above, side = u * strideAcross - left, place = (v * across + u) * channels;
      for (let k = Math.max(0, top); k < Math.min(height, top + rows); k++) {
        for (let l = Math.max(0, side); l < Math.min(width, side + columns); l++) {
          const from = (k * width + l) * channels;
          for (let c = 0; c < channels; c++) if (x[from + c] > y[place + c]) y[place + c] = x[from + c];
        }
      }
    }
  };
}

/**
 * The recurrent half of an LSTM (Hochreiter and Schmidhuber 1997, with forget gates); the inputs' half is a dense layer
 * before it, one row a moment, or a single row where the input stands `still`. Gates: input, output, forget, cell.
 * @param {Step} step
 * @param {Float32Array[]} buffers
 * @param {Tables} t
 */
function lstm(step, buffers, t) {
  const sums = buffers[step.x], y = buffers[step.y], w = t[step.weights], { units, times, still } = step;
  const [gate, candidate, out] = step.curves.map((/** @type {string} */ name) => CURVES[name]);
  const gates = new Float32Array(4 * units), cell = new Float32Array(units), activated = new Float32Array(units);
  const hidden = new Float32Array(units);
  return () => {
    cell.fill(0);
    hidden.fill(0);
    for (let time = 0; time < times; time++) {
      const row = still ? 0 : time * 4 * units;
      for (let f = 0; f < 4 * units; f += 4) {
        let s0 = sums[row + f], s1 = sums[row + f + 1], s2 = sums[row + f + 2], s3 = sums[row + f + 3];
        for (let i = 0, j = f * units; i < units; i++, j += 4) {
          const value = hidden[i];
          s0 += value * w[j];
          s1 += value * w[j + 1];
          s2 += value * w[j + 2];
          s3 += value * w[j + 3];
        }
        gates[f] = s0;
        gates[f + 1] = s1;
        gates[f + 2] = s2;
        gates[f + 3] = s3;
      }
      gate(gates, gates, 0, 3 * units);
      candidate(gates, gates, 3 * units, 4 * units);
      for (let i = 0; i < units; i++) cell[i] = gates[2 * units + i] * cell[i] + gates[i] * gates[3 * units + i];
      out(cell, activated, 0, units);
      for (let i = 0; i < units; i++) y[time * units + i] = hidden[i] = gates[units + i] * activated[i];
    }
  };
}

/**
 * Abramowitz and Stegun (1964), 7.1.26: within 1.5e-7.
 * @param {number} v
 */
function erf(v) {
  const a = Math.abs(v), k = 1 / (1 + 0.3275911 * a);
  const tail = ((((1.061405429 * k - 1.453152027) * k + 1.421413741) * k - 0.284496736) * k + 0.254829592) * k;
  const value = 1 - tail * Math.exp(-a * a);
  return v < 0 ? -value : value;
}

/**
 * y = f(x) from one place to another. Each has its own loop: one loop that is handed the function calls it a number at
 * a time, several times slower.
 * @typedef {(x: Float32Array, y: Float32Array, from: number, to: number, alpha?: number, gamma?: number) => void} Curve
 * @type {Record<string, Curve>}
 */
export const CURVES = {
  abs(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = Math.abs(x[i]);
  },
  elu(x, y, from, to, alpha = 1) {
    for (let i = from; i < to; i++) y[i] = x[i] > 0 ? x[i] : alpha * (Math.exp(x[i]) - 1);
  },
  erf(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = erf(x[i]);
  },
  gelu(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = 0.5 * x[i] * (1 + erf(x[i] * Math.SQRT1_2));
  },
  leaky(x, y, from, to, alpha = 0.01) {
    for (let i = from; i < to; i++) y[i] = x[i] > 0 ? x[i] : alpha * x[i];
  },
  linear(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = x[i];
  },
  reciprocal(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = 1 / x[i];
  },
  relu(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = x[i] > 0 ? x[i] : 0;
  },
  selu(x, y, from, to, alpha = 1.6732632423543772, gamma = 1.0507009873554805) {
    for (let i = from; i < to; i++) y[i] = gamma * (x[i] > 0 ? x[i] : alpha * (Math.exp(x[i]) - 1));
  },
  sigmoid(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
  },
  silu(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = x[i] / (1 + Math.exp(-x[i]));
  },
  sqrt(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = Math.sqrt(x[i]);
  },
  tanh(x, y, from, to) {
    for (let i = from; i < to; i++) y[i] = Math.tanh(x[i]);
  },
};

/**
 * @param {Step} step
 * @param {Float32Array[]} buffers
 */
function curve(step, buffers) {
  const x = buffers[step.x], y = buffers[step.y], fill = CURVES[step.curve], { alpha, gamma } = step;
  return () => fill(x, y, 0, y.length, alpha, gamma);
}

/**
 * @param {Step} step
 * @param {Float32Array[]} buffers
 * @param {Tables} t
 */
function affine(step, buffers, t) {
  const x = buffers[step.x], y = buffers[step.y], scale = t[step.scale], shift = t[step.shift], period = scale.length;
  return () => {
    for (let i = 0; i < y.length; i += period) {
      for (let j = 0; j < period; j++) y[i + j] = x[i + j] * scale[j] + shift[j];
    }
  };
}

/**
 * Means of runs of neighbours, and what adds or multiplies such a number to each of its run.
 * @param {Step} step
 * @param {Float32Array[]} buffers
 */
function mean(step, buffers) {
  const x = buffers[step.x], y = buffers[step.y], run = step.run;
  return () => {
    for (let i = 0, j = 0; i < y.length; i++) {
      let sum = 0;
      for (const end = j + run; j < end; j++) sum += x[j];
      y[i] = sum / run;
    }
  };
}

/**
 * @param {Step} step
 * @param {Float32Array[]} buffers
 */
function add(step, buffers) {
  const a = buffers[step.a], b = buffers[step.b], y = buffers[step.y], run = step.run, [first, second] = step.factors;
  return () => {
    for (let i = 0, j = 0; i < y.length; j++) {
      const value = second * b[j];
      for (const end = i + run; i < end; i++) y[i] = first * a[i] + value;
    }
  };
}

/**
 * @param {Step} step
 * @param {Float32Array[]} buffers
 */
function multiply(step, buffers) {
  const a = buffers[step.a], b = buffers[step.b], y = buffers[step.y], run = step.run;
  return () => {
    for (let i = 0, j = 0; i < y.length; j++) {
      const value = b[j];
      for (const end = i + run; i < end; i++) y[i] = a[i] * value;
    }
  };
}

/**
 * Numbers in another order: runs of neighbours that begin at `places`, from place `into` on.
 * @param {Step} step
 * @param {Float32Array[]} buffers
 * @param {Tables} t
 */
function gather(step, buffers, t) {
  const x = buffers[step.x], y = buffers[step.y], places = t[step.places], { run, into } = step;
  return () => {
    for (let i = 0, j = into; i < places.length; i++) {
      const from = places[i];
      for (let k = 0; k < run; k++, j++) y[j] = x[from + k];
    }
  };
}

/** @type {Record<string, (step: Step, buffers: Float32Array[], tables: Tables) => () => void>} */
export const OPERATIONS = { convolution, pool, lstm, curve, affine, mean, add, multiply, gather };
