// A square canvas to draw on, bright on black. An undo draws the remaining steps of the list again. After each stroke
// the drawing is sent to Python as a grey PNG of `side` × `side` pixels.

/** @import { Component } from "../shared/types.js" */

import { find } from "../shared/dom.js";

/**
 * What `components/drawing/__init__.py` sends. `drawing` is the answer: {image, framed, version}.
 * @typedef {{ side: number, image: string, framed: boolean, version: number }} Sent
 * @typedef {{ points: number[][], grey: number, size: number, pointer: number }} Stroke
 * @typedef {object} State
 * @property {ParentNode} root
 * @property {HTMLCanvasElement} canvas
 * @property {CanvasRenderingContext2D} pen
 * @property {any[]} steps strokes, fills, images, and the canvas cleared
 * @property {Stroke | null} stroke under way
 * @property {string} tool
 * @property {number} grey
 * @property {number} size
 * @property {number | null} version
 * @property {string} latest the drawing as it was sent last
 * @property {Component<Sent>} component
 */

const UNITS = 280; // the canvas's own coordinates, whatever its size on the screen
const PIXELS = 560; // what is behind them: two a unit
const FILL_CLOSE = 40; // grey levels: a fill goes on over what differs by less from where it began

/** @param {ParentNode} root */
function begin(root) {
  const canvas = find(root, "canvas", HTMLCanvasElement);
  /** @type {State} */
  const state = {
    root, canvas, pen: canvas.getContext("2d", { willReadFrequently: true }), steps: [], stroke: null,
    tool: "brush", grey: 255, size: 22, version: null, latest: "", component: null,
  };
  canvas.width = canvas.height = PIXELS;
  state.pen.scale(PIXELS / UNITS, PIXELS / UNITS);
  state.pen.lineCap = state.pen.lineJoin = "round";
  state.pen.imageSmoothingEnabled = false; // a sample's pixels stay what they are

  canvas.onpointerdown = event => {
    if (!event.isPrimary || event.button !== 0 || state.stroke) return;
    event.preventDefault();
    const [x, y] = place(state, event);
    if (state.tool === "fill") {
      act(state, { fill: true, x, y, grey: state.grey });
      return;
    }
    canvas.setPointerCapture(event.pointerId);
    const grey = state.tool === "eraser" ? 0 : state.grey;
    state.stroke = { points: [[x, y]], grey, size: state.size, pointer: event.pointerId };
    line(state.pen, state.stroke, 0);
  };
  canvas.onpointermove = event => {
    const stroke = state.stroke;
    if (!stroke || stroke.pointer !== event.pointerId) return;
    const from = stroke.points.length - 1;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const move of passed.length ? passed : [event]) stroke.points.push(place(state, move));
    line(state.pen, stroke, from);
  };
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (!state.stroke || state.stroke.pointer !== event.pointerId) return;
    state.steps.push(state.stroke);
    state.stroke = null;
    settle(state);
  };

  for (const button of buttons(root, "[data-tool]")) button.onclick = () => set(state, { tool: button.dataset.tool });
  for (const button of buttons(root, "[data-grey]")) {
    button.onclick = () => {
      set(state, { grey: Number(button.dataset.grey), tool: state.tool === "eraser" ? "brush" : state.tool });
    };
  }
  const size = find(root, "input", HTMLInputElement);
  size.oninput = () => set(state, { size: Number(size.value) });
  find(root, "[data-undo]", HTMLButtonElement).onclick = () => undo(state);
  find(root, "[data-clear]", HTMLButtonElement).onclick = () => act(state, { clear: true });
  find(root, "[data-all]", HTMLElement).onkeydown = event => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      undo(state);
    }
  };
  set(state, {});
  return state;
}

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {NodeListOf<HTMLButtonElement>}
 */
function buttons(root, selector) {
  return root.querySelectorAll(selector);
}

/**
 * @param {State} state
 * @param {Partial<State>} change
 */
