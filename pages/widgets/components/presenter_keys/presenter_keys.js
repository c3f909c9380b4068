// The presenter's keys: arrows, Page Up and Page Down (which presenter remotes send) step, Escape leaves. Steps are
// counted in the browser and sent as absolute numbers, so that fast presses are not lost while the page is drawn.

/** @import { Component } from "../shared/types.js" */

import { find } from "../shared/dom.js";

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

const LEAVE = -1; // a step as well, so that an earlier step cannot overwrite it

/** @type {WeakMap<HTMLElement, { step: number, sent: number | null, version: string, onkey: (event: KeyboardEvent) => void }>} */
const STATES = new WeakMap();

/** @param {Component<{ step: number, count: number, version: string }>} component */
export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = find(parentElement, ".present-keys", HTMLElement);
  const counter = find(root, ".told", HTMLElement);
  // Called in every script run; the state belongs to the element, and there is one listener at a time.
  const state = STATES.get(root) ?? { step: data.step, sent: null, version: data.version, onkey: null };
  STATES.set(root, state);
  const late = state.sent !== null && data.step !== state.sent && data.version === state.version;
  if (!late) Object.assign(state, { step: data.step, sent: null, version: data.version });
  const show = () => (counter.textContent = `${state.step + 1} / ${data.count}`);

  const go = (/** @type {number} */ step) => {
    const wanted = Math.min(Math.max(step, 0), data.count - 1);
    if (wanted === state.step) return;
    state.step = state.sent = wanted;
    show();
    setStateValue("step", wanted);
  };
  const leave = () => setStateValue("step", LEAVE);
  const onkey = (/** @type {KeyboardEvent} */ event) => {
    const [target] = event.composedPath(), at = target instanceof Element ? target.tagName : "";
    if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at)) return;
    if (event.key === "Escape") leave();
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(data.count - 1);
    else if (event.key in STEPS && !(event.key === " " && at === "BUTTON")) go(state.step + STEPS[event.key]);
    else return;
    event.preventDefault();
  };
  find(root, ".back", HTMLElement).onclick = () => go(state.step - 1);
  find(root, ".on", HTMLElement).onclick = () => go(state.step + 1);
  find(root, ".leave", HTMLElement).onclick = leave;
  show();
  if (state.onkey) document.removeEventListener("keydown", state.onkey);
  document.addEventListener("keydown", onkey);
  state.onkey = onkey;
  return () => document.removeEventListener("keydown", state.onkey);
}
