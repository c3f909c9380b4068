// A plane of two codings on which a place can be dragged:
//   plane = makePlane(root, {onmove(z2, final), onOffManifold(drift, places)?}); plane.set({…}); plane.destroy()
// `set` takes any of these; those that it does not get stay as they are:
//   axes [a, b] (codings from 0), low [2], high [2], z (Float32Array of all codings), quantiles (axes in the prior's
//   probability), look (`packing.style_header`: theme, classes), shape and reach (as `paint` takes them), decode(z) → values,
//   encode(values) → z or null, points (Float32Array: the data's two codings, pair after pair), labels (positions in
//   look.classes) or null, ellipse {centre: [2], sigma: [2]} or null, landing [2] or null (where an arrow from z leads),
//   driftScale (where the usual drift ends), measured (the codings whose drift counts; null: all), layers {grid, data, drift}.
// `onmove` is called once a frame at most while the place moves, with `final` true on release. `onOffManifold` is
// called once the off-manifold map is whole. The pictures and the drift are computed again when something but the place
// on the plane changes, in slices, while nothing moves (grid.js).
// A place beyond the plane is described in words below it.
// For tests the upper canvas has dataset.z, .ready ("coarse", then "done"), .drift ("done"), .over (how many cells are
// off-manifold then), and placeOf([a, b]): CSS pixels on it.

/** @import { Style } from "../shared/types.js" */
/** @import { Facts } from "./grid.js" */

import { styled } from "../shared/dom.js";
import { withOpacity } from "../shared/markers.js";
import { PLANE_DRIFT, PLANE_MARGIN, planeBase, planeHeight, planeOver, planeSquare, planeStrength } from "./draw.js";
import { DRIFT_CELLS, PLANE_PICTURES, PlaneSlices, planeAxis, planeCells, planeDrift, planeMoved, planePictures } from "./grid.js";

const PLANE_SIDE = 620; // CSS pixels, at most
const PLANE_STEPS = { near: 0.01, far: 0.05 }; // of the plane, for an arrow key
/** @type {Record<string, number[]>} */
const PLANE_ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @typedef {object} PlaneLook
 * @property {number[]} low
 * @property {number[]} high
 * @property {boolean} quantiles
 * @property {Style} look
 * @property {Float32Array | null} points
 * @property {Int32Array | null} labels
 * @property {{ centre: number[], sigma: number[] } | null} ellipse
 * @property {number[] | null} landing
 * @property {number} driftScale
 * @property {Partial<Record<"grid" | "data" | "drift", boolean>>} layers
 * @typedef {Facts & PlaneLook} PlaneFacts
 * @typedef {object} PlaneCalls
 * @property {(pair: number[], final: boolean) => void} [onmove]
 * @property {(drift: Float32Array, places: Float32Array) => void} [onOffManifold]
 */

export class Plane {
  /**
   * @param {HTMLElement} root
   * @param {PlaneCalls} calls
   */
  constructor(root, { onmove, onOffManifold }) {
    this.root = root;
    this.onmove = onmove;
    this.onOffManifold = onOffManifold;
    /** @type {PlaneFacts} */
    this.facts = /** @type {any} */ ({ layers: {}, quantiles: false, encode: null, points: null, labels: null, ellipse: null, landing: null,
      measured: null });
    this.box = styled("div", { position: "relative", maxWidth: `${PLANE_SIDE}px` });
    this.base = styled("canvas", { display: "block", width: "100%" });
    this.base.ariaHidden = "true"; // below `over`, which has the name
    this.over = styled("canvas", { position: "absolute", left: 0, top: 0, width: "100%", touchAction: "none",
      cursor: "crosshair", outline: "none" });
    this.bar = styled("div", { position: "absolute", left: 0, height: "2px", width: 0 });
    const below = { fontSize: ".8rem", paddingLeft: `${PLANE_MARGIN.left}px` };
    this.outside = styled("div", below);
    this.legend = styled("div", below);
    this.status = styled("div", { position: "absolute", width: "1px", height: "1px", overflow: "hidden",
      clipPath: "inset(50%)" });
    this.status.setAttribute("aria-live", "polite");
    this.over.tabIndex = 0;
    this.over.setAttribute("role", "application");
    const placeOf = (/** @type {number[]} */ pair) => {
      const { left, top, side } = this.square;
      return { x: left + this.scales[0].place(pair[0]) * side, y: top + side - this.scales[1].place(pair[1]) * side };
    };
    Object.assign(this.over, { placeOf });
    this.box.append(this.base, this.over, this.bar, this.status);
    root.replaceChildren(this.box, this.outside, this.legend);
    this.slices = new PlaneSlices();
    /** @type {Record<string, Iterator<undefined>>} */
    this.work = {};
    this.width = this.ratio = 0;
    /** @type {{ key: unknown[], canvas: HTMLCanvasElement }} the points, drawn once */
    this.cloud = null;
    /** @type {(number[] | null)[]} of the classes in `middlesOf` */
    this.middles = [];
    /** @type {Float32Array} */
    this.middlesOf = null;
    /** @type {ReturnType<typeof planeSquare>} */
    this.square = null;
    this.dragged = null; // the pointer that holds the place
    this.listen();
    this.watch = new ResizeObserver(() => this.measure());
    this.watch.observe(root);
  }

