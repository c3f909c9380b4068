// The sliders of a walk: one row a coding, with pictures from its low end to its high end while the others stay.
// `walk` is the component (walk.js): it has z, facts, decode, start, move(coding, value), release(wait).

/** @import { Walk } from "./walk.js" */

import { element } from "../shared/dom.js";
import { paint, sized } from "../shared/picture.js";

/**
 * `latent_axes.Axis`.
 * @typedef {{ coding: number, low: number, high: number, start: number, step: number, active: boolean, help: string }} Axis
 * @typedef {object} Row one slider
 * @property {Axis} axis
 * @property {boolean} stale its pictures show another place
 * @property {boolean} inSight
 * @property {HTMLElement} [root]
 * @property {HTMLInputElement} [slider]
 * @property {HTMLLabelElement} [label]
 * @property {HTMLOutputElement} [output]
 * @property {HTMLElement} [strip]
 * @property {{ button: HTMLButtonElement, canvas: HTMLCanvasElement, value: number }[]} [pictures]
 * @property {number} [began]
 * @property {number} [value]
 * @property {boolean} [pressed]
 */

const WALK_SHOWN = 8; // rows at first: the axes come in order, and the first ones carry most
const WALK_SEARCHED = 24; // more codings than this are looked for by number
const WALK_PAGE = 16; // rows unfolded at once
const WALK_PICTURES = 9;
/** @type {Record<string, number>} */
const WALK_KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }; // steps
const WALK_PAUSE = 350; // milliseconds after the last press of − or + before it is sent to Python

/**
 * A new button.
 * @param {string} name its classes
 * @param {string} text
 * @param {string} label its accessible name, '' for the text
 * @param {() => void} action
 */
function button(name, text, label, action) {
  const node = element("button", name, text);
  node.type = "button";
  if (label) node.setAttribute("aria-label", label);
  node.addEventListener("click", action);
  return node;
}

/**
 * A coding with two decimals, more on a short axis; with a true minus sign, none before zero.
 * @param {number} value
 * @param {{ low: number, high: number }} axis
 */
function codingText(value, { low, high }) {
  const decimals = Math.min(Math.max(Math.ceil(-Math.log10((high - low) / 50)), 2), 6);
  return value.toFixed(decimals).replace(/^-(?=[0.]+$)/, "").replace("-", "−");
}

