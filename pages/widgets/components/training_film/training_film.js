// A run's training as a film. Everything happens here; Python hears of a frame once it is looked at (`frame`).

/** @import { Component, Packed, SetValue } from "../shared/types.js" */
/** @import { FilmArrays, FilmHeader } from "./types.js" */

import { child, element, find } from "../shared/dom.js";
import { unpack } from "../shared/unpack.js";
import { drawCurve, drawPoints, drawSample, drawText, drawTrail, makeStamps, placing, sharp, spreadNames } from "./draw.js";
import { Frames } from "./frames.js";

const FILM_SECONDS = 7;  // a whole film at normal speed
const BLEND = 600;  // milliseconds in which a picture becomes another one of the same samples
const FOLLOW = 1000;  // milliseconds from one look at a training to the next
const SETTLED = 500;  // milliseconds without a key before Python hears of the frame
const SLIDER_THUMB = 16;
const NEAR = 14;  // CSS pixels at which the pointer finds a point
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

class Player {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.map = find(root, ".map", HTMLCanvasElement);
    this.told = find(root, ".told", HTMLElement);
    this.tip = find(root, ".tip", HTMLElement);
    this.side = find(root, ".side", HTMLElement);
    this.play = find(root, ".play", HTMLButtonElement);
    this.speed = find(root, ".speed", HTMLSelectElement);
    this.curve = find(root, ".track canvas", HTMLCanvasElement);
    this.track = find(root, ".track input", HTMLInputElement);
    /** @type {FilmHeader} */
    this.header = null;
    /** @type {FilmArrays["groups"]} */
    this.groups = null;
    /** @type {FilmArrays["originals"]} */
    this.originals = null;
    this.version = "";
    this.frames = new Frames();
    this.shown = new Float32Array(0); // the points where they are drawn
    this.time = 0;
    this.said = this.pictured = -1; // frames: the one that Python knows, the one whose pictures are drawn
    /** @type {number[]} */
    this.view = null;
    /** @type {{ from: number[], to: number[], began: number }} */
    this.views = null;
    /** @type {number | null} when the last frame was drawn */
    this.playing = null;
    /** @type {{ from: number, began: number } | null} to the frame that came last */
    this.chase = null;
    /** @type {{ from: Float32Array, began: number } | null} to other positions of the same points */
    this.blend = null;
    /** @type {{ x: number, y: number }[] | null} of the classes */
    this.names = null;
    /** @type {number[][][]} of the classes in each frame */
    this.medians = [];
    /** @type {number | null} */
    this.held = null;
    /** @type {number | null} */
    this.pinned = null;
    this.play.onclick = () => this.toggle();
    this.track.oninput = () => { this.pause(); this.follow = false; this.go(+this.track.value, false); };
    this.track.onchange = () => this.rest(this.frames.nearest(+this.track.value));
    this.track.onkeydown = event => this.press(event);
    this.map.onpointermove = event => this.point(event);
    this.map.onpointerleave = () => this.hold(this.pinned);
    this.observer = new ResizeObserver(() => { this.stamps = null; this.ask(); });
    this.observer.observe(root);
  }

  /**
   * @param {Packed<FilmHeader, FilmArrays>} packed
   * @param {SetValue} setStateValue
   */
  update(packed, setStateValue) {
    this.tell = setStateValue;
    const { header, arrays } = packed;
    if (header.version === this.version) return;
    const same = this.header?.training === header.training && this.groups.length === arrays.groups.length;
    const again = same && header.first === 0;  // the whole film anew: positions may differ from those on the screen
    if (!same || again) this.frames = new Frames();
    this.frames.take(packed);
    const { frames } = this, end = frames.clock[frames.last];
    const { groups, originals } = arrays;
    Object.assign(this, { version: header.version, header, groups, originals, stamps: null });
    this.root.style.setProperty("--height", `${header.height}px`);
    Object.assign(this.root.dataset, { run: header.training, finished: header.finished });
    if (!same) {
      this.follow = header.opening === null;
      this.playing = this.chase = this.blend = null;
      this.label();
      this.shown = new Float32Array(2 * arrays.groups.length);
      this.view = header.view;
      this.names = null;
      this.held = this.pinned = null;
      this.time = header.opening === null ? end : frames.clock[Math.min(header.opening, frames.last)];
      this.said = frames.nearest(this.time);
    } else if (again && !still.matches) this.blend = { from: this.shown.slice(), began: performance.now() };
    this.views = { from: this.view, to: header.view, began: performance.now() };
    const kept = frames.last + 1 - arrays.step.length;
    this.medians = (kept ? this.medians.slice(0, kept) : []).concat(this.makeMedians(kept));
    this.makeSide();
    this.track.min = String(frames.clock[0]);
    this.track.max = String(end);
    this.track.disabled = this.play.disabled = frames.last === 0;
    if (same && this.follow && !this.playing) {
      if (still.matches) this.time = end;
      else this.chase = { from: this.time, began: performance.now() };
    }
    this.time = Math.min(this.time, end);
    this.ask();
  }

  /**
   * The medians of every class in every frame from a number on: where the names stand.
   * @param {number} first
   */
  makeMedians(first) {
    const members = this.header.classes.map(() => /** @type {number[]} */ ([]));
    if (members.length) this.groups.forEach((group, i) => members[group].push(i));
    const middle = (/** @type {Float32Array} */ seen, /** @type {number[]} */ own, /** @type {number} */ axis) => {
      const values = Float32Array.from(own, i => seen[2 * i + axis]).sort();
      return values[values.length >> 1];
    };
    return this.frames.positions.slice(first)
      .map(seen => members.map(own => [middle(seen, own, 0), middle(seen, own, 1)]));
  }

  makeSide() {
    const { header, side } = this;
    if (side.childElementCount !== header.watched.length + 1) {
      const note = element("p", "", "Originals, and below each its reconstruction now.");
      side.replaceChildren(note, ...header.watched.map((_, i) => this.makeFigure(i)));
    }
    side.querySelectorAll("figure").forEach((figure, i) => {
      figure.lastElementChild.textContent = figure.title = header.watched[i];
      figure.setAttribute("aria-label", `${header.watched[i]}: show its way on the map`);
      drawSample(/** @type {HTMLCanvasElement} */ (figure.firstElementChild), this.part(this.originals, i), this.frames, header.theme);
    });
    this.pictured = -1;
  }

  /** @param {number} i */
  makeFigure(i) {
    const figure = element("figure");
    for (const name of ["original", "reconstruction"]) {
      child(figure, "canvas", this.header.shape.length === 1 ? "bars" : name);
    }
    child(figure, "figcaption");
    figure.tabIndex = 0;
    figure.setAttribute("role", "button");
    figure.onpointerenter = figure.onfocus = () => this.hold(i);
    figure.onpointerleave = figure.onblur = () => this.hold(this.pinned);
    figure.onclick = () => this.hold(this.pinned = this.pinned === i ? null : i);
    figure.onkeydown = event => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); figure.click(); }
    };
    return figure;
  }

  /**
   * @param {Uint8Array} values
   * @param {number} i
   */
  part(values, i) {
    const size = this.header.shape.reduce((product, side) => product * side, 1);
    return values.subarray(i * size, (i + 1) * size);
  }

  toggle() {
    if (this.playing) return this.rest(this.frames.nearest(this.time));
    const { frames } = this;
    if (this.time >= frames.clock[frames.last] - 1e-9) this.time = frames.clock[0];
    this.playing = performance.now();
    this.chase = null;
    this.label();
    this.ask();
  }

  pause() {
    this.playing = this.chase = null;
    this.label();
  }

  label() {
    this.play.textContent = this.playing ? "❚❚ Pause" : "▶ Play";
    this.play.setAttribute("aria-pressed", String(Boolean(this.playing)));
  }

  /**
   * What stands still is always a snapshot, never a mixture of two.
   * @param {number} frame
   */
  rest(frame) {
    this.pause();
    this.follow = frame === this.frames.last;
    this.go(this.frames.clock[frame]);
    clearTimeout(this.saying);
    if (this.header.finished && frame !== this.said)
      this.saying = setTimeout(() => this.tell("frame", (this.said = frame)), this.keyed ? SETTLED : 0);
    this.keyed = false;
  }

  /**
   * @param {number} time
   * @param {boolean} [write]
   */
  go(time, write = true) {
    this.time = time;
    if (write) this.track.value = String(time);
    this.ask();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const { frames } = this, at = frames.nearest(this.time);
    const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1,
      PageUp: at + 5, PageDown: at - 5, Home: 0, End: frames.last }[event.key];
    if (event.key !== " " && to === undefined) return;
    event.preventDefault();
    if (event.key === " ") return this.toggle();
    this.keyed = true;
    this.rest(Math.min(Math.max(to, 0), frames.last));
  }

  /** @param {PointerEvent} event */
  point(event) {
    if (!this.place) return;
    const box = this.map.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let found = null, best = NEAR ** 2;
    for (let i = 0; i < this.groups.length; i++) {
      const d = (this.place.x(this.shown[2 * i]) - x) ** 2 + (this.place.y(this.shown[2 * i + 1]) - y) ** 2;
      if (d < best) [found, best] = [i, d];
    }
    this.hold(found ?? this.pinned);
  }

  /** @param {number | null} i */
  hold(i) {
    if (i === this.held) return;
    this.held = i;
    this.side.querySelectorAll("figure").forEach((figure, j) => figure.classList.toggle("held", j === i));
    this.ask();
  }

  ask() { this.asked ??= requestAnimationFrame(now => { this.asked = null; this.draw(now); }); }

  /** @param {number} now */
  advance(now) {
    const { frames } = this, end = frames.clock[frames.last], span = end - frames.clock[0];
    if (this.playing) {
      this.time += ((now - this.playing) / 1000) * (span / FILM_SECONDS) * +this.speed.value;
      this.playing = now;
      if (this.time >= end) this.rest(frames.last);
    } else if (this.chase) {
      const share = Math.min((now - this.chase.began) / FOLLOW, 1);
      this.time = this.chase.from + share * (end - this.chase.from);
      if (share === 1) this.chase = null;
    }
    const turn = still.matches ? 1 : Math.min((now - this.views.began) / BLEND, 1);
    this.view = this.views.to.map((/** @type {number} */ value, /** @type {number} */ i) => this.views.from[i] + turn * (value - this.views.from[i]));
    this.turning = turn < 1;
    frames.seen(still.matches ? frames.clock[frames.around(this.time).before] : this.time, this.shown);
    if (!this.blend) return;
    const share = Math.min((now - this.blend.began) / BLEND, 1);
    const { from } = this.blend;
    for (let i = 0; i < from.length; i++) this.shown[i] = from[i] + share * (this.shown[i] - from[i]);
    if (share === 1) this.blend = null;
  }

  /** @param {number} now */
  draw(now) {
    if (!this.root.isConnected || !this.map.clientWidth) return;
    this.advance(now);
    const { frames, header, time } = this, { theme } = header, { before } = frames.around(time);
    const { context, width, height, scale } = sharp(this.map);
    this.place = placing(this.view, width, height);
    this.stamps ??= makeStamps(header, this.groups.length, scale);
    drawPoints(context, this.shown, this.groups, this.stamps, this.place, scale);
    context.font = `600 ${theme.size}px ${theme.font}`;
    const gliding = this.drawNames(context, width, height);
    this.drawHeld(context, before);
    drawCurve(this.curve, frames, time, SLIDER_THUMB / 2, theme, `${theme.size - 1}px ${theme.font}`);
    if (this.pictured !== before) {
      this.pictured = before;
      this.side.querySelectorAll("figure").forEach((figure, i) =>
        drawSample(/** @type {HTMLCanvasElement} */ (figure.children[1]), this.part(frames.pictures[before], i), frames, theme));
      this.told.textContent = frames.caption[before];
      this.track.setAttribute("aria-valuetext", frames.caption[before]);
    }
    const focused = /** @type {Document | ShadowRoot} */ (this.root.getRootNode()).activeElement === this.track;
    if (!focused || this.playing || this.chase) this.track.value = String(time);
    this.root.dataset.frame = String(before);
    this.root.dataset.frames = String(frames.last + 1);
    if (this.playing || this.chase || this.blend || this.turning || gliding) this.ask();
  }

  /**
   * Names stand at the medians, pushed apart; they glide where that order changes. True while they do.
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {number} height
   */
  drawNames(context, width, height) {
    const { classes, theme } = this.header, { before, share: way } = this.frames.around(this.time);
    const share = still.matches ? 0 : way;
    const from = this.medians[before], to = this.medians[Math.min(before + 1, this.frames.last)];
    const wanted = spreadNames(classes.map(({ name }, c) => ({
      width: context.measureText(name).width,
      x: this.place.x(from[c][0] + share * (to[c][0] - from[c][0])),
      y: this.place.y(from[c][1] + share * (to[c][1] - from[c][1])),
    })), width, height);
    let gliding = false;
    this.names = wanted.map((place, c) => {
      const old = this.names?.[c];
      if (!old || still.matches || Math.hypot(place.x - old.x, place.y - old.y) < 0.5) return place;
      gliding = true;
      return { x: old.x + 0.25 * (place.x - old.x), y: old.y + 0.25 * (place.y - old.y) };
    });
    classes.forEach(({ name }, c) => drawText(context, name, this.names[c].x, this.names[c].y, theme));
    return gliding;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} before
   */
  drawHeld(context, before) {
    const { held, frames, header } = this;
    this.tip.hidden = held === null || held === undefined;
    if (this.tip.hidden) return;
    const at = (/** @type {Float32Array} */ seen) => [this.place.x(seen[2 * held]), this.place.y(seen[2 * held + 1])];
    const now = at(this.shown);
    drawTrail(context, [...frames.positions.slice(0, before + 1).map(at), now], header.theme, 7);
    const name = header.classes.length ? `${header.classes[this.groups[held]].name}, ` : "";
    this.tip.textContent = `${name}no. ${header.numbers[held]}`;
    const right = now[0] > this.map.clientWidth / 2;
    this.tip.style.left = right ? "auto" : `${now[0] + 14}px`;
    this.tip.style.right = right ? `${this.map.clientWidth - now[0] + 14}px` : "auto";
    this.tip.style.top = `${now[1] - 12}px`;
  }
}

/** @type {WeakMap<HTMLElement, Player>} */
const PLAYERS = new WeakMap();

/** @param {Component<Uint8Array>} component */
export default function ({ data, parentElement, setStateValue }) {
  const root = find(parentElement, ".film", HTMLElement), player = PLAYERS.get(root) ?? new Player(root);
  PLAYERS.set(root, player);
  player.update(unpack(data), setStateValue);
  return () => player.observer.disconnect();
}
