// The flight of a panel's points from their old places to new ones.

/** @import { Panel } from "./panel.js" */

const FLIGHT = 300; // milliseconds

/**
 * Gives a panel the points of its blob. Points of the same samples fly to their new places, others appear there.
 * @param {Panel} panel
 * @param {number} count number of samples
 * @param {boolean} sameSamples
 */
export function movePoints(panel, count, sameSamples) {
  const { scene } = panel, still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const from = sameSamples && !still && scene.count === count && scene.x && { x: scene.x, y: scene.y };
  panel.medians = null;
  scene.reset();
  scene.setPoints(panel.blob.arrays.points);
  panel.flight = from ? { from, start: performance.now(), x: from.x.slice(), y: from.y.slice() } : null;
}

/**
 * Moves the points in flight to where they are at a time, with cubic easing; at its end the panel has no flight.
 * @param {Panel} panel
 * @param {number} now milliseconds
 */
export function advanceFlight(panel, now) {
  const { flight, scene } = panel, share = Math.min((now - flight.start) / FLIGHT, 1);
  if (share >= 1) {
    panel.flight = null;
    return;
  }
  scene.project();
  const eased = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2, { x, y } = flight.from;
  for (let i = 0; i < flight.x.length; i++) {
    flight.x[i] = x[i] + (scene.x[i] - x[i]) * eased;
    flight.y[i] = y[i] + (scene.y[i] - y[i]) * eased;
  }
}
