// The presenter's keys: arrows, Page Up and Page Down (what clickers send) step, Escape leaves. The step is counted
// here, so that fast presses are not lost while the page is drawn; each is reported as an absolute number.

/** @import { Component } from "../shared/types.js" */

import { find } from "../shared/dom.js";

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

const LEAVE = -1; // a step of its own, so that it cannot be overtaken by one before it

/** @type {WeakMap<HTMLElement, { step: number, sent: number | null, version: string, onkey: (event: KeyboardEvent) => void }>} */
const STATES = new WeakMap();

/** @param {Component<{ step: number, count: number, version: string }>} component */
export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = find(parentElement, ".present-keys", HTMLElement);
  const counter = find(root, ".told", HTMLElement);
  // Called again whenever the page is drawn: this state outlives that, and the keys are listened to once.
  const mine = STATES.get(root) ?? { step: data.step, sent: null, version: data.version, onkey: null };
  STATES.set(root, mine);
  const late = mine.sent !== null && data.step !== mine.sent && data.version === mine.version;
  if (!late) Object.assign(mine, { step: data.step, sent: null, version: data.version });
  const show = () => (counter.textContent = `${mine.step + 1} / ${data.count}`);

  const go = (/** @type {number} */ step) => {
    const wanted = Math.min(Math.max(step, 0), data.count - 1);
    if (wanted === mine.step) return;
    mine.step = mine.sent = wanted;
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
    else if (event.key in STEPS && !(event.key === " " && at === "BUTTON")) go(mine.step + STEPS[event.key]);
    else return;
    event.preventDefault();
  };
  find(root, ".back", HTMLElement).onclick = () => go(mine.step - 1);
  find(root, ".on", HTMLElement).onclick = () => go(mine.step + 1);
  find(root, ".leave", HTMLElement).onclick = leave;
  show();
  if (mine.onkey) document.removeEventListener("keydown", mine.onkey);
  document.addEventListener("keydown", onkey);
  mine.onkey = onkey;
  return () => document.removeEventListener("keydown", mine.onkey);
}
