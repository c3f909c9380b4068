import assert from "node:assert/strict";
import { test } from "node:test";

import { diagnosisText, nearestText } from "../../pages/widgets/components/walk_row/diagnosis.js";
import { codingAt } from "../../pages/widgets/components/walk_row/interpolation.js";
import { near } from "./fixtures.js";

const between = (first, last, t, angle) => [...codingAt(first, last, t, angle, new Float32Array(first.length))];

test("without an angle codings lie on a line", () => {
  near(between([1, -2], [3, 2], 0.25, null), [1.5, -1]);
});

test("with an angle codings lie on the arc", () => {
  const [x, y] = between([1, 0], [0, 1], 1 / 3, Math.PI / 2);
  near([x, y], [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)], 1e-6);
});

test("the ends are the given codings exactly", () => {
  const first = Float32Array.of(0.1, 0.7), last = Float32Array.of(-0.3, 1e-9);
  assert.deepEqual(between(first, last, 0, 1.1), [...first]);
  assert.deepEqual(between(first, last, 1, 1.1), [...last]);
});

test("a diagnosis in words", () => {
  const header = { verdicts: ["Usual.", "Far."], nearest: ["Bag, no. 3", "Boot, no. 8"], shape: [28, 28] };
  const arrays = { distance: [0.51, 250], drift: [1.25, 99.94], verdict: [0, 1], near: [1, 0] };
  assert.equal(diagnosisText(header, arrays, 0), "Usual. Distance 0.5 ×, drift 1.3 × the limit.");
  assert.equal(diagnosisText(header, arrays, 1), "Far. Distance over 100 ×, drift 99.9 × the limit.");
  const density = [0.256, 0.0005];
  assert.ok(diagnosisText(header, { ...arrays, density }, 0).endsWith(" Prior density above 25 % of samples."));
  assert.equal(nearestText(header, arrays, 0), "Nearest real image: Boot, no. 8.");
  assert.equal(nearestText({ ...header, shape: [4] }, arrays, 1), "Nearest real sample: Bag, no. 3.");
});
