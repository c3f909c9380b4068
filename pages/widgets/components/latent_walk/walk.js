// The latent walk: a picture decoded from the codings, sliders or a plane to move them, and a diagnosis of their place.
// Python sets where a walk begins (`turn` counts how often); the codings then change in the browser and are sent to
// Python on release. Everything is computed in the frame after a movement, at most once a frame.

/** @import { Served, WalkFacts, WalkView } from "./types.js" */
/** @import { Component, Diagnosis, Packed, SetValue, Sheet, Style } from "../shared/types.js" */

import { board, complete, mount } from "../shared/blobs.js";
import { element, find } from "../shared/dom.js";
import { makeNetwork } from "../shared/network.js";
import { paint } from "../shared/picture.js";
import { makeWhere } from "../shared/where.js";
import { makePlane } from "../plane/plane.js";
import { WalkSliders } from "./sliders.js";
import { WalkWhere } from "./where_panel.js";

const WALK_SLICE = 6; // milliseconds of work between two chances for the page
const WALK_CALM = 120; // milliseconds without a movement before work goes on
const WALK_SLOW = 12; // milliseconds: a slower encoder does not run during a drag

export class Walk {
  /**
   * @param {ParentNode} parent
   * @param {string} key
   */
  constructor(parent, key) {
    this.root = find(parent, ".walk", HTMLElement);
    this.key = key;
    this.board = board(key);
    this.picture = element("canvas");
    this.picture.dataset.picture = "";
    this.picture.setAttribute("role", "img");
    this.picture.setAttribute("aria-label", "The decoded picture");
    this.notes = element("div", "notes");
    this.status = element("div", "said");
    this.status.setAttribute("aria-live", "polite");
    this.stage = element("div", "stage");
    this.stage.append(this.picture);
    this.sliders = new WalkSliders(this);
    this.panel = new WalkWhere();
    this.flat = element("div", "flat");
    const middle = element("div", "middle");
    middle.append(this.notes, this.sliders.root, this.flat);
    const columns = element("div", "columns");
    columns.append(this.stage, middle, this.panel.root);
    this.root.replaceChildren(columns, this.status);
    /** @type {WalkView & Style} */
    this.view = null;
    /** @type {WalkFacts} */
    this.facts = null;
    /** @type {Record<string, string>} */
    this.versions = null;
    /** @type {Served} */
    this.served = null;
    this.z = new Float32Array(0);
    /** @type {number[]} */
    this.start = [];
    /** @type {number[]} */
    this.sentCodings = [];
    this.moved = 0;
    /** @type {SetValue} */
    this.setState = () => {};
    this.encoding = 0;
    this.onblob = () => this.update();
    this.board.listeners.add(this.onblob);
    this.drop = () => this.hold(false);
    this.update();
  }

  close() {
    this.board.listeners.delete(this.onblob);
    this.hold(false);
    this.sliders.close();
    this.plane?.destroy();
    this.bitmap?.close();
    cancelAnimationFrame(this.frame);
    for (const timer of [this.timer, this.sending]) clearTimeout(timer);
    this.root.replaceChildren();
    this.closed = true;
  }

  // Takes a view and the blobs that it names, once all of them have arrived.
  update() {
    const { slots } = this.board, view = slots.view?.header;
    if (!view || view === this.view) return;
    const { versions } = view;
    if (!complete(slots, versions)) return;
    const before = this.versions ?? {}, fresh = (/** @type {string} */ slot) => before[slot] !== versions[slot];
    this.view = view;
    this.versions = versions;
    const begins = ["facts", "decoder", "encoder", "survey"].some(fresh);
    if (begins) this.begin(slots);
    if (fresh("images")) this.unfold(slots.images);
    this.served = { z: view.z, ...slots.view.arrays };
    if (begins || view.turn !== this.turn) {
      this.turn = view.turn;
      this.start = view.start;
      this.z = Float32Array.from(view.z);
      this.settled = null;
      this.sentCodings = view.z;
      clearTimeout(this.sending);
    }
    if (begins) this.sliders.begin();
    this.root.style.setProperty("--warning", view.theme.warning);
    this.root.style.setProperty("--main", view.theme.main);
    this.panel.dress(view.classes);
    this.note();
    this.arrange();
    this.settle();
    this.redraw();
  }