export class WalkSliders {
  /** @param {Walk} walk */
  constructor(walk) {
    this.walk = walk;
    this.root = element("div", "sliders");
    this.list = element("div", "rows");
    this.fold = button("fold", "", "", () => this.toggle());
    this.search = element("label", "search", "Show another coding: ");
    this.number = element("input");
    Object.assign(this.number, { type: "number", min: 1, step: 1, inputMode: "numeric" });
    this.number.addEventListener("change", () => this.find());
    this.missing = element("span", "missing");
    this.missing.setAttribute("role", "status");
    this.search.append(this.number, this.missing);
    this.root.append(this.list, this.fold, this.search);
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    /** @type {WeakMap<Element, Row>} */
    this.seen = new WeakMap(); // rows by their elements
    this.sight = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) this.seen.get(target).inSight = isIntersecting;
      walk.later();
    }, { rootMargin: "80px" });
  }

  close() {
    this.sight.disconnect();
  }

  // Rows for the codings of a run: those in use, or the first ones where none is.
  begin() {
    this.close();
    this.rows.clear();
    this.list.replaceChildren();
    const { axes } = this.walk.facts, used = axes.filter(axis => axis.active);
    this.many = axes.length > WALK_SEARCHED;
    this.first = (used.length ? used : axes).slice(0, WALK_SHOWN);
    this.rest = axes.filter(axis => !this.first.includes(axis) && (axis.active || !this.many));
    for (const axis of this.first) this.add(axis);
    this.search.hidden = !this.many;
    this.number.max = String(axes.length);
    this.number.value = this.missing.textContent = "";
    this.name();
  }

  /** @param {Axis} axis */
  add(axis) {
    const { walk } = this, name = `Coding ${axis.coding + 1}`, row = /** @type {Row} */ ({ axis, stale: true, inSight: false });
    row.root = element("div", "row");
    row.root.dataset.coding = String(axis.coding);
    this.seen.set(row.root, row);
    const head = element("div", "head"), label = element("label", "", name), steps = element("span", "steps");
    row.slider = element("input");
    // "any": a drag is not to jump from step to step. Keys have steps all the same, see `press`.
    const id = (label.htmlFor = `coding${axis.coding}`);
    Object.assign(row.slider, { type: "range", min: axis.low, max: axis.high, step: "any", id });
    label.addEventListener("dblclick", () => this.put(row, walk.start[axis.coding], 0));
    row.label = label;
    row.output = element("output");
    const step = (/** @type {number} */ sign, /** @type {string} */ text, /** @type {string} */ change) => button("step", text, `${name} ${change}`, () =>
      this.put(row, walk.z[axis.coding] + sign * axis.step, WALK_PAUSE));
    steps.append(step(-1, "−", "less"), row.output, step(1, "+", "more"));
    head.append(label);
    if (!axis.active) head.append(element("span", "silent", "silent: the data do not use it"));
    head.append(steps);
    const { slider } = row;
    slider.addEventListener("input", () => walk.move(axis.coding, slider.valueAsNumber));
    slider.addEventListener("change", () => walk.release(0));
    slider.addEventListener("pointerdown", () => walk.hold());
    slider.addEventListener("keydown", event => this.press(row, event));
    for (const end of ["keyup", "blur"]) slider.addEventListener(end, () => this.letGo(row));
    row.root.append(head, row.slider);
    if (walk.decode) row.root.append(this.strip(row));
    this.rows.set(axis.coding, row);
    this.list.append(row.root);
    this.sight.observe(row.root);
    this.follow();
    return row;
  }

  /**
   * A new strip of pictures as buttons, for the pointer; the keyboard uses the slider, so Tab skips them.
   * @param {Row} row
   */
  strip(row) {
    const { axis } = row, { shape } = this.walk.facts;
    row.strip = element("div", "strip");
    row.pictures = Array.from({ length: WALK_PICTURES }, (_, k) => {
      const value = axis.low + ((axis.high - axis.low) * k) / (WALK_PICTURES - 1), text = codingText(value, axis);
      const canvas = sized(element("canvas"), shape), label = `Coding ${axis.coding + 1} to ${text}`;
      const node = button("", undefined, label, () => this.put(row, value, 0));
      node.tabIndex = -1;
      node.title = text;
      node.append(canvas);
      row.strip.append(node);
      return { button: node, canvas, value };
    });
    return row.strip;
  }

  /**
   * @param {Row} row
   * @param {number} value
   * @param {number} wait
   */
  put(row, value, wait) {
    const { low, high, coding } = row.axis;
    this.walk.move(coding, Math.min(Math.max(value, low), high));
    this.walk.release(wait);
  }

  /**
   * @param {Row} row
   * @param {KeyboardEvent} event
   */
  press(row, event) {
    const { low, high, step, coding } = row.axis, times = WALK_KEYS[event.key];
    const handled = times || event.key === "Home" || event.key === "End";
    if (!handled || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const value = times ? this.walk.z[coding] + times * step : event.key === "Home" ? low : high;
    row.pressed = true;
    this.walk.move(coding, Math.min(Math.max(value, low), high));
  }

  /** @param {Row} row */
  letGo(row) {
    if (!row.pressed) return;
    row.pressed = false;
    this.walk.release(0);
  }

  // Moves the sliders to the walk's codings; only those that differ are touched.
  follow() {
    const { z, start } = this.walk;
    for (const row of this.rows.values()) {
      const { axis } = row, value = z[axis.coding];
      if (row.began !== start[axis.coding]) {
        row.began = start[axis.coding];
        row.label.title = `${axis.help} Double-click: back to ${codingText(row.began, axis)}.`;
      }
      if (row.value === value) continue;
      row.value = value;
      const share = Math.min(Math.max((value - axis.low) / (axis.high - axis.low), 0), 1);
      const text = codingText(value, axis), here = Math.round(share * (WALK_PICTURES - 1));
      if (row.slider.valueAsNumber !== value) row.slider.value = String(value);
      row.slider.setAttribute("aria-valuetext", text);
      row.output.textContent = text;
      row.root.style.setProperty("--part", String(share));
      row.pictures?.forEach((picture, k) => picture.button.classList.toggle("here", k === here));
    }
  }

  /**
   * Marks strips as outdated; a strip stays valid if only its own coding moved.
   * @param {number[]} moved
   */
  settle(moved) {
    for (const row of this.rows.values()) {
      if (!moved.some(coding => coding !== row.axis.coding)) continue;
      row.stale = true;
      row.strip?.classList.add("late");
    }
  }

  /**
   * A generator that draws the outdated pictures of rows in sight, one per step.
   * @returns {Generator<undefined>}
   */
  *work() {
    const { walk } = this, z = new Float32Array(walk.z.length);
    for (const row of this.rows.values()) {
      if (!row.stale || !row.inSight || !row.pictures) continue;
      for (const { canvas, value } of row.pictures) {
        z.set(walk.z);
        z[row.axis.coding] = value;
        paint(canvas, walk.decode(z), walk.facts.shape, walk.facts.reach);
        yield;
      }
      row.stale = false;
      row.strip.classList.remove("late");
    }
  }

  hidden() {
    return this.rest.filter(axis => !this.rows.has(axis.coding));
  }

  // "5 more in use, 2 silent"
  name() {
    const left = this.hidden(), used = left.filter(axis => axis.active).length, words = [];
    const quiet = this.walk.facts.axes.filter(axis => !axis.active && !this.rows.has(axis.coding)).length;
    if (used) words.push(`${used} more in use`);
    if (quiet) words.push(used ? `${quiet} silent` : `${quiet} more, silent`);
    this.opened = !left.length && this.rows.size > this.first.length;
    const page = left.length > WALK_PAGE ? ` · show ${WALK_PAGE}` : "";
    this.fold.textContent = this.opened ? "Show fewer" : words.join(", ") + page;
    this.fold.setAttribute("aria-expanded", String(this.opened));
    this.fold.hidden = !this.fold.textContent;
    this.fold.disabled = !this.opened && !left.length;
  }

  toggle() {
    if (this.opened) {
      for (const row of [...this.rows.values()].filter(({ axis }) => !this.first.includes(axis))) {
        this.sight.unobserve(row.root);
        row.root.remove();
        this.rows.delete(row.axis.coding);
      }
    } else {
      for (const axis of this.hidden().slice(0, WALK_PAGE)) this.add(axis);
    }
    this.name();
    this.walk.later();
  }

  find() {
    const { axes } = this.walk.facts, coding = this.number.valueAsNumber - 1;
    const axis = axes.find(axis => axis.coding === coding);
    this.missing.textContent = axis || !this.number.value ? "" : `1 to ${axes.length}`;
    if (!axis) return;
    const row = this.rows.get(coding) ?? this.add(axis);
    this.number.value = "";
    this.name();
    row.slider.focus();
    row.root.scrollIntoView({ block: "nearest" });
    this.walk.later();
  }
}
