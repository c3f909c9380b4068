import assert from "node:assert/strict";
import { test } from "node:test";

import { makeNetwork } from "../../pages/widgets/components/shared/network.js";
import { CURVES, OPERATIONS } from "../../pages/widgets/components/shared/network_ops.js";
import { unpack } from "../../pages/widgets/components/shared/unpack.js";
import { bytes, fixtures, near } from "./fixtures.js";

const made = name => {
  const { header, arrays } = unpack(bytes(fixtures.networks[name].packed));
  return makeNetwork(header, arrays);
};

for (const [name, { inputs, outputs, shape }] of Object.entries(fixtures.networks)) {
  test(`${name}: the outputs are NumPy's, whatever ran before`, () => {
    const network = made(name);
    assert.deepEqual([network.inputs, network.outputs], [inputs[0].length, outputs[0].length]);
    assert.deepEqual(network.shape, shape);
    for (let time = 0; time < 2; time++) {
      inputs.forEach((sample, i) => near(network.run(Float32Array.from(sample)), outputs[i], 1e-5, `sample ${i}`));
    }
  });
}

test("a run writes into the same buffer and takes no other number of inputs", () => {
  const network = made("dense");
  const output = network.run(new Float32Array(network.inputs));
  assert.equal(network.run(Float32Array.from(fixtures.networks.dense.inputs[0])), output);
  assert.throws(() => network.run(new Float32Array(network.inputs + 1)), RangeError);
});

test("integer weights count in their units", () => {
  const steps = [{ op: "affine", x: 0, y: 1, scale: "w", shift: "b" }];
  const header = { steps, sizes: [2, 2], units: { w: 0.5 }, output_shape: [2] };
  const network = makeNetwork(header, { w: Int16Array.of(4, -6), b: Float32Array.of(1, 1) });
  assert.deepEqual([...network.run(Float32Array.of(1, 2))], [3, -5]);
});

test("pooling takes the largest of each window, beyond the edge nothing", () => {
  const step = { x: 0, y: 1, size: [3, 3, 1], kernel: [2, 2], count: [2, 2], stride: [2, 2], pad: [0, 0] };
  const buffers = [Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, -9), new Float32Array(4)];
  OPERATIONS.pool(step, buffers)();
  assert.deepEqual([...buffers[1]], [5, 6, 8, -9]);
});

test("means, sums, products and places", () => {
  const run = (op, step, inputs, length, tables = {}) => {
    const buffers = [...inputs.map(values => Float32Array.from(values)), new Float32Array(length)];
    OPERATIONS[op]({ x: 0, a: 0, b: 1, y: inputs.length, ...step }, buffers, tables)();
    return [...buffers[inputs.length]];
  };
  assert.deepEqual(run("mean", { run: 2 }, [[1, 3, 5, 9]], 2), [2, 7]);
  assert.deepEqual(run("add", { run: 2, factors: [1, -1] }, [[1, 3, 5, 9], [1, 2]], 4), [0, 2, 3, 7]);
  assert.deepEqual(run("multiply", { run: 2 }, [[1, 3, 5, 9], [2, 3]], 4), [2, 6, 15, 27]);
  const places = { places: Int32Array.of(2, 0) };
  assert.deepEqual(run("gather", { places: "places", run: 2, into: 1 }, [[1, 3, 5, 9]], 6, places), [0, 5, 9, 1, 3, 0]);
});

test("activations are the functions they are called by", () => {
  const x = [-2, -0.5, 0, 0.5, 2];
  const exact = {
    abs: Math.abs, relu: v => Math.max(v, 0), tanh: Math.tanh, sigmoid: v => 1 / (1 + Math.exp(-v)), linear: v => v,
    elu: v => (v > 0 ? v : Math.expm1(v)), silu: v => v / (1 + Math.exp(-v)), leaky: v => (v > 0 ? v : 0.01 * v),
    selu: v => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * Math.expm1(v)),
  };
  for (const [name, value] of Object.entries(exact)) {
    const y = new Float32Array(x.length);
    CURVES[name](Float32Array.from(x), y, 0, x.length);
    near(y, x.map(value), 1e-6, name);
  }
  const y = new Float32Array(2);
  CURVES.erf(Float32Array.of(0.5, -1), y, 0, 2);
  near(y, [0.5204998778, -0.8427007929], 1e-6, "erf");
  CURVES.gelu(Float32Array.of(1, -1), y, 0, 2);
  near(y, [0.8413447461, -0.1586552539], 1e-6, "gelu");
});
