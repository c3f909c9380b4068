// A binary code to edit: each bit is a button, with the picture that flipping it would give; the code's decoded picture
// is drawn at once. After a moment without a flip the code is sent to Python (`code`).

/** @import { Component, Packed, SetValue, Shaped } from "../shared/types.js" */

import { board, complete, mount } from "../shared/blobs.js";
import { child, element, find } from "../shared/dom.js";
import { makeNetwork } from "../shared/network.js";
import { paint } from "../shared/picture.js";

const RESTED = 300;  // milliseconds without a flip before the code is sent to Python
const FRAME_BUDGET = 8;  // milliseconds a frame may take for the small pictures
const SMALL = 64;  // bits that have a small picture
const SEEN = 2;  // largest Hamming distance that is counted

const ones = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);
const plural = (/** @type {number} */ count, /** @type {string} */ word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const noZero = (/** @type {number} */ value, /** @type {number} */ digits) => value.toFixed(digits).replace(/^0\./, ".");

/**
 * What `components/bits/__init__.py` sends as `view` and `codes`, beside the decoder's blob. `code` is the answer.
 * @typedef {object} BitsHeader
 * @property {Record<string, string>} versions
 * @property {string} start a name of the run and the sample it begins at
 * @property {string} own the sample's code, '0110…'
 * @property {string} code the code to show
 * @property {string} [decoded] the code that the server decoded
 * @property {string} name of the sample
 * @property {string} noun what samples are called
 * @property {number[]} shape
 * @property {number} reach
 * @typedef {object} BitsArrays
 * @property {Shaped<Float32Array>} image the sample
 * @property {Float32Array} own its codings
 * @property {Float32Array} [picture] decoded by the server
 * @typedef {object} Codes the distinct codes of the data, the most frequent first
 * @property {Shaped<Uint8Array>} packed (codes, bytes)
 * @property {Int32Array} counts
 * @property {Float32Array} balance share of the data in which each bit is set
 * @property {Float32Array} levels (2, bits): the values of a bit
 */

class Bits {
  /**
   * @param {ParentNode} parent
   * @param {string} key
   */
  constructor(parent, key) {
    this.root = find(parent, ".bits", HTMLElement);
    this.key = key;
    this.board = board(key);
    /** @type {Packed<BitsHeader, BitsArrays>} */
    this.view = null;
    /** @type {Record<string, string>} */
    this.versions = null;
    /** @type {BitsHeader} */
    this.header = null;
    /** @type {BitsArrays} */
    this.arrays = null;
    /** @type {Codes} */
    this.codes = null;
    /** @type {SetValue} */
    this.setState = () => {};
    this.root.replaceChildren();
    this.build();
    this.onblob = () => this.update();
    this.board.listeners.add(this.onblob);
    this.update();
  }

  build() {
    const seen = child(this.root, "div", "seen"), work = child(this.root, "div", "work");
    const figure = (/** @type {string} */ name, /** @type {string} */ label) => {
      const node = child(seen, "figure", name), canvas = child(node, "canvas", "");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", label);
      return { canvas, caption: child(node, "figcaption", "") };
    };
    this.decoded = figure("decoded", "What the code is decoded to");
    this.image = figure("image", "The sample it began at");
    this.code = child(seen, "div", "code");
    this.caption = child(seen, "div", "told");
    this.caption.setAttribute("role", "status");
    const tools = child(work, "div", "tools");
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ act) => {
      const node = child(tools, "button", "tool", text);
      Object.assign(node, { type: "button", title, onclick: act });
      return node;
    };
    button("Random code", "Each bit set as often as in the data, on its own", () => this.random());
    this.nearest = button("Nearest existing code", "The nearest code that a sample of the data has", () => this.approach());
    this.back = button("Back to its code", "The code of the sample it began at", () => this.go(this.start.slice()));
    const label = child(tools, "label", "as");
    this.soft = child(label, "input", "");
    this.soft.type = "checkbox";
    this.soft.onchange = () => this.draw();
    label.title = "For the bits that are the sample's own: the codings as the encoder gave them, not rounded";
    label.append("As encoded");
    this.grid = child(work, "div", "grid");
    this.grid.setAttribute("role", "group");
    this.grid.setAttribute("aria-label", "Bits of the code; arrow keys move, space flips");
    this.grid.onkeydown = event => this.press(event);
  }

  close() {
    this.board.listeners.delete(this.onblob);
    clearTimeout(this.sending);
    cancelAnimationFrame(this.slicing);
    this.root.replaceChildren();
  }

  // Takes a view and the blobs that it names, once all of them have arrived.
  update() {
    const { slots } = this.board, view = slots.view;
    if (!view || view === this.view) return;
    const { versions } = view.header, same = (/** @type {string} */ slot) => this.versions?.[slot] === versions[slot];
    if (!complete(slots, versions)) return;
    const sameCodes = same("codes"), sameDecoder = same("decoder"), begun = sameCodes && this.header.start === view.header.start;
    if (!sameDecoder)
      this.network = versions.decoder ? makeNetwork(slots.decoder.header.network, slots.decoder.arrays) : null;
    Object.assign(this, { view, versions, header: view.header, arrays: view.arrays, codes: slots.codes.arrays });
    this.d = this.codes.balance.length;
    if (!sameCodes || !sameDecoder) this.makeGrid();
    const read = (/** @type {string} */ text) => Uint8Array.from(text, sign => +sign);
    this.start = read(view.header.own);
    if (!begun) this.now = read(view.header.code);
    this.show(this.image.canvas, this.arrays.image);
    this.image.caption.textContent = view.header.name;
    if (!begun) clearTimeout(this.sending);
    this.draw();
  }

  makeGrid() {
    const { balance } = this.codes, { d } = this, small = Math.min(d, SMALL);
    this.grid.replaceChildren();
    this.grid.classList.toggle("many", d > 16);
    this.grid.classList.toggle("bare", !this.network);
    this.tiles = Array.from({ length: d }, (_, i) => {
      const tile = child(this.grid, "button", "bit"), share = noZero(balance[i], 2);
      tile.type = "button";
      tile.tabIndex = i ? -1 : 0;
      tile.title = `Bit ${i + 1}: set in ${Math.round(100 * balance[i])} % of the data`;
      child(tile, "span", "said", `Bit ${i + 1}:`);
      const canvas = i < small && this.network ? child(tile, "canvas", "") : null;
      const digit = child(tile, "b", ""), bar = child(tile, "i", "share");
      bar.style.setProperty("--share", `${100 * balance[i]}%`);
      child(tile, "small", "", share);
      tile.onclick = () => this.flip(i);
      tile.onfocus = () => this.rove(i);
      return { tile, digit, canvas };
    });
  }

  /** @param {number} i */
  rove(i) {
    this.tiles.forEach(({ tile }, k) => { tile.tabIndex = k === i ? 0 : -1; });
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const at = this.tiles.findIndex(({ tile }) => tile === event.target);
    if (at < 0) return;
    const across = getComputedStyle(this.grid).gridTemplateColumns.split(" ").length;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + across, ArrowUp: at - across,
      Home: 0, End: this.d - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.tiles[to]?.tile.focus();
  }

  /** @param {number} i */
  flip(i) {
    const code = this.now.slice();
    code[i] ^= 1;
    this.go(code);
  }

  random() {
    this.go(Uint8Array.from(this.codes.balance, share => +(Math.random() < share)));
  }

  // Goes to the nearest code in the data; of several the most frequent.
  approach() {
    const { nearest } = this.compare(), across = this.codes.packed.shape[1], { packed } = this.codes;
    this.go(Uint8Array.from(this.now, (_, k) => (packed[nearest * across + (k >> 3)] >> (k & 7)) & 1));
  }

  /** @param {Uint8Array} code */
  go(code) {
    this.now = code;
    this.draw();
    clearTimeout(this.sending);
    const answer = { start: this.header.start, bits: code.join("") };
    this.sending = setTimeout(() => this.setState("code", answer), RESTED);
  }

  // How many images have a code 0, 1 and 2 bits away; position and distance of the nearest code.
  compare() {
    const { packed, counts } = this.codes, [codes, across] = packed.shape;
    const bytes = new Uint8Array(across), images = new Array(SEEN + 1).fill(0);
    this.now.forEach((bit, k) => { bytes[k >> 3] |= bit << (k & 7); });
    let nearest = -1, distance = Infinity;
    for (let c = 0; c < codes; c++) {
      let away = 0;
      for (let k = 0; k < across; k++) away += ones[bytes[k] ^ packed[c * across + k]];
      if (away <= SEEN) images[away] += counts[c];
      if (away < distance) [nearest, distance] = [c, away];
    }
    return { images, nearest, distance };
  }

  /**
   * The codings of a code: the levels of its bits, or the encoder's output for unchanged bits if that is asked for.
   * @param {Uint8Array} code
   */
  codings(code) {
    const { levels } = this.codes, { own: encoded } = this.arrays, { d, start } = this, soft = this.soft.checked;
    return Float32Array.from(code, (bit, k) => (soft && bit === start[k] ? encoded[k] : levels[bit * d + k]));
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {ArrayLike<number> | null} values
   */
  show(canvas, values) {
    paint(canvas, values, this.header.shape, this.header.reach);
  }

  draw() {
    const { now, start } = this, text = now.join("");
    this.tiles.forEach(({ tile, digit }, k) => {
      digit.textContent = String(now[k]);
      tile.setAttribute("aria-pressed", String(Boolean(now[k])));
      tile.classList.toggle("flipped", now[k] !== start[k]);
    });
    let values = null;
    if (this.network) values = this.network.run(this.codings(now));
    else if (this.header.decoded === text) values = this.arrays.picture;
    this.decoded.canvas.parentElement.classList.toggle("stale", !values);
    if (values) this.show(this.decoded.canvas, values);
    const flipped = now.reduce((count, bit, k) => count + Number(bit !== start[k]), 0);
    const soft = this.soft.checked ? "its own codings where unchanged" : "exact values";
    this.decoded.caption.textContent = `Decoded from ${soft}`;
    this.code.textContent = text.replace(/(.{4})(?=.)/g, "$1 ");
    this.showCounts(values, flipped);
    this.soft.disabled = !this.network;
    this.back.disabled = flipped === 0;
    Object.assign(this.root.dataset, { bits: text, flipped, ready: "true" });
    this.drawSmall();
  }

  /**
   * @param {ArrayLike<number> | null} values
   * @param {number} flipped
   */
  showCounts(values, flipped) {
    const { images, distance } = this.compare(), { image } = this.arrays, { noun } = this.header, lines = [];
    let error = "";
    if (values) {
      const sum = image.reduce((total, value, k) => total + (value - values[k]) ** 2, 0);
      error = Number.isFinite(sum) ? ` · error ${noZero(sum / image.length, 4)}` : " · decoded to no numbers";
    }
    lines.push(flipped ? `${plural(flipped, "bit")} flipped${error}` : `The ${noun}'s own code${error}`);
    lines.push(distance ? `No ${noun} has this code; the nearest is ${plural(distance, "bit")} away`
      : `${plural(images[0], noun)} with this code, ${images[1]} one bit away, ${images[2]} two`);
    this.nearest.disabled = distance === 0;
    this.caption.replaceChildren(...lines.map(line => element("div", "", line)));
  }

  // Draws the picture of each single flip, in slices of a few milliseconds.
  drawSmall() {
    cancelAnimationFrame(this.slicing);
    this.root.dataset.small = "0";
    if (!this.network) return;
    const small = Math.min(this.d, SMALL), code = this.now.slice();
    let next = 0;
    const slice = () => {
      const end = performance.now() + FRAME_BUDGET;
      do {
        code[next] ^= 1;
        this.show(this.tiles[next].canvas, this.network.run(this.codings(code)));
        code[next] ^= 1;
        this.root.dataset.small = String(++next);
      } while (next < small && performance.now() < end);
      if (next < small) this.slicing = requestAnimationFrame(slice);
    };
    this.slicing = requestAnimationFrame(slice);
  }
}

/** @param {Component} component */
export default function (component) {
  const [bits, leave] = mount(Bits, component);
  bits.setState = component.setStateValue;
  return leave;
}
