// One half of an autoencoder in the browser, from the header and arrays of aecore.browser.header_and_arrays. All buffers
// are allocated once, so that no drag waits for garbage collection.

/** @import { Network, NetworkHeader, Tables } from "./types.js" */

import { OPERATIONS } from "./network_ops.js";

/**
 * A network that runs in the browser.
 * @param {NetworkHeader} header
 * @param {Tables} arrays
 * @returns {Network}
 */
export function makeNetwork(header, arrays) {
  /** @type {Tables} */
  const tables = {};
  for (const [name, array] of Object.entries(arrays)) {
    tables[name] = name in header.units ? Float32Array.from(array, (v) => v * header.units[name]) : array;
  }
  const buffers = header.sizes.map((size) => new Float32Array(size));
  const steps = header.steps.map((step) => OPERATIONS[step.op](step, buffers, tables));
  const input = buffers[0], output = buffers[buffers.length - 1];
  return {
    inputs: input.length,
    outputs: output.length,
    shape: header.output_shape,
    /**
     * The network's output, in a buffer that the next run overwrites.
     * @param {ArrayLike<number>} values
     */
    run(values) {
      if (values.length !== input.length) throw new RangeError(`got ${values.length} numbers, not ${input.length}`);
      input.set(values);
      for (let i = 0; i < steps.length; i++) steps[i]();
      return output;
    },
  };
}