  /** @param {Record<string, Packed>} slots */
  begin(slots) {
    this.facts = slots.facts.header;
    const network = (/** @type {string} */ slot) =>
      (this.versions[slot] ? makeNetwork(slots[slot].header.network, slots[slot].arrays) : null);
    const decoder = network("decoder"), encoder = network("encoder");
    this.decode = decoder && ((/** @type {Float32Array} */ z) => decoder.run(z));
    this.encode = encoder && ((/** @type {Float32Array} */ values) => encoder.run(values));
    this.where = makeWhere(slots.survey.header.survey, slots.survey.arrays);
    this.panel.begin(slots.survey.header.survey, this.where, this.facts);
    this.groups = this.where.labels && Int32Array.from(this.where.labels, label => this.facts.groups.indexOf(label));
    this.encoding = 0;
    this.plane?.destroy();
    this.plane = this.points = null;
    delete this.root.dataset.ready;
  }

  /**
   * Decodes the sheet of real images for the panel.
   * @param {Packed | undefined} blob
   */
  async unfold(blob) {
    this.bitmap?.close();
    this.bitmap = null;
    this.panel.images(null);
    if (!blob || !this.versions.images) return;
    const { version, kind } = blob.header, file = new Blob([blob.arrays.file], { type: kind });
    const bitmap = await createImageBitmap(file);
    if (this.closed || this.versions.images !== version) return bitmap.close();
    this.bitmap = bitmap;
    this.panel.images({ ...blob.header, bitmap });
  }

  // Notes on what this walk cannot do in the browser.
  note() {
    const { whyNot } = this.facts, lines = [];
    if (this.view.served) lines.push(this.view.served);
    else if (!this.decode) lines.push(`The server decodes when you let go: ${whyNot}`);
    else if (!this.encode) lines.push(`The server measures the drift when you let go: ${whyNot}`);
    if (this.view.notice) lines.push(this.view.notice);
    this.notes.replaceChildren(...lines.map(line => element("p", "", line)));
    this.notes.hidden = !lines.length;
  }

  // Sliders, or the plane in their place.
  arrange() {
    const { plane: asked, theme, classes, anchor } = this.view;
    this.root.classList.toggle("planar", Boolean(asked));
    this.sliders.root.hidden = Boolean(asked);
    this.flat.hidden = !asked;
    if (!asked) {
      this.plane?.destroy();
      this.plane = null;
      return;
    }
    this.plane ||= makePlane(this.flat, {
      onmove: (pair, final) => {
        this.view.plane.axes.forEach((axis, k) => (this.z[axis] = pair[k]));
        this.changed();
        cancelAnimationFrame(this.frame); // the plane calls this within a frame: the next one would be too late
        this.draw();
        if (final) this.release(0);
      },
    });
    const { survey } = this.board.slots.survey.header;
    const [a, b] = asked.axes, of = (/** @type {number} */ coding) => this.facts.axes.find(axis => axis.coding === coding);
    if (!this.points || this.pair?.join() !== asked.axes.join()) {
      this.pair = asked.axes;
      this.points = this.where.pairs(asked.axes);
    }
    this.plane.set({
      axes: asked.axes, low: [of(a).low, of(b).low], high: [of(a).high, of(b).high], z: this.z,
      quantiles: asked.quantiles, layers: asked.layers, look: { theme, classes }, shape: this.facts.shape,
      decode: this.decode, encode: this.encode, points: this.points, labels: this.groups,
      ellipse: anchor && { centre: [anchor[0][a], anchor[0][b]], sigma: [anchor[1][a], anchor[1][b]] },
      reach: this.facts.reach, measured: survey.measured, driftScale: survey.drift,
    });
  }

  /**
   * @param {number} coding
   * @param {number} value
   */
  move(coding, value) {
    this.z[coding] = value;
    this.changed();
  }

