// A square canvas to draw on, bright on black. What was done is kept as a list of steps and drawn anew after an undo.
// The drawing leaves the browser once, when a stroke ends: a grey PNG of `side` × `side` pixels.

const UNITS = 280; // the canvas's own coordinates, whatever its size on the screen
const PIXELS = 560; // what is behind them: two a unit
const FILL_CLOSE = 40; // grey levels: a fill goes on over what differs by less from where it began

function begin(root) {
  const canvas = root.querySelector("canvas");
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
    for (const each of passed.length ? passed : [event]) stroke.points.push(place(state, each));
    line(state.pen, stroke, from);
  };
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (!state.stroke || state.stroke.pointer !== event.pointerId) return;
    state.steps.push(state.stroke);
    state.stroke = null;
    settle(state);
  };

  for (const button of root.querySelectorAll("[data-tool]")) button.onclick = () => set(state, { tool: button.dataset.tool });
  for (const button of root.querySelectorAll("[data-grey]")) {
    button.onclick = () => {
      set(state, { grey: Number(button.dataset.grey), tool: state.tool === "eraser" ? "brush" : state.tool });
    };
  }
  const size = root.querySelector("input");
  size.oninput = () => set(state, { size: Number(size.value) });
  root.querySelector("[data-undo]").onclick = () => undo(state);
  root.querySelector("[data-clear]").onclick = () => act(state, { clear: true });
  root.querySelector("[data-all]").onkeydown = event => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      undo(state);
    }
  };
  set(state, {});
  return state;
}

function set(state, change) {
  Object.assign(state, change);
  for (const button of state.root.querySelectorAll("[data-tool]")) {
    button.setAttribute("aria-pressed", button.dataset.tool === state.tool);
  }
  for (const button of state.root.querySelectorAll("[data-grey]")) {
    button.setAttribute("aria-pressed", Number(button.dataset.grey) === state.grey && state.tool !== "eraser");
  }
  const dot = state.root.querySelector("[data-dot]");
  dot.style.width = dot.style.height = `${state.size / 2}px`;
  const done = state.steps.length > 0;
  state.root.querySelector("[data-undo]").disabled = !done;
  state.root.querySelector("[data-clear]").disabled = !state.latest;
}

function place(state, event) {
  const box = state.canvas.getBoundingClientRect();
  const inside = value => Math.max(-UNITS, Math.min(2 * UNITS, value));
  return [
    inside(((event.clientX - box.left) * UNITS) / box.width),
    inside(((event.clientY - box.top) * UNITS) / box.height),
  ];
}

function act(state, step) {
  state.steps.push(step);
  draw(state, step);
  settle(state);
}

function undo(state) {
  if (state.stroke || !state.steps.length) return;
  state.steps.pop();
  blank(state);
  for (const step of state.steps) draw(state, step);
  settle(state);
}

function draw(state, step) {
  if (step.clear) blank(state);
  else if (step.image) {
    blank(state);
    state.pen.drawImage(step.image, 0, 0, UNITS, UNITS);
  } else if (step.fill) fill(state, step);
  else line(state.pen, step, 0);
}

function blank(state) {
  state.pen.fillStyle = "#000";
  state.pen.fillRect(0, 0, UNITS, UNITS);
}

// A stroke from one of its points on. A single point is a dot: a line without length is nothing in some browsers.
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
  for (const point of stroke.points.slice(from + 1)) pen.lineTo(...point);
  pen.stroke();
}

// Fill what is of one grey around a point, a pixel further on every side, so that no dark seam is left at soft edges.
function fill(state, step) {
  const scale = PIXELS / UNITS;
  const [x0, y0] = [step.x, step.y].map(value => Math.max(0, Math.min(PIXELS - 1, Math.floor(value * scale))));
  const image = state.pen.getImageData(0, 0, PIXELS, PIXELS);
  const pixels = new Uint32Array(image.data.buffer);
  const grey = index => image.data[4 * index];
  const first = y0 * PIXELS + x0;
  const seed = grey(first);
  const found = new Uint8Array(PIXELS * PIXELS);
  const open = [first];
  found[first] = 1;
  const look = index => {
    if (!found[index] && Math.abs(grey(index) - seed) < FILL_CLOSE) {
      found[index] = 1;
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
  for (let index = 0; index < found.length; index++) {
    const x = index % PIXELS;
    const near = found[index] || (x > 0 && found[index - 1]) || (x < PIXELS - 1 && found[index + 1])
      || found[index - PIXELS] || found[index + PIXELS];
    if (near) pixels[index] = colour;
  }
  state.pen.putImageData(image, 0, 0);
}

// Tell the server. `framed`: the drawing stands on one of the data set's images, where that stood.
function settle(state) {
  const cleared = state.steps.findLastIndex(step => step.clear || step.image);
  const framed = Boolean(state.steps[cleared]?.framed);
  state.latest = reduced(state);
  set(state, {});
  state.component.setStateValue("drawing", { image: state.latest, framed, version: state.version });
}

// The canvas as base64 of a small PNG, each pixel the mean of those it covers; "" when all is black.
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

// Put an image from the server onto the canvas: a sample to begin with, or what was drawn here before.
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

// Runs again with every script run; what was drawn stays, since it belongs to the element.
export default function (component) {
  const root = component.parentElement;
  const fresh = !root.aeDrawing;
  const state = (root.aeDrawing ??= begin(root));
  state.component = component;
  if (fresh) blank(state);
  if (state.version !== component.data.version) load(state, component.data);
}