  /** @param {Partial<PlaneFacts>} changes */
  set(changes) {
    const before = this.facts, facts = (this.facts = { ...before, ...changes });
    facts.layers = { ...before.layers, ...changes.layers };
    facts.z = Float32Array.from(facts.z);
    const same = (/** @type {"axes" | "low" | "high"} */ name) => [0, 1].every(k => before[name]?.[k] === facts[name][k]);
    const framed = same("axes") && same("low") && same("high") && before.quantiles === facts.quantiles;
    if (!framed) this.scales = [0, 1].map(k => planeAxis(facts.low[k], facts.high[k], facts.quantiles));
    const aside = (/** @type {number} */ value, /** @type {number} */ i) => facts.axes.includes(i) || value === before.z[i];
    const sameWork = framed && before.decode === facts.decode && before.encode === facts.encode && facts.z.every(aside);
    if (!sameWork) this.begin(Boolean(before.z));
    else if (changes.layers) this.resume();
    if (!sameWork || !before.look || changes.look || changes.layers || changes.driftScale) this.dress();
    // The place alone is drawn on the upper canvas.
    const moved = ["z", "landing"];
    if (!sameWork || Object.keys(changes).some(name => !moved.includes(name))) this.dirty = true;
    this.over.dataset.z = JSON.stringify([...facts.z]);
    this.measure();
    this.redraw();
  }

  destroy() {
    if (this.dragged !== null) planeMoved();
    this.slices.close();
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    this.root.replaceChildren();
  }

  /**
   * Begins other pictures and drifts. The old pictures stay until the first new ones are drawn.
   * @param {boolean} again
   */
  begin(again) {
    if (again) planeMoved();
    const { facts, scales, over } = this, here = facts.axes.map((axis, k) => scales[k].place(facts.z[axis]));
    const still = { ...facts }; // what moves meanwhile along the plane does not matter to the work
    delete over.dataset.ready;
    delete over.dataset.drift;
    this.offManifold = null;
    const refresh = () => {
      this.dirty = true;
      this.redraw();
    };
    this.work.grid = planePictures(still, scales, planeCells(PLANE_PICTURES, here), (sheet, whole) => {
      this.pictures = sheet;
      over.dataset.ready = whole ? "done" : "coarse";
      refresh();
    });
    const cells = planeCells(DRIFT_CELLS, here), { length } = cells;
    const offManifold = { drift: new Float32Array(length).fill(NaN), places: new Float32Array(2 * length) };
    this.work.drift = facts.encode && planeDrift(still, scales, cells, offManifold, share => {
      this.offManifold = offManifold;
      this.bar.style.width = share < 1 ? `${100 * share}%` : "0";
      refresh();
      if (share < 1) return;
      over.dataset.drift = "done";
      over.dataset.over = String(offManifold.drift.filter(way => way > this.facts.driftScale).length);
      this.onOffManifold?.(offManifold.drift, offManifold.places);
    });
    this.resume();
  }

  resume() {
    const { layers } = this.facts;
    this.slices.set(/** @type {("grid" | "drift")[]} */ (["grid", "drift"]).filter(name => layers[name] && this.work[name]).map(name => this.work[name]));
  }

  // Updates the plane's label, legend and colours.
  dress() {
    const { facts, over, legend, bar } = this, { theme } = facts.look, [a, b] = facts.axes;
    over.setAttribute("aria-label", `The plane of coding ${a + 1} (across) and coding ${b + 1} (up). Drag, or use the `
      + "arrow keys, with Shift for larger steps.");
    bar.style.background = theme.warning;
    legend.style.color = theme.muted;
    legend.hidden = !facts.layers.drift;
    if (!facts.encode) {
      legend.textContent = "No off-manifold map: the encoder of this run does not run in the browser.";
      return;
    }
    const ramp = styled("span", { display: "inline-block", width: "72px", height: ".7em", borderRadius: "2px",
      margin: "0 .45em", verticalAlign: "baseline" });
    const [least, most] = PLANE_DRIFT, at = (/** @type {number} */ share) => planeStrength(least + share * (most - least));
    const stops = [0, 0.25, 0.5, 0.75, 1].map(share => withOpacity(theme.warning, at(share)));
    ramp.style.background = `linear-gradient(to right, ${stops.join(",")})`;
    const low = `drift after encoding again: ≤ ${least}`.replace("0.5", "½");
    legend.replaceChildren(low, ramp, `≥ ${most} × the usual limit; the line is at 1 ×`);
  }

