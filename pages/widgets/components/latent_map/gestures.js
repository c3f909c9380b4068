// Pointer, wheel and touch on a panel. A press that does not move chooses; one that moves pans, turns or selects.

/** @import { LatentMap } from "./map.js" */
/** @import { Panel } from "./panel.js" */
/** @import { Scene } from "./scene.js" */

/**
 * A press under way: where it began and was last, its path, and whether it moves the map.
 * @typedef {{ at: number[], last: number[], moved: boolean, pan: boolean, path: number[][], touch: boolean }} Press
 */

/** @type {Record<string, number>} */
const REACH = { mouse: 9, pen: 12, touch: 20 };
const STILL = 5; // pixels a press may tremble

/**
 * @param {LatentMap} map
 * @param {Panel} panel
 */
export function listen(map, panel) {
  const { over, scene } = panel, pointers = new Map();
  /** @type {Press | null} */
  let press = null;
  /** @type {ReturnType<typeof spreadOf> | null} */
  let spread = null;
  const place = (/** @type {MouseEvent} */ event) => {
    const box = over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const hits = (/** @type {PointerEvent} */ event, /** @type {number[]} */ at) =>
    map.under(panel, at, REACH[event.pointerType] || REACH.mouse);

  over.addEventListener("pointerdown", event => {
    if (event.button > 1) return;
    const at = place(event);
    pointers.set(event.pointerId, at);
    over.focus({ preventScroll: true });
    delete over.dataset.keys;
    if (pointers.size === 2) {
      press = null;
      panel.band = null;
      spread = spreadOf(pointers);
      return;
    }
    const pan = map.tool === "click" || event.button === 1 || event.altKey;
    press = { at, last: at, moved: false, pan, path: [at], touch: event.pointerType === "touch" };
    over.setPointerCapture(event.pointerId);
    if (event.button === 1) event.preventDefault();
  });

  over.addEventListener("pointermove", event => {
    const at = place(event);
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, at);
    if (pointers.size === 2 && spread) {
      const now = spreadOf(pointers);
      scene.zoomAt(spread.x, spread.y, now.size / Math.max(spread.size, 1));
      scene.pan(now.x - spread.x, now.y - spread.y);
      spread = now;
      map.moved(panel);
    } else if (press) {
      drag(event, at);
    } else if (event.pointerType !== "touch") {
      map.point(panel, at, REACH.mouse);
    }
  });

  const drag = (/** @type {PointerEvent} */ event, /** @type {number[]} */ at) => {
    if (!press.moved && Math.hypot(at[0] - press.at[0], at[1] - press.at[1]) < STILL) return;
    press.moved = true;
    map.leave();
    if (press.pan) {
      const turn = scene.dims === 3 && !event.shiftKey && event.buttons !== 4;
      scene[turn ? "rotate" : "pan"](at[0] - press.last[0], at[1] - press.last[1]);
      press.last = at;
      over.style.cursor = "grabbing";
      map.moved(panel);
      return;
    }
    const [x, y] = press.at, last = press.path[press.path.length - 1];
    if (map.tool === "box") press.path = [press.at, [at[0], y], at, [x, at[1]]];
    else if (Math.hypot(at[0] - last[0], at[1] - last[1]) > 2) press.path.push(at);
    panel.band = press.path;
    map.overlay();
  };

  const end = (/** @type {PointerEvent} */ event) => {
    pointers.delete(event.pointerId);
    if (pointers.size < 2) spread = null;
    over.style.cursor = "";
    if (!press || pointers.size) return;
    const done = press, at = place(event);
    press = null;
    panel.band = null;
    if (event.type === "pointercancel") return map.overlay();
    if (!done.moved) {
      const i = hits(event, at);
      if (done.touch) map.point(panel, at, REACH.touch);
      if (i >= 0) map.choose(i, event.shiftKey || event.ctrlKey || event.metaKey);
    } else if (!done.pan) {
      map.select(inside(scene, done.path), event.shiftKey || event.ctrlKey || event.metaKey);
    }
    map.overlay();
  };
  over.addEventListener("pointerup", end);
  over.addEventListener("pointercancel", end);
  over.addEventListener("pointerleave", event => {
    if (!press && event.pointerType !== "touch") map.leave();
  });

  over.addEventListener("dblclick", event => {
    event.preventDefault();
    scene.reset();
    map.moved(panel);
  });
  over.addEventListener("wheel", event => {
    event.preventDefault();
    const [x, y] = place(event), unit = event.deltaMode === 1 ? 30 : 1;
    scene.zoomAt(x, y, Math.exp(-Math.max(-200, Math.min(event.deltaY * unit, 200)) * (event.ctrlKey ? 0.01 : 0.002)));
    map.leave();
    map.moved(panel);
  }, { passive: false });
}

/** @param {Map<number, number[]>} pointers */
function spreadOf(pointers) {
  const [[ax, ay], [bx, by]] = [...pointers.values()];
  return { x: (ax + bx) / 2, y: (ay + by) / 2, size: Math.hypot(ax - bx, ay - by) };
}

/**
 * Indices of the points inside a closed path, by the even-odd rule.
 * @param {Scene} scene
 * @param {number[][]} path
 */
function inside(scene, path) {
  scene.project();
  const xs = path.map(p => p[0]), ys = path.map(p => p[1]), points = [];
  const left = Math.min(...xs), right = Math.max(...xs), top = Math.min(...ys), bottom = Math.max(...ys);
  for (let i = 0; i < scene.count; i++) {
    const x = scene.x[i], y = scene.y[i];
    if (!(x >= left && x <= right && y >= top && y <= bottom)) continue;
    let odd = false;
    for (let k = 0, j = path.length - 1; k < path.length; j = k++) {
      if (ys[k] > y !== ys[j] > y && x < ((xs[j] - xs[k]) * (y - ys[k])) / (ys[j] - ys[k]) + xs[k]) odd = !odd;
    }
    if (odd) points.push(i);
  }
  return points;
}
