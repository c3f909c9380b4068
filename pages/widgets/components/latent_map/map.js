// The map: puts panels into the page, takes parts as they arrive, keeps what is hovered, chosen and selected.
// Python decides what is chosen (the view part says so); a gesture shows at once and is then told to Python, once.

/** @import { Panel } from "./panel.js" */
/** @import { Mark, SampleArrays, ViewHeader } from "./types.js" */
/** @import { Component, Packed, SetValue, Sheet, Style } from "../shared/types.js" */

import { board, complete, mount } from "../shared/blobs.js";
import { element, find } from "../shared/dom.js";
import { scaleColour } from "../shared/markers.js";
import { drawBase } from "./base.js";
import { fillCard, fillMarkCard, pixelsOf, placeCard, wordsOf } from "./card.js";
import { listen } from "./gestures.js";
import { bringIntoView, listenKeys } from "./keys.js";
import { drawOver, tellNeighbours } from "./overlay.js";
import { dress, makePanel } from "./panel.js";

const SHEETS = ["images", "reconstructions0", "reconstructions1"];
const FLIGHT = 300; // milliseconds in which points fly to their new places

export class LatentMap {
  /**
   * @param {ParentNode} parent
   * @param {string} key
   */
  constructor(parent, key) {
    this.root = find(parent, ".map", HTMLElement);
    this.key = key;
    this.root.replaceChildren();
    this.place = board(key);
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {SetValue} */
    this.send = () => {};
    /** @type {Record<string, Sheet>} */
    this.sheets = {};
    /** @type {number[]} */
    this.order = [];
    /** @type {Packed<ViewHeader, any>} */
    this.view = null;
    /** @type {ViewHeader} */
    this.look = null;
    /** @type {Record<string, string>} */
    this.versions = null;
    /** @type {Packed<any, SampleArrays>} */
    this.samples = null;
    /** @type {Mark[]} */
    this.marks = [];
    /** @type {{ panel: Panel, at: number[], reach: number }} */
    this.pointed = null;
    this.hover = this.focus = -1;
    this.count = 0;
    this.box = element("div", "panels");
    this.card = element("div", "card");
    this.card.hidden = true;
    this.said = element("div", "said");
    this.said.setAttribute("aria-live", "polite");
    this.root.append(this.box, this.card, this.said);
    this.watch = new ResizeObserver(() => this.measure(false));
    this.watch.observe(this.root);
    this.take = () => this.update();
    this.place.listeners.add(this.take);
    this.update();
  }

  close() {
    this.place.listeners.delete(this.take);
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    for (const sheet of Object.values(this.sheets)) sheet.bitmap?.close();
    this.root.replaceChildren();
  }

  /** @param {string} slot */
  sheet(slot) {
    return this.sheets[slot]?.bitmap && this.versions[slot] ? this.sheets[slot] : null;
  }

  // Takes a view and the parts it names, once all of them are there.
  update() {
    const { slots } = this.place, view = slots.view;
    if (!view || view === this.view) return;
    const versions = view.header.versions;
    if (!complete(slots, versions)) return;
    const same = (/** @type {string} */ slot) => this.versions?.[slot] === versions[slot], known = same("samples");
    this.view = view;
    const before = this.versions;
    this.versions = versions;
    this.look = view.header;
    this.font = this.look.theme.font;
    this.samples = slots.samples;
    this.count = this.samples.arrays.numbers.length;
    this.groups = this.look.classes.length ? this.samples.arrays.groups : null;
    const { scale } = this.look;
    this.scale = scale && Array.from({ length: scale.steps }, (_, k) =>
      scaleColour(this.look.theme.sequential, k / (scale.steps - 1)));
    this.marks = this.look.marks.map((mark, k) => {
      const image = view.arrays[`mark${k}`];
      return { ...mark, picture: image && pixelsOf(image) };
    });
    this.tool = this.look.tool;
    for (const slot of SHEETS) if (!before || before[slot] !== versions[slot]) this.decode(slot, slots[slot]);
    this.arrange([0, 1].filter(k => versions[`panel${k}`]));
    for (const panel of this.panels) {
      const slot = `panel${panel.number}`, fresh = panel.part !== slots[slot] && !(panel.part && before?.[slot] === versions[slot]);
      panel.part = slots[slot];
      panel.title = panel.part.header.title;
      panel.head.textContent = panel.title;
      if (!known) panel.medians = null;
      if (fresh) this.replace(panel, known);
      dress(this, panel);
    }
    if (!known) this.leave();
    const focus = view.header.focus ?? -1, elsewhere = focus !== this.focus;
    this.adopt([...view.arrays.selected], focus);
    this.measure(true);
    if (elsewhere && this.focus >= 0) for (const panel of this.panels) bringIntoView(panel.scene, this.focus);
  }