  measure() {
    const width = Math.min(this.root.clientWidth, PLANE_SIDE), ratio = Math.min(window.devicePixelRatio || 1, 2);
    if (!this.facts.z || !width || (width === this.width && ratio === this.ratio)) return;
    Object.assign(this, { width, ratio, square: planeSquare(width), dirty: true });
    for (const canvas of [this.base, this.over]) canvas.style.height = `${planeHeight(width)}px`;
    this.bar.style.top = `${this.square.top + this.square.side + 1}px`;
    this.redraw();
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    if (!this.width) return;
    if (this.pointed) this.follow();
    if (this.dirty) planeBase(this);
    this.dirty = false;
    planeOver(this);
    this.describe();
  }

  // Writes the note on a place beyond the plane, for which the cross is at the edge.
  describe() {
    const { axes, low, high, z } = this.facts;
    const beyond = axes.filter((axis, k) => z[axis] < low[k] - 1e-6 || z[axis] > high[k] + 1e-6);
    const values = beyond.map(axis => `coding ${axis + 1} at ${z[axis].toFixed(2).replace("-", "−")}`).join(" and ");
    const text = beyond.length ? `Beyond the plane: ${values} is what is decoded; the cross marks the nearest edge.` : "";
    if (this.outside.textContent !== text) this.outside.textContent = text;
  }

  // Moves to the pointer's last position, once a frame.
  follow() {
    const { left, top, side } = this.square, [x, y] = this.pointed;
    this.pointed = null;
    this.move([(x - left) / side, 1 - (y - top) / side]);
  }

  /**
   * Moves to a place of the plane, 0 to 1, or the nearest one on it.
   * @param {number[]} at
   */
  move(at) {
    const { facts, scales } = this, inside = at.map(share => Math.min(Math.max(share, 0), 1));
    planeMoved(this.dragged !== null);
    inside.forEach((share, k) => (facts.z[facts.axes[k]] = scales[k].value(share)));
    this.over.dataset.z = JSON.stringify([...facts.z]);
    this.redraw();
    this.onmove?.(this.here(), false);
  }

  here() {
    return this.facts.axes.map(axis => this.facts.z[axis]);
  }

  release() {
    if (this.pointed) this.follow();
    this.status.textContent = this.here()
      .map((value, k) => `coding ${this.facts.axes[k] + 1}: ${value.toFixed(2).replace("-", "−")}`).join(", ");
    this.onmove?.(this.here(), true);
  }

  listen() {
    const { over } = this, spot = (/** @type {PointerEvent} */ event) => (this.pointed = [event.offsetX, event.offsetY]);
    over.addEventListener("pointerdown", event => {
      if (event.button || !this.width) return;
      over.setPointerCapture(event.pointerId);
      this.dragged = event.pointerId;
      this.keyed = false;
      planeMoved(true);
      spot(event);
      this.redraw();
    });
    over.addEventListener("pointermove", event => {
      if (event.pointerId !== this.dragged) return;
      spot(event);
      this.redraw();
    });
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      over.addEventListener(name, event => {
        if (event.pointerId !== this.dragged) return;
        this.dragged = null;
        this.release();
        planeMoved();
      });
    }
    over.addEventListener("keydown", event => {
      const arrow = PLANE_ARROWS[event.key];
      if (!arrow || event.altKey || event.ctrlKey || event.metaKey || !this.width) return;
      event.preventDefault();
      this.pressed = true;
      this.keyed = true;
      const step = event.shiftKey ? PLANE_STEPS.far : PLANE_STEPS.near;
      this.move(this.here().map((value, k) => this.scales[k].place(value) + arrow[k] * step));
    });
    const letGo = () => {
      if (this.pressed) this.release();
      this.pressed = false;
    };
    over.addEventListener("keyup", event => event.key in PLANE_ARROWS && letGo());
    over.addEventListener("focus", () => {
      this.keyed = over.matches(":focus-visible");
      this.redraw();
    });
    over.addEventListener("blur", () => {
      letGo();
      this.keyed = false;
      this.redraw();
    });
  }
}

/**
 * A plane in `root`, as its functions `set` and `destroy`.
 * @param {HTMLElement} root
 * @param {PlaneCalls} calls
 */
export function makePlane(root, calls) {
  const plane = new Plane(root, calls);
  return { set: (/** @type {Partial<PlaneFacts>} */ changes) => plane.set(changes), destroy: () => plane.destroy() };
}
