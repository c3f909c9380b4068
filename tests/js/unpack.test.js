import assert from "node:assert/strict";
import { test } from "node:test";

import { unpack } from "../../pages/widgets/components/shared/unpack.js";
import { bytes, fixtures } from "./fixtures.js";

const { packed, header, arrays } = fixtures.container;

test("header and arrays arrive as Python sent them", () => {
  const container = unpack(bytes(packed));
  const { arrays: places, ...rest } = container.header;
  assert.deepEqual(rest, header);
  assert.deepEqual(Object.keys(places), Object.keys(arrays));
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    assert.deepEqual([...container.arrays[name]], values, name);
    assert.deepEqual(container.arrays[name].shape, shape, name);
  }
  assert.ok(container.arrays.bytes instanceof Uint8Array && container.arrays.signed instanceof Int32Array);
});

test("bytes that begin at a multiple of 8 are viewed, others are copied", () => {
  const source = bytes(packed), buffer = new ArrayBuffer(source.length + 16);
  for (const [offset, shared] of [[8, true], [3, false]]) {
    const view = new Uint8Array(buffer, offset, source.length);
    view.set(source);
    const container = unpack(view);
    assert.deepEqual([...container.arrays.halves], arrays.halves.values);
    assert.equal(container.arrays.halves.buffer === buffer, shared);
  }
});
