// The off-manifold map: the planes of one or two runs side by side. Every cell is decoded and its picture encoded again; a cell
// whose coding comes back far away is off-manifold. Nothing is sent to Python. For tests the root has dataset.ready ("done"
// when every off-manifold map is complete), each side .over and .within (shares).

/** @import { Component, Network, Packed, Style } from "../shared/types.js" */

import { board, complete, mount } from "../shared/blobs.js";
import { element, find } from "../shared/dom.js";
import { makeNetwork } from "../shared/network.js";
import { paint } from "../shared/picture.js";
import { makeWhere } from "../shared/where.js";
import { makePlane } from "../plane/plane.js";

const QUICK_MILLISECONDS = 12; // milliseconds that a place may take during a drag; else the second picture waits for its end
const CLEARLY_FEWER = 0.8; // of the other's share: what counts as clearly less

/**
 * One of the `sides` that `components/off_manifold_map/__init__.py` sends; but for the first five, only where nothing is missing.
 * @typedef {object} Side
 * @property {string} title
 * @property {string} kind
 * @property {number} size number of codings
 * @property {string} missing why there is no plane, in words, '' where there is one
 * @property {number[]} groups
 * @property {string[]} slots decoder, encoder, survey
 * @property {number[]} axes
 * @property {number[]} low
 * @property {number[]} high
 * @property {number[]} start
 * @property {number[][]} range of the data's codes, low and high
 * @property {boolean} quantiles
 * @property {number[]} shape
 * @property {number} reach
 * @property {string} note
 */

class OffManifoldMap {
  /**
   * @param {ParentNode} parent
   * @param {string} key
   */
  constructor(parent, key) {
    this.root = find(parent, ".off-manifold", HTMLElement);
    this.key = key;
    this.board = board(key);
    /** @type {Packed | null} */
    this.view = null;
    /** @type {OffManifoldSide[]} */
    this.sides = [];
    this.pair = element("div", "pair");
    this.comparison = element("p", "told");
    this.comparison.setAttribute("role", "status");
    this.root.replaceChildren(this.pair, this.comparison);
    this.onblob = () => this.update();
    this.board.listeners.add(this.onblob);
    this.update();
  }

  close() {
    this.board.listeners.delete(this.onblob);
    for (const side of this.sides) side.close();
    this.root.replaceChildren();
  }

  // Takes a view and the blobs that it names, once all of them have arrived.
  update() {
    const { slots } = this.board, view = slots.view;
    if (!view || view === this.view) return;
    const { header } = view, { versions } = header;
    if (!complete(slots, versions)) return;
    this.view = view;
    this.root.style.setProperty("--muted", header.theme.muted);
    while (this.sides.length > header.sides.length) this.sides.pop().close();
    while (this.sides.length < header.sides.length) {
      this.sides.push(new OffManifoldSide(this.pair, () => this.compare()));
    }
    this.pair.classList.toggle("two", this.sides.length > 1);
    this.sides.forEach((side, k) => side.show(header.sides[k], header, slots));
    this.compare();
  }

  // Compares the shares of a plain and a variational run of equally many codings. For the plain run only cells within
  // the range of its codes count, since its plane is larger.
  compare() {
    this.root.dataset.ready = this.sides.every(({ shares, facts }) => shares || facts?.missing) ? "done" : "working";
    const of = (/** @type {string} */ kind) => this.sides.find(({ facts }) => facts && facts.kind === kind && !facts.missing);
    const plain = of("plain"), other = of("variational");
    this.comparison.hidden = !(plain && other && plain.facts.size === other.facts.size);
    const comparable = !this.comparison.hidden && other.shares && plain.shares && plain.shares.within !== null;
    this.comparison.textContent = comparable ? comparison(plain.shares.within, other.shares.over) : "";
  }
}

/**
 * Comparison of the off-manifold shares in words.
 * @param {number} plain
 * @param {number} variational
 */
function comparison(plain, variational) {
  const both = "Take a place at random: in the range of the autoencoder's codes it is off-manifold in "
    + `${percent(plain)} of all cases, under the variational prior in ${percent(variational)}. `;
  if (variational < CLEARLY_FEWER * plain) {
    return both + "The autoencoder only had to reproduce its images: nothing asked for codes between theirs. The "
      + "variational one had to spread every image into a cloud and keep all clouds near the prior, which leaves less "
      + "of it empty.";
  }
  return both + "Here the variational run has hardly less off-manifold space: its clouds leave much of the prior empty, or say so "
    + "little that a picture comes back elsewhere.";
}

/**
 * A share in percent, such as '12 %'.
 * @param {number} share
 */
function percent(share) {
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
}

