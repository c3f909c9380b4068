// The latent map: its panels, its blobs as they arrive, and which samples are hovered, chosen and selected. The view
// from Python says what is chosen; a gesture shows at once and is then sent to Python.

/** @import { Panel } from "./panel.js" */
/** @import { Mark, SampleArrays, ViewHeader } from "./types.js" */
/** @import { Component, Packed, SetValue } from "../shared/types.js" */

import { board, complete, mount } from "../shared/blobs.js";
import { element, find } from "../shared/dom.js";
import { scaleColour } from "../shared/markers.js";
import { drawBase } from "./base.js";
import { fillCard, fillMarkCard, pixelsOf, placeCard, wordsOf } from "./card.js";
import { advanceFlight, movePoints } from "./flight.js";
import { listen } from "./gestures.js";
import { bringIntoView, listenKeys } from "./keys.js";
import { drawOver, noteNeighbours } from "./overlay.js";
import { dress, makePanel } from "./panel.js";
import { Sheets } from "./sheets.js";

export class LatentMap {
  /**
   * @param {ParentNode} parent
   * @param {string} key
   */
  constructor(parent, key) {
    this.root = find(parent, ".map", HTMLElement);
    this.key = key;
    this.root.replaceChildren();
    this.board = board(key);
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {SetValue} */
    this.send = () => {};
    this.sheets = new Sheets(() => this.redraw());
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
    this.status = element("div", "said");
    this.status.setAttribute("aria-live", "polite");
    this.root.append(this.box, this.card, this.status);
    this.watch = new ResizeObserver(() => this.measure(false));
    this.watch.observe(this.root);
    this.onblob = () => this.update();
    this.board.listeners.add(this.onblob);
    this.update();
  }

  close() {
    this.board.listeners.delete(this.onblob);
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    this.sheets.close();
    this.root.replaceChildren();
  }

  // Takes a view and the blobs that it names, once all of them have arrived.
  update() {
    const { slots } = this.board, view = slots.view;
    if (!view || view === this.view) return;
    const versions = view.header.versions;
    if (!complete(slots, versions)) return;
    const same = (/** @type {string} */ slot) => this.versions?.[slot] === versions[slot], sameSamples = same("samples");
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
    this.sheets.update(slots, versions);
    this.arrange([0, 1].filter(k => versions[`panel${k}`]));
    for (const panel of this.panels) {
      const slot = `panel${panel.number}`, fresh = panel.blob !== slots[slot] && !(panel.blob && before?.[slot] === versions[slot]);
      panel.blob = slots[slot];
      panel.title = panel.blob.header.title;
      panel.head.textContent = panel.title;
      if (!sameSamples) panel.medians = null;
      if (fresh) movePoints(panel, this.count, sameSamples);
      dress(this, panel);
    }
    if (!sameSamples) this.leave();
    const focus = view.header.focus ?? -1, elsewhere = focus !== this.focus;
    this.adopt([...view.arrays.selected], focus);
    this.measure(true);
    if (elsewhere && this.focus >= 0) for (const panel of this.panels) bringIntoView(panel.scene, this.focus);
  }

  /**
   * Takes a selection, without sending it.
   * @param {number[]} order
   * @param {number} focus the chosen point, -1 for none
   */
  adopt(order, focus) {
    this.order = order.filter(i => i < this.count);
    this.focus = focus < this.count ? focus : -1;
    this.mask = new Uint8Array(this.count);
    for (const i of this.order) this.mask[i] = 1;
    for (const panel of this.panels) {
      noteNeighbours(this, panel);
      panel.over.dataset.selected = String(this.order.length);
      panel.over.dataset.focus = String(this.focus);
    }
  }

  /**
   * Makes as many panels as there are maps; those that remain keep their elements.
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

  /** @param {boolean} always */
  measure(always) {
    if (!this.view) return;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    const narrow = this.root.clientWidth <= 620;
    for (const { stage, scene, unseen } of this.panels) {
      const width = stage.clientWidth, tall = this.look.grows ? Math.min(0.78 * width, window.innerHeight - 250) : 0;
      const height = Math.round(Math.min(Math.max(this.look.height, tall), narrow ? Math.max(width, 280) : Infinity));
      stage.style.height = `${height}px`;
      if (!width || (!always && !unseen && width === scene.width && height === scene.height)) continue;
      scene.resize(width, height);
      always = true;
    }
    if (always) this.redraw();
  }

  // Draws both canvases of each panel in the next frame.
  redraw() {
    this.dirty = true;
    this.overlay();
  }

  // Draws the upper canvas of each panel in the next frame.
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
      if (panel.flight) advanceFlight(panel, now);
      if (this.dirty) drawBase(this, panel);
      drawOver(this, panel);
      panel.over.dataset.ready = this.versions.samples;
    }
    this.dirty = this.panels.some(panel => panel.flight);
    if (this.dirty) this.overlay();
  }

  /** @param {Panel} panel */
  moved(panel) {
    panel.flight = null;
    this.redraw();
  }

  /**
   * Takes the pointer's position; the sample under it is looked up in the next frame.
   * @param {Panel} panel
   * @param {number[]} at
   * @param {number} reach
   */
  point(panel, at, reach) {
    this.pointed = { panel, at, reach };
    this.overlay();
  }

  /**
   * The sample under the pointer, the topmost image or else the nearest point; -1 for none.
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
   * Chooses a clicked point: alone, or with `more` beside the others. A click on the only chosen point, or with `more`
   * on a selected one, removes it.
   * @param {number} i
   * @param {boolean} more
   */
  choose(i, more) {
    const has = this.mask[i], alone = has && this.order.length === 1;
    const rest = more ? this.order.filter(j => j !== i) : [];
    const order = (more ? has : alone && this.focus === i) ? rest : [...rest, i];
    this.report(order, order.includes(i) ? i : -1);
  }

  /**
   * Selects points, with `more` beside those that are selected.
   * @param {number[]} points
   * @param {boolean} more
   */
  select(points, more) {
    const order = more ? [...this.order, ...points.filter(i => !this.mask[i])] : points;
    this.report(order, order.includes(this.focus) ? this.focus : -1);
  }

  clear() {
    this.leave();
    if (this.order.length || this.focus >= 0) this.report([], -1);
  }

  /**
   * Shows a new selection and sends it to Python.
   * @param {number[]} order
   * @param {number} focus the chosen point, -1 for none
   */
  report(order, focus) {
    this.adopt(order, focus);
    this.redraw();
    this.say(focus >= 0 ? `Chosen: ${wordsOf(this, focus)}. ${order.length} selected.` : `${order.length} selected.`);
    this.send("picked", { point: focus >= 0 ? focus : null, selection: order });
  }

  /** @param {string} text */
  say(text) {
    this.status.textContent = text;
  }
}

/** @param {Component} component */
export default function (component) {
  const [map, leave] = mount(LatentMap, component);
  map.send = component.setTriggerValue;
  return leave;
}