  changed() {
    this.moved = performance.now();
    delete this.root.dataset.strips;
    this.redraw();
  }

  // A pointer holds a slider: until it is released, no other work is done.
  hold(held = true) {
    this.held = held;
    for (const end of ["pointerup", "pointercancel"]) {
      if (held) window.addEventListener(end, this.drop, true);
      else window.removeEventListener(end, this.drop, true);
    }
    if (!held) this.later();
  }

  /**
   * Sends the codings to Python if they are new, after `wait` milliseconds without another release.
   * @param {number} wait
   */
  release(wait) {
    clearTimeout(this.sending);
    if (wait) {
      this.sending = setTimeout(() => this.release(0), wait);
      return;
    }
    const codings = Array.from(this.z, value => Number(value.toPrecision(4)));
    this.z = Float32Array.from(codings);
    this.settle();
    this.redraw();
    if (codings.every((value, k) => value === this.sentCodings[k])) return;
    this.sentCodings = codings;
    this.status.textContent = this.panel.words();
    this.setState("z", { turn: this.turn, codings });
  }

  // Marks the strips of pictures as outdated whose codings have moved.
  settle() {
    const before = this.settled;
    /** @type {number[]} */
    const moved = [];
    this.z.forEach((value, coding) => value !== before?.[coding] && moved.push(coding));
    this.settled = this.z.slice();
    if (moved.length) delete this.root.dataset.strips;
    this.sliders.settle(moved);
    this.work = null;
    this.later();
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const { z, served } = this, same = (/** @type {number} */ value, /** @type {number} */ k) => Math.abs(value - z[k]) <= Math.abs(value) * 1e-4 + 1e-7;
    const here = served.z.every(same);
    this.sliders.follow();
    const picture = this.decode ? this.decode(z) : here || !this.root.dataset.ready ? served.picture : null;
    if (picture) paint(this.picture, picture, this.facts.shape, this.facts.reach);
    this.picture.classList.toggle("late", !this.decode && !here);
    const [place, late] = this.position(picture, here && served.encoded);
    this.panel.show(place, late);
    this.plane?.set({ z });
    this.root.dataset.z = JSON.stringify(Array.from(z, value => Number(value.toPrecision(4))));
    this.root.dataset.ready = this.versions.facts;
  }

  /**
   * Diagnosis of z, and whether its drift is still to be computed.
   * @param {Float32Array | null} picture
   * @param {Float32Array | false | undefined} served
   * @returns {[Diagnosis, boolean]}
   */
  position(picture, served) {
    if (!this.encode) return [this.where.at(this.z, served || null), !served];
    const slow = this.encoding > WALK_SLOW && performance.now() - this.moved < WALK_CALM;
    if (slow) this.later();
    if (slow) return [this.where.at(this.z, null), (this.owed = true)];
    const clock = performance.now(), encoded = this.encode(picture);
    this.encoding += (performance.now() - clock - this.encoding) / 4;
    this.owed = false;
    return [this.where.at(this.z, encoded), false];
  }

  // Schedules the next slice of work for when nothing moves.
  later() {
    if (this.timer || this.closed || !this.z || !this.decode) return;
    const wait = Math.max(this.moved + WALK_CALM - performance.now(), 0);
    this.timer = setTimeout(() => this.slice(), wait + 4);
  }

  slice() {
    this.timer = 0;
    if (this.closed) return;
    if (performance.now() - this.moved < WALK_CALM) return this.later();
    if (this.owed) this.redraw();
    if (this.held) return;
    if (this.owed) return this.later();
    this.work ||= this.sliders.work();
    const end = performance.now() + WALK_SLICE;
    let step;
    do step = this.sliders.root.hidden ? { done: true } : this.work.next();
    while (!step.done && performance.now() < end);
    if (!step.done) return this.later();
    this.work = null;
    this.root.dataset.strips = "done";
  }
}

/** @param {Component} component */
export default function (component) {
  const [walk, leave] = mount(Walk, component);
  walk.setState = component.setStateValue;
  return leave;
}