  /**
   * @param {number[]} order
   * @param {number} focus
   */
  adopt(order, focus) {
    this.order = order.filter(i => i < this.count);
    this.focus = focus < this.count ? focus : -1;
    this.mask = new Uint8Array(this.count);
    for (const i of this.order) this.mask[i] = 1;
    for (const panel of this.panels) {
      tellNeighbours(this, panel);
      panel.over.dataset.selected = String(this.order.length);
      panel.over.dataset.focus = String(this.focus);
    }
  }

  /**
   * @param {string} slot
   * @param {Packed<Sheet & { slot: string, version: string }, { file: BlobPart }> | undefined} part
   */
  async decode(slot, part) {
    this.sheets[slot]?.bitmap?.close();
    delete this.sheets[slot];
    if (!part) return;
    const sheet = (this.sheets[slot] = { ...part.header });
    const bitmap = await createImageBitmap(new Blob([part.arrays.file], { type: sheet.kind }));
    if (this.sheets[slot] !== sheet) return bitmap.close();
    sheet.bitmap = bitmap;
    this.redraw();
  }

  /**
   * As many panels as there are maps, kept where they are.
   * @param {number[]} numbers
   */
  arrange(numbers) {
    while (this.panels.length > numbers.length) this.panels.pop().outer.remove();
    while (this.panels.length < numbers.length) {
      const panel = makePanel(this.panels.length);
      this.box.append(panel.outer);
      this.panels.push(panel);
      listen(this, panel);
      listenKeys(this, panel);
    }
    this.box.classList.toggle("two", numbers.length === 2);
  }

  /**
   * New positions: the same samples fly to them, others are simply there.
   * @param {Panel} panel
   * @param {boolean} known
   */
  replace(panel, known) {
    const { scene } = panel, still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const from = known && !still && scene.count === this.count && scene.x && { x: scene.x, y: scene.y };
    panel.medians = null;
    scene.reset();
    scene.setPoints(panel.part.arrays.points);
    panel.flight = from ? { from, start: performance.now(), x: from.x.slice(), y: from.y.slice() } : null;
  }

  /** @param {boolean} always */
  measure(always) {
    if (!this.view) return;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    const narrow = this.root.clientWidth <= 620;
    for (const { stage, scene, unseen } of this.panels) {
      const width = stage.clientWidth, height = Math.min(this.look.height, narrow ? Math.max(width, 280) : Infinity);
      stage.style.height = `${height}px`;
      if (!width || (!always && !unseen && width === scene.width && height === scene.height)) continue;
      scene.resize(width, height);
      always = true;
    }
    if (always) this.redraw();
  }

  // Everything that is drawn is drawn in the next frame, once.
  redraw() {
    this.dirty = true;
    this.overlay();
  }

  overlay() {
    this.frame ||= requestAnimationFrame(now => this.draw(now));
  }

  /** @param {number} now */
  draw(now) {
    this.frame = 0;
    if (!this.view) return;
    if (this.pointed) this.follow();
    for (const panel of this.panels) {
      panel.unseen = !panel.stage.clientWidth;
      if (panel.unseen) continue;
      if (panel.flight) this.fly(panel, now);
      if (this.dirty) drawBase(this, panel);
      drawOver(this, panel);
      panel.over.dataset.ready = this.versions.samples;
    }
    this.dirty = this.panels.some(panel => panel.flight);
    if (this.dirty) this.overlay();
  }

