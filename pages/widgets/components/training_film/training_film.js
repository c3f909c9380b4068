// The film of a run's training: map, error curve and watched samples over time. It plays in the browser; the state
// `frame` is set to the frame at which it rests.

/** @import { Component, Packed, SetValue } from "../shared/types.js" */
/** @import { FilmArrays, FilmHeader } from "./types.js" */

import { find } from "../shared/dom.js";
import { unpack } from "../shared/unpack.js";
import { ClassNames } from "./class_names.js";
import { drawCurve, drawPoints, drawTrail, makeStamps, placing, sharp } from "./draw.js";
import { Frames } from "./frames.js";
import { Watched } from "./watched.js";

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
    this.caption = find(root, ".told", HTMLElement);
    this.tip = find(root, ".tip", HTMLElement);
    this.watched = new Watched(find(root, ".side", HTMLElement), {
      onpoint: i => this.hold(i ?? this.pinned),
      onpin: i => this.hold(this.pinned = this.pinned === i ? null : i),
    });
    this.names = new ClassNames();
    this.play = find(root, ".play", HTMLButtonElement);
    this.speed = find(root, ".speed", HTMLSelectElement);
    this.curve = find(root, ".track canvas", HTMLCanvasElement);
    this.track = find(root, ".track input", HTMLInputElement);
    /** @type {FilmHeader} */
    this.header = null;
    /** @type {FilmArrays["groups"]} */
    this.groups = null;
    this.version = "";
    this.frames = new Frames();
    this.shown = new Float32Array(0); // the points where they are drawn
    this.time = 0;
    this.sent = -1; // the frame that Python has
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
    /** @type {number | null} */
    this.held = null; // the point whose trail is drawn
    /** @type {number | null} */
    this.pinned = null; // the held point after the pointer has left
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
    this.setState = setStateValue;
    const { header, arrays } = packed;
    if (header.version === this.version) return;
    const same = this.header?.training === header.training && this.groups.length === arrays.groups.length;
    const again = same && header.first === 0;  // the whole film anew: positions may differ from those on the screen
    if (!same || again) this.frames = new Frames();
    this.frames.take(packed);
    const { frames } = this, end = frames.clock[frames.last];
    const { groups } = arrays;
    Object.assign(this, { version: header.version, header, groups, stamps: null });
    this.root.style.setProperty("--height", `${header.height}px`);
    Object.assign(this.root.dataset, { run: header.training, finished: header.finished });
    if (!same) {
      this.follow = header.opening === null;
      this.playing = this.chase = this.blend = null;
      this.label();
      this.shown = new Float32Array(2 * arrays.groups.length);
      this.view = header.view;
      this.names.reset();
      this.held = this.pinned = null;
      this.time = header.opening === null ? end : frames.clock[Math.min(header.opening, frames.last)];
      this.sent = frames.nearest(this.time);
    } else if (again && !still.matches) this.blend = { from: this.shown.slice(), began: performance.now() };
    this.views = { from: this.view, to: header.view, began: performance.now() };
    this.names.update(header, groups, frames, frames.last + 1 - arrays.step.length);
    this.watched.update(header, arrays.originals, frames);
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
   * Rests at a frame, which is a snapshot: between two frames positions are interpolated.
   * @param {number} frame
   */
  rest(frame) {
    this.pause();
    this.follow = frame === this.frames.last;
    this.go(this.frames.clock[frame]);
    clearTimeout(this.sending);
    if (this.header.finished && frame !== this.sent)
      this.sending = setTimeout(() => this.setState("frame", (this.sent = frame)), this.keyed ? SETTLED : 0);
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
    let nearest = null, best = NEAR ** 2;
    for (let i = 0; i < this.groups.length; i++) {
      const d = (this.place.x(this.shown[2 * i]) - x) ** 2 + (this.place.y(this.shown[2 * i + 1]) - y) ** 2;
      if (d < best) [nearest, best] = [i, d];
    }
    this.hold(nearest ?? this.pinned);
  }

  /** @param {number | null} i */
  hold(i) {
    if (i === this.held) return;
    this.held = i;
    this.watched.mark(i);
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
    frames.pointsAt(still.matches ? frames.clock[frames.around(this.time).before] : this.time, this.shown);
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
    const { frames, header, time } = this, { theme } = header, around = frames.around(time), { before } = around;
    const { context, width, height, scale } = sharp(this.map);
    this.place = placing(this.view, width, height);
    this.stamps ??= makeStamps(header, this.groups.length, scale);
    drawPoints(context, this.shown, this.groups, this.stamps, this.place, scale);
    context.font = `600 ${theme.size}px ${theme.font}`;
    const gliding = this.names.draw(context, { width, height }, this.place, header, around, still.matches);
    this.drawHeld(context, before);
    drawCurve(this.curve, frames, time, SLIDER_THUMB / 2, theme, `${theme.size - 1}px ${theme.font}`);
    if (this.watched.show(frames, before)) {
      this.caption.textContent = frames.caption[before];
      this.track.setAttribute("aria-valuetext", frames.caption[before]);
    }
    const focused = /** @type {Document | ShadowRoot} */ (this.root.getRootNode()).activeElement === this.track;
    if (!focused || this.playing || this.chase) this.track.value = String(time);
    this.root.dataset.frame = String(before);
    this.root.dataset.frames = String(frames.last + 1);
    if (this.playing || this.chase || this.blend || this.turning || gliding) this.ask();
  }

  /**
   * Draws the trail of the held point until now, with its class and number.
   * @param {CanvasRenderingContext2D} context
   * @param {number} before
   */
  drawHeld(context, before) {
    const { held, frames, header } = this;
    this.tip.hidden = held === null || held === undefined;
    if (this.tip.hidden) return;
    const at = (/** @type {Float32Array} */ points) => [this.place.x(points[2 * held]), this.place.y(points[2 * held + 1])];
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