function set(state, change) {
  Object.assign(state, change);
  for (const button of buttons(state.root, "[data-tool]")) {
    button.setAttribute("aria-pressed", String(button.dataset.tool === state.tool));
  }
  for (const button of buttons(state.root, "[data-grey]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.grey) === state.grey && state.tool !== "eraser"));
  }
  const dot = find(state.root, "[data-dot]", HTMLElement);
  dot.style.width = dot.style.height = `${state.size / 2}px`;
  const done = state.steps.length > 0;
  find(state.root, "[data-undo]", HTMLButtonElement).disabled = !done;
  find(state.root, "[data-clear]", HTMLButtonElement).disabled = !state.latest;
}

/**
 * @param {State} state
 * @param {PointerEvent} event
 */
function place(state, event) {
  const box = state.canvas.getBoundingClientRect();
  const inside = (/** @type {number} */ value) => Math.max(-UNITS, Math.min(2 * UNITS, value));
  return [
    inside(((event.clientX - box.left) * UNITS) / box.width),
    inside(((event.clientY - box.top) * UNITS) / box.height),
  ];
}

/**
 * @param {State} state
 * @param {any} step
 */
function act(state, step) {
  state.steps.push(step);
  draw(state, step);
  settle(state);
}

/** @param {State} state */
function undo(state) {
  if (state.stroke || !state.steps.length) return;
  state.steps.pop();
  blank(state);
  for (const step of state.steps) draw(state, step);
  settle(state);
}

/**
 * @param {State} state
 * @param {any} step
 */
function draw(state, step) {
  if (step.clear) blank(state);
  else if (step.image) {
    blank(state);
    state.pen.drawImage(step.image, 0, 0, UNITS, UNITS);
  } else if (step.fill) fill(state, step);
  else line(state.pen, step, 0);
}

/** @param {State} state */
function blank(state) {
  state.pen.fillStyle = "#000";
  state.pen.fillRect(0, 0, UNITS, UNITS);
}

/**
 * Draws a stroke from one of its points on. A single point is a dot, since some browsers draw no line of length 0.
 * @param {CanvasRenderingContext2D} pen
 * @param {any} stroke
 * @param {number} from
 */
function line(pen, stroke, from) {
  const colour = `rgb(${stroke.grey},${stroke.grey},${stroke.grey})`;
  const [x, y] = stroke.points[from];
  pen.beginPath();
  if (from === stroke.points.length - 1) {
    pen.fillStyle = colour;
    pen.arc(x, y, stroke.size / 2, 0, 2 * Math.PI);
    pen.fill();
    return;
  }
  pen.strokeStyle = colour;
  pen.lineWidth = stroke.size;
  pen.moveTo(x, y);
  for (const [right, down] of stroke.points.slice(from + 1)) pen.lineTo(right, down);
  pen.stroke();
}

/**
 * Flood fill around a point, one pixel further on every side, so that no dark seam is left at soft edges.
 * @param {State} state
 * @param {any} step
 */
function fill(state, step) {
  const scale = PIXELS / UNITS;
  const [x0, y0] = [step.x, step.y].map(value => Math.max(0, Math.min(PIXELS - 1, Math.floor(value * scale))));
  const image = state.pen.getImageData(0, 0, PIXELS, PIXELS);
  const pixels = new Uint32Array(image.data.buffer);
  const grey = (/** @type {number} */ index) => image.data[4 * index];
  const first = y0 * PIXELS + x0;
  const seed = grey(first);
  const filled = new Uint8Array(PIXELS * PIXELS);
  const open = [first];
  filled[first] = 1;
  const look = (/** @type {number} */ index) => {
    if (!filled[index] && Math.abs(grey(index) - seed) < FILL_CLOSE) {
      filled[index] = 1;
      open.push(index);
    }
  };
  while (open.length) {
    const index = open.pop(), x = index % PIXELS;
    if (x > 0) look(index - 1);
    if (x < PIXELS - 1) look(index + 1);
    if (index >= PIXELS) look(index - PIXELS);
    if (index < PIXELS * (PIXELS - 1)) look(index + PIXELS);
  }
  const colour = ((255 << 24) | (step.grey << 16) | (step.grey << 8) | step.grey) >>> 0;
  for (let index = 0; index < filled.length; index++) {
    const x = index % PIXELS;
    const near = filled[index] || (x > 0 && filled[index - 1]) || (x < PIXELS - 1 && filled[index + 1])
      || filled[index - PIXELS] || filled[index + PIXELS];
    if (near) pixels[index] = colour;
  }
  state.pen.putImageData(image, 0, 0);
}

/**
 * Sends the drawing to Python. `framed`: the drawing stands on one of the data set's images, where that stood.
 * @param {State} state
 */
function settle(state) {
  const cleared = state.steps.findLastIndex(step => step.clear || step.image);
  const framed = Boolean(state.steps[cleared]?.framed);
  state.latest = reduced(state);
  set(state, {});
  state.component.setStateValue("drawing", { image: state.latest, framed, version: state.version });
}

/**
 * The canvas as base64 of a small PNG, each pixel the mean of those it covers; "" when all is black.
 * @param {State} state
 */
function reduced(state) {
  const side = state.component.data.side, step = PIXELS / side;
  const large = state.pen.getImageData(0, 0, PIXELS, PIXELS).data;
  const small = document.createElement("canvas");
  small.width = small.height = side;
  const pen = small.getContext("2d");
  const image = pen.createImageData(side, side);
  let any = false;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let sum = 0;
      for (let v = y * step; v < (y + 1) * step; v++) {
        for (let u = x * step; u < (x + 1) * step; u++) sum += large[4 * (v * PIXELS + u)];
      }
      const mean = Math.round(sum / (step * step));
      any ||= mean > 0;
      image.data.fill(mean, 4 * (y * side + x), 4 * (y * side + x) + 3);
      image.data[4 * (y * side + x) + 3] = 255;
    }
  }
  pen.putImageData(image, 0, 0);
  return any ? small.toDataURL("image/png").split(",")[1] : "";
}

/**
 * Draws an image from the server: a sample to begin with, or an earlier drawing.
 * @param {State} state
 * @param {Sent} sent
 */
function load(state, { image, framed, version }) {
  state.version = version;
  if (!image) return;
  const picture = new Image();
  picture.onload = () => {
    const step = { image: picture, framed };
    state.steps.push(step);
    draw(state, step);
    state.latest = image;
    set(state, {});
  };
  picture.src = `data:image/png;base64,${image}`;
}

/** @type {WeakMap<object, State>} */
const STATES = new WeakMap();

/**
 * Called in every script run; the drawing stays, since its state belongs to the element.
 * @param {Component<Sent>} component
 */
export default function (component) {
  const root = component.parentElement, before = STATES.get(root), state = before ?? begin(root);
  STATES.set(root, state);
  state.component = component;
  if (!before) blank(state);
  if (state.version !== component.data.version) load(state, component.data);
}
