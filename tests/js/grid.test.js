import assert from "node:assert/strict";
import { test } from "node:test";

import {
  normalBelow, normalQuantile, planeAxis, planeCells, planeDrift, DRIFT_CELLS, roundSteps,
} from "../../pages/widgets/components/plane/grid.js";
import { fixtures, near } from "./fixtures.js";

test("the normal distribution and its inverse", () => {
  for (const [x, below] of fixtures.normal) {
    assert.ok(Math.abs(normalBelow(x) - below) < 1e-14, `${x}`);
    if (Math.abs(x) < 7) near([normalQuantile(below)], [x], 1e-7, `${below}`);
  }
  assert.deepEqual([normalBelow(9), normalBelow(-9), normalQuantile(1), normalQuantile(0)], [1, 0, 8, -8]);
});

test("an axis goes there and back, and stays within its ends", () => {
  for (const quantiles of [false, true]) {
    const axis = planeAxis(-2, 3, quantiles);
    near([axis.place(-2), axis.place(3)], [0, 1]);
    for (const at of [0, 0.2, 0.5, 1]) near([axis.place(axis.value(at))], [at], 1e-9);
    assert.deepEqual([axis.value(-1), axis.value(2)], [-2, 3]);
  }
  near([planeAxis(-8, 8, true).value(0.25)], [-0.6744897502], 1e-8);
});

test("ticks are round numbers, or quantiles of the prior", () => {
  near(roundSteps(-1.3, 2.2), [-1, -0.5, 0, 0.5, 1, 1.5, 2], 1e-9);
  near(roundSteps(0, 70), [0, 10, 20, 30, 40, 50, 60, 70], 1e-9);
  assert.deepEqual(planeAxis(-2.5, 2.5, true).ticks.map(tick => tick.text), [".02", ".16", ".5", ".84", ".98"]);
  assert.deepEqual(planeAxis(-1, 1, false).ticks.map(tick => tick.text), ["−1", "−0.5", "0", "0.5", "1"]);
});

test("the middles of 3 × 3 come first, then the cells near the place, each cell once", () => {
  const cells = planeCells(6, [0, 0]), coarse = cells.filter(cell => cell.size === 3);
  assert.deepEqual(cells.slice(0, 4), coarse);
  assert.deepEqual(new Set(cells.map(cell => cell.index)).size, 36);
  assert.deepEqual([coarse[0].column, coarse[0].row], [1, 4]);
  const far = cells.slice(4).map(({ at: [x, y] }) => Math.hypot(x, y));
  assert.deepEqual(far, [...far].sort((a, b) => a - b));
});

test("the drift of every cell, measured over the codings that count", () => {
  const facts = {
    z: Float32Array.of(0, 7, 0), axes: [0, 2], measured: [0, 2],
    decode: z => z.slice(), encode: values => [values[0] * 2, 100, values[2]],
  };
  const scales = [planeAxis(-1, 1, false), planeAxis(-1, 1, false)], cells = planeCells(DRIFT_CELLS, [0.5, 0.5]);
  const drift = new Float32Array(cells.length).fill(NaN), places = new Float32Array(2 * cells.length), shares = [];
  for (const step of planeDrift(facts, scales, cells, { drift, places }, share => shares.push(share))) {
    assert.equal(step, undefined);
  }
  assert.equal(shares.at(-1), 1);
  for (const { index, at } of cells) near([drift[index]], [Math.abs(2 * at[0] - 1)], 1e-5, `cell ${index}`);
  near([places[0], places[1]], [-1 + 1 / DRIFT_CELLS, 1 - 1 / DRIFT_CELLS], 1e-6);
});

test("what encodes to no number has moved infinitely far", () => {
  const facts = { z: Float32Array.of(0, 0), axes: [0, 1], measured: null, decode: z => z, encode: () => [NaN, 0] };
  const scales = [planeAxis(-1, 1, false), planeAxis(-1, 1, false)], cells = planeCells(DRIFT_CELLS, [0, 0]).slice(0, 1);
  const drift = new Float32Array(DRIFT_CELLS ** 2), places = new Float32Array(2 * DRIFT_CELLS ** 2);
  assert.equal([...planeDrift(facts, scales, cells, { drift, places }, () => {})].length, 1);
  assert.equal(drift[cells[0].index], Infinity);
  assert.equal(drift.filter(value => value === Infinity).length, 9);
});
