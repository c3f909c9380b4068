import assert from "node:assert/strict";
import { test } from "node:test";

import { NAME_LINE, placed } from "../../pages/widgets/components/latent_map/names.js";

const WIDTH = 600, HEIGHT = 500;

function random(seed) {
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647;
}

function overlap(a, b) {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < NAME_LINE - 1e-9;
}

test("names that do not meet stay where they are", () => {
  const names = [{ text: "Bag", x: 100, y: 100, width: 30 }, { text: "Coat", x: 100, y: 140, width: 40 }];
  assert.deepEqual(placed(names, WIDTH, HEIGHT), names);
});

test("no two names overlap, all lie on the map, and each stays near its class", () => {
  const next = random(7);
  for (let round = 0; round < 100; round++) {
    // Ten medians within a quarter of the map, as of classes that lie on each other.
    const names = Array.from({ length: 10 }, (_, k) => ({
      text: `class ${k}`, x: 200 + 150 * next(), y: 150 + 100 * next(), width: 30 + 60 * next(),
    }));
    const found = placed(names, WIDTH, HEIGHT);
    assert.equal(found.length, names.length);
    for (const name of found) {
      const from = names.find(({ text }) => text === name.text);
      assert.ok(Math.hypot(name.x - from.x, name.y - from.y) < 110);
      assert.ok(name.x >= name.width / 2 && name.x <= WIDTH - name.width / 2 && name.y >= NAME_LINE / 2 && name.y <= HEIGHT - NAME_LINE / 2);
      for (const other of found) assert.ok(other === name || !overlap(name, other));
    }
    assert.deepEqual(placed(names, WIDTH, HEIGHT), found);
  }
});

test("names at one place in a corner find others inside", () => {
  const names = Array.from({ length: 4 }, (_, k) => ({ text: `${k}`, x: WIDTH + 20, y: -5, width: 60 }));
  const found = placed(names, WIDTH, HEIGHT);
  for (const name of found) {
    assert.ok(name.x + name.width / 2 <= WIDTH && name.y >= NAME_LINE / 2);
    for (const other of found) assert.ok(other === name || !overlap(name, other));
  }
});
