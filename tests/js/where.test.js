import assert from "node:assert/strict";
import { test } from "node:test";

import { unpack } from "../../pages/widgets/components/shared/unpack.js";
import { densityText, makeWhere } from "../../pages/widgets/components/shared/where.js";
import { bytes, fixtures, near } from "./fixtures.js";

const whereOf = ({ packed }) => {
  const { header, arrays } = unpack(bytes(packed));
  return makeWhere(header, arrays);
};

const FIELDS = {
  nearest: "nearest", distance: "distance", distanceRatio: "distance_ratio", drift: "drift",
  driftRatio: "drift_ratio", density: "density", level: "level",
};

for (const [name, fixture] of Object.entries(fixtures.where)) {
  test(`${name}: the measures are Python's`, () => {
    const where = whereOf(fixture), { z, encoded, expected, verdicts } = fixture;
    const places = z.map((row, i) => where.at(Float32Array.from(row), Float32Array.from(encoded[i])));
    assert.deepEqual(places.map(place => place.verdict), verdicts);
    assert.ok(new Set(expected.level).size > 1);
    for (const [field, numpy] of Object.entries(FIELDS)) {
      const values = places.map(place => place[field]);
      if (expected[numpy] === null) assert.ok(values.every(value => value === null), field);
      else near(values, expected[numpy], 1e-5, field);
    }
  });
}

test("without an encoder there is no drift, and the distance alone decides", () => {
  const where = whereOf(fixtures.where.plain), { drift, driftRatio, level } = where.at(where.codes.slice(0, 4), null);
  assert.deepEqual([drift, driftRatio, level], [null, null, 0]);
});

test("a network that overflowed is infinitely far", () => {
  const where = whereOf(fixtures.where.plain), { drift, level } = where.at(where.codes.slice(0, 4), [NaN, 0, 0, 0]);
  assert.deepEqual([drift, level], [Infinity, 2]);
});

test("codings of another width, or that are no numbers, are refused", () => {
  const where = whereOf(fixtures.where.plain);
  assert.throws(() => where.at(new Float32Array(3), null), RangeError);
  assert.throws(() => where.at(Float32Array.of(0, NaN, 0, 0), null), RangeError);
});

test("two codings of every code, pair after pair", () => {
  const where = whereOf(fixtures.where.plain), pairs = where.pairs([2, 0]);
  assert.equal(pairs.length, 2 * where.count);
  assert.deepEqual([pairs[6], pairs[7]], [where.codes[3 * 4 + 2], where.codes[3 * 4]]);
});

test("density in words", () => {
  assert.equal(densityText(0.0005), "below 99.9 % of samples");
  assert.equal(densityText(0.005), "below 99 % of samples");
  assert.equal(densityText(0.256), "above 25 % of samples");
  assert.equal(densityText(1), "above 99 % of samples");
});
