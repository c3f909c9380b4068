// Thumbnails as buttons: the trigger `clicked` is the position of the clicked one. Python escapes their HTML.

/** @import { Component } from "../shared/types.js" */

/** @param {Component<{ html: string }>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("div");
  root.innerHTML = data.html;
  root.querySelectorAll("figure").forEach((/** @type {HTMLElement} */ figure, /** @type {number} */ place) => {
    figure.tabIndex = 0;
    figure.setAttribute("role", "button");
    figure.setAttribute("aria-label", `${figure.title}: show it on the map`);
    figure.onclick = () => setTriggerValue("clicked", place);
    figure.onkeydown = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      figure.click();
    };
  });
}
