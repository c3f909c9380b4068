import assert from "node:assert/strict";
import { test } from "node:test";

import { Scene } from "../../pages/widgets/components/latent_map/scene.js";
import { near } from "./fixtures.js";

function scene(values, dims, width = 452, height = 252) {
  const built = new Scene(), points = Float32Array.from(values);
  points.shape = [values.length / dims, dims];
  built.resize(width, height);
  built.setPoints(points);
  built.project();
  return built;
}

const SQUARE = [0, 0, 4, 0, 0, 2, 4, 2, 2, 1];

test("points fill the panel up to its margin, both axes in one scale, y upwards", () => {
  const flat = scene(SQUARE, 2);
  near(flat.x, [26, 426, 26, 426, 226], 1e-5);
  near(flat.y, [226, 226, 26, 26, 126], 1e-5);
  const { x, y } = flat.at([4, 2]);
  near([x, y], [426, 26]);
});

test("zooming keeps the place under the pointer, within its limits", () => {
  const flat = scene(SQUARE, 2);
  flat.zoomAt(flat.x[1], flat.y[1], 3);
  flat.project();
  near([flat.x[1], flat.y[1], flat.x[0]], [426, 226, 426 - 1200]);
  flat.zoomAt(0, 0, 1e9);
  assert.equal(flat.zoom, 400);
  flat.reset();
  flat.project();
  near(flat.x, [26, 426, 26, 426, 226], 1e-5);
});

test("panning moves every point alike, resizing keeps the middle", () => {
  const flat = scene(SQUARE, 2);
  flat.pan(10, -5);
  flat.project();
  near([flat.x[4], flat.y[4]], [236, 121]);
  flat.resize(904, 504);
  flat.project();
  near([flat.x[4], flat.y[4]], [452 + 20, 252 - 10]);
});

test("a hit is the nearest point within reach", () => {
  const flat = scene(SQUARE, 2);
  assert.equal(flat.hit(30, 222, 9), 0);
  assert.equal(flat.hit(226, 134, 9), 4);
  assert.equal(flat.hit(226, 136, 9), -1);
  flat.zoomAt(226, 126, 100);
  assert.equal(flat.hit(226, 126, 9), 4);
  assert.equal(flat.hit(30, 222, 9), -1);
});

test("every point is found where it stands, as in a search through all", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const flat = scene(Array.from({ length: 600 }, random), 2);
  for (let round = 0; round < 200; round++) {
    const x = random() * 452, y = random() * 252, nearest = flat.nearestTo(x, y);
    const within = Math.hypot(flat.x[nearest] - x, flat.y[nearest] - y) <= 12;
    assert.equal(flat.hit(x, y, 12), within ? nearest : -1);
  }
});

test("arrows lead to the next point in their direction", () => {
  const flat = scene(SQUARE, 2);
  assert.equal(flat.towards(0, 1, 0), 4);
  assert.equal(flat.towards(0, 0, -1), 2);
  assert.equal(flat.towards(0, -1, 0), -1);
});

test("points that are not finite are nowhere, a single place is drawn in the middle", () => {
  const odd = scene([0, 0, NaN, 1, 4, 2], 2);
  assert.ok(Number.isNaN(odd.x[1]));
  near([odd.x[0], odd.x[2]], [26, 426]);
  assert.notEqual(odd.hit(226, 126, 400), 1);
  const one = scene([3, 3, 3, 3], 2);
  near([...one.x, ...one.y], [226, 226, 126, 126]);
});

test("in space the front point wins, and turning keeps distances from the middle", () => {
  const cube = scene([0, 0, 0, 0, 0, 2, 2, 2, 0, 2, 0, 2], 3);
  cube.yaw = cube.pitch = 0;
  cube.stale = true;
  cube.project();
  near([cube.x[0] - cube.x[1], cube.y[0] - cube.y[1]], [0, 0]);
  assert.ok(cube.depth[1] > cube.depth[0]);
  assert.equal(cube.hit(cube.x[0], cube.y[0], 9), 1);
  const far = i => {
    const t = cube.turn(), p = [0, 1, 2].map(axis => cube.points[3 * i + axis] - cube.centre[axis]);
    return [0, 1, 2].reduce((sum, k) => sum + (p[0] * t[3 * k] + p[1] * t[3 * k + 1] + p[2] * t[3 * k + 2]) ** 2, 0);
  };
  const before = far(2);
  cube.rotate(120, 60);
  near([far(2)], [before]);
  cube.rotate(0, 1e6);
  assert.equal(cube.pitch, 1.5);
});