  /**
   * @param {Panel} panel
   * @param {number} now
   */
  fly(panel, now) {
    const { flight, scene } = panel, part = Math.min((now - flight.start) / FLIGHT, 1);
    if (part >= 1) {
      panel.flight = null;
      return;
    }
    scene.project();
    const eased = part < 0.5 ? 4 * part ** 3 : 1 - (2 - 2 * part) ** 3 / 2, { x, y } = flight.from;
    for (let i = 0; i < this.count; i++) {
      flight.x[i] = x[i] + (scene.x[i] - x[i]) * eased;
      flight.y[i] = y[i] + (scene.y[i] - y[i]) * eased;
    }
  }

  /** @param {Panel} panel */
  moved(panel) {
    panel.flight = null;
    this.redraw();
  }

  /**
   * The pointer is somewhere: looked up in the next frame, however many events come before it.
   * @param {Panel} panel
   * @param {number[]} at
   * @param {number} reach
   */
  point(panel, at, reach) {
    this.pointed = { panel, at, reach };
    this.overlay();
  }

  /**
   * Who is under the pointer: an image on top of others, or else the nearest point.
   * @param {Panel} panel
   * @param {number[]} at
   * @param {number} reach
   */
  under(panel, [x, y], reach) {
    const { scene, placed } = panel, on = (/** @type {number} */ i) => Math.max(Math.abs(scene.x[i] - x), Math.abs(scene.y[i] - y)) <= placed.side / 2;
    const image = placed?.list.find(on);
    return image === undefined ? scene.hit(x, y, reach) : image;
  }

  follow() {
    const { panel, at, reach } = this.pointed;
    this.pointed = null;
    const mark = this.marks.find(({ panel: number, point }) => {
      const spot = panel.scene.at(point);
      return number === panel.number && Math.hypot(spot.x - at[0], spot.y - at[1]) < reach + 4;
    });
    const i = mark ? -1 : this.under(panel, at, reach);
    panel.over.classList.toggle("hit", i >= 0);
    if (i >= 0) return this.show(panel, i);
    this.hovered(-1);
    if (!mark) return;
    fillMarkCard(this, mark);
    placeCard(this, panel, at[0], at[1]);
  }

  /**
   * @param {Panel} panel
   * @param {number} i
   */
  show(panel, i) {
    if (i !== this.hover) fillCard(this, i);
    this.hovered(i);
    placeCard(this, panel, panel.scene.x[i], panel.scene.y[i]);
  }

  /** @param {number} i */
  hovered(i) {
    this.hover = i;
    if (i < 0) this.card.hidden = true;
    for (const { over } of this.panels) {
      if (i < 0) delete over.dataset.hovered;
      else over.dataset.hovered = String(i);
    }
    this.overlay();
  }

  leave() {
    this.pointed = null;
    this.hovered(-1);
  }

  /**
   * A click on a point: it alone, or with `more` one more or one less; on the only one chosen: nothing is chosen.
   * @param {number} i
   * @param {boolean} more
   */
  choose(i, more) {
    const has = this.mask[i], alone = has && this.order.length === 1;
    const rest = more ? this.order.filter(j => j !== i) : [];
    const order = (more ? has : alone && this.focus === i) ? rest : [...rest, i];
    this.tell(order, order.includes(i) ? i : -1);
  }

  /**
   * @param {number[]} found
   * @param {boolean} more
   */
  select(found, more) {
    const order = more ? [...this.order, ...found.filter(i => !this.mask[i])] : found;
    this.tell(order, order.includes(this.focus) ? this.focus : -1);
  }

  clear() {
    this.leave();
    if (this.order.length || this.focus >= 0) this.tell([], -1);
  }

  /**
   * @param {number[]} order
   * @param {number} focus
   */
  tell(order, focus) {
    this.adopt(order, focus);
    this.redraw();
    this.say(focus >= 0 ? `Chosen: ${wordsOf(this, focus)}. ${order.length} selected.` : `${order.length} selected.`);
    this.send("picked", { point: focus >= 0 ? focus : null, selection: order });
  }

  /** @param {string} text */
  say(text) {
    this.said.textContent = text;
  }
}

/** @param {Component} component */
export default function (component) {
  const [map, leave] = mount(LatentMap, component);
  map.send = component.setTriggerValue;
  return leave;
}
