// The keyboard on a panel: arrows walk from point to point, Enter chooses, Shift and Enter adds, Escape clears,
// + and − zoom, 0 shows everything.

/** @import { LatentMap } from "./map.js" */
/** @import { Panel } from "./panel.js" */
/** @import { Scene } from "./scene.js" */

import { wordsOf } from "./card.js";

/** @type {Record<string, number[]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {LatentMap} map
 * @param {Panel} panel
 */
export function listenKeys(map, panel) {
  const { over, scene } = panel;
  over.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || !map.count) return;
    over.dataset.keys = "";
    const middleX = scene.width / 2, middleY = scene.height / 2;
    if (ARROWS[event.key]) {
      const from = map.hover >= 0 ? map.hover : map.focus;
      const [dx, dy] = ARROWS[event.key];
      const next = from < 0 ? scene.nearestTo(middleX, middleY) : scene.towards(from, dx, dy);
      if (next >= 0) walk(map, panel, next);
    } else if (event.key === "Enter" || event.key === " ") {
      if (map.hover >= 0) map.choose(map.hover, event.shiftKey);
    } else if (event.key === "Escape") {
      map.clear();
    } else if (event.key === "+" || event.key === "=" || event.key === "-") {
      scene.zoomAt(middleX, middleY, event.key === "-" ? 1 / 1.3 : 1.3);
      map.moved(panel);
    } else if (event.key === "0") {
      scene.reset();
      map.moved(panel);
    } else return;
    event.preventDefault();
  });
  // The focus frame is shown while the keyboard is used, and hidden by a pointer press.
  over.addEventListener("focus", () => (over.dataset.keys = ""));
  over.addEventListener("blur", () => {
    delete over.dataset.keys;
    map.leave();
  });
}

/**
 * Goes to a point, pans the map if it is outside of it, and announces it.
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {number} i
 */
function walk(map, panel, i) {
  if (bringIntoView(panel.scene, i)) map.moved(panel);
  map.show(panel, i);
  map.say(wordsOf(map, i));
}

/**
 * Whether the map was panned so that a point is visible.
 * @param {Scene} scene
 * @param {number} i
 * @param {number} [edge]
 */
export function bringIntoView(scene, i, edge = 24) {
  scene.project();
  const x = scene.x[i], y = scene.y[i];
  const aside = Math.min(x - edge, 0) || Math.max(x - scene.width + edge, 0);
  const along = Math.min(y - edge, 0) || Math.max(y - scene.height + edge, 0);
  if (!aside && !along || !Number.isFinite(aside + along)) return false;
  scene.pan(-aside, -along);
  scene.project();
  return true;
}