// One run of an off-manifold map: its name, its plane, its shares, and the place of the cross, decoded and decoded again.
class OffManifoldSide {
  /**
   * @param {HTMLElement} pair
   * @param {() => void} oncounted called when the shares are computed
   */
  constructor(pair, oncounted) {
    this.oncounted = oncounted;
    this.versions = "";
    /** @type {Side} */
    this.facts = null;
    /** @type {Network["run"]} */
    this.decode = null;
    /** @type {Network["run"]} */
    this.encode = null;
    this.box = element("section");
    this.title = element("div", "title");
    this.stage = element("div", "stage");
    this.text = element("p", "shares");
    this.here = element("div", "here");
    this.pictures = ["Decoded here", "Decoded again, where it comes back"].map(text => {
      const canvas = element("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", text);
      return canvas;
    });
    this.moved = element("span");
    this.here.append(this.pictures[0], element("span", "to", "→"), this.pictures[1], this.moved);
    this.box.append(this.title, this.stage, this.text, this.here);
    pair.append(this.box);
  }

  close() {
    this.plane?.destroy();
    this.box.remove();
  }

  /**
   * @param {Side} facts
   * @param {Style} look
   * @param {Record<string, Packed>} slots
   */
  show(facts, look, slots) {
    const versions = facts.slots.map(slot => slots[slot].header.version).join();
    const same = this.versions === versions && JSON.stringify(facts) === JSON.stringify(this.facts);
    this.facts = facts;
    this.title.textContent = facts.title;
    if (same) return this.plane?.set({ look });
    this.versions = versions;
    this.shares = null;
    this.plane?.destroy();
    this.plane = null;
    this.here.hidden = Boolean(facts.missing);
    this.text.textContent = facts.missing || facts.note;
    if (facts.missing) return;
    const [decoder, encoder, survey] = facts.slots.map(slot => slots[slot]);
    const networks = [decoder, encoder].map(blob => makeNetwork(blob.header.network, blob.arrays));
    const [decode, encode] = networks.map(network => (/** @type {ArrayLike<number>} */ values) => network.run(values));
    Object.assign(this, { decode, encode });
    this.where = makeWhere(survey.header.survey, survey.arrays);
    const { labels } = this.where, { axes } = facts, points = this.where.pairs(axes);
    this.z = Float32Array.from(facts.start);
    this.plane = makePlane(this.stage, {
      onmove: (pair, final) => this.move(pair, final),
      onOffManifold: (drift, places) => this.count(drift, places),
    });
    const { drift, measured } = survey.header.survey;
    this.limit = drift;
    this.plane.set({
      look, axes, low: facts.low, high: facts.high, quantiles: facts.quantiles, z: this.z, decode: this.decode,
      encode: this.encode, shape: facts.shape, reach: facts.reach, points, measured, driftScale: this.limit,
      labels: labels && Int32Array.from(labels, label => facts.groups.indexOf(label)),
      layers: { grid: true, data: true, drift: true },
    });
    this.move(axes.map(axis => this.z[axis]), true);
  }

  /**
   * @param {number[]} pair
   * @param {boolean} final
   */
  move(pair, final) {
    const { facts, z } = this, start = performance.now();
    facts.axes.forEach((axis, k) => (z[axis] = pair[k]));
    const picture = this.decode(z);
    paint(this.pictures[0], picture, facts.shape, facts.reach);
    const back = Float32Array.from(this.encode(picture)), { driftRatio } = this.where.at(z, back);
    const times = driftRatio < 10 ? driftRatio.toFixed(1) : driftRatio < 1000 ? driftRatio.toFixed(0) : "> 1,000";
    this.moved.textContent = `drifts ${times} × the usual limit`;
    this.plane.set({ landing: facts.axes.map(axis => back[axis]) });
    if (!final && this.slow) return;
    paint(this.pictures[1], this.decode(back), facts.shape, facts.reach);
    this.slow = performance.now() - start > QUICK_MILLISECONDS;
  }

  /**
   * Computes the share of cells beyond the usual limit, of all and of those within the data's range.
   * @param {Float32Array} drift
   * @param {Float32Array} places
   */
  count(drift, places) {
    const { range, note } = this.facts, { limit } = this;
    let over = 0, within = 0, both = 0;
    drift.forEach((way, cell) => {
      const inside = range.every(([low, high], k) => places[2 * cell + k] >= low && places[2 * cell + k] <= high);
      if (way > limit) over++;
      if (inside) within++;
      if (inside && way > limit) both++;
    });
    this.shares = { over: over / drift.length, within: within ? both / within : null };
    this.box.dataset.over = String(this.shares.over);
    this.box.dataset.within = String(this.shares.within ?? "");
    const all = `${percent(this.shares.over)} of this plane drifts beyond the usual limit`;
    const inside = within ? `; within the range of its own data, ${percent(both / within)}` : "";
    this.text.textContent = `${all}${inside}. ${note}`;
    this.oncounted();
  }
}

/** @param {Component} component */
export default function (component) {
  return mount(OffManifoldMap, component)[1];
}
