// The buttons of a narrow screen: each clicks the element of the page that its `data-clicks` selects.

/** @import { Component } from "../shared/types.js" */

/** @param {Component<{ train: string, trains: boolean, stops: boolean }>} component */
export default function ({ parentElement, data }) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([...parentElement.querySelectorAll("button")]), [train, stop] = buttons;
  train.textContent = data.train;
  train.disabled = !data.trains;
  stop.disabled = !data.stops;
  for (const button of buttons) {
    button.onclick = () => /** @type {HTMLElement | null} */ (document.querySelector(button.dataset.clicks))?.click();
  }
}
