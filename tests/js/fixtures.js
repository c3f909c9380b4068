// What fixtures.py wrote, and how tests compare numbers with it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const fixtures = JSON.parse(readFileSync(new URL("./fixtures.json", import.meta.url), "utf8"));

/** @param {string} text */
export function bytes(text) {
  return Uint8Array.from(Buffer.from(text, "base64"));
}

/**
 * @param {ArrayLike<number>} values
 * @param {ArrayLike<number>} expected
 * @param {number} [tolerance]
 * @param {string} [name]
 */
export function near(values, expected, tolerance = 1e-5, name = "") {
  assert.equal(values.length, expected.length, name);
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(values[i] - expected[i]);
    assert.ok(apart <= tolerance * Math.max(1, Math.abs(expected[i])), `${name} ${i}: ${values[i]}, not ${expected[i]}`);
  }
}
