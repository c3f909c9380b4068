// The layers of a network as buttons: the trigger `chosen` is the name of the chosen one. Python escapes their HTML.

/** @import { Component } from "../shared/types.js" */

/** @param {Component<{ html: string }>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".network"));
  const focused = /** @type {HTMLElement | null} */ (root.querySelector("button:focus"))?.dataset.layer;
  root.innerHTML = data.html;
  const layers = /** @type {HTMLButtonElement[]} */ ([...root.querySelectorAll("button")]);
  for (const layer of layers) {
    layer.onclick = () => {
      const opens = layer.getAttribute("aria-pressed") !== "true";
      for (const other of layers) other.setAttribute("aria-pressed", String(opens && other === layer));
      setTriggerValue("chosen", layer.dataset.layer);
    };
    if (layer.dataset.layer === focused) layer.focus();
  }
}
