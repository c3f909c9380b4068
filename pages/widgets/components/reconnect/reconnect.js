// Runs the script again when the page has reconnected. Streamlit does so by itself only if a script run was interrupted.

/** @import { Component } from "../shared/types.js" */

const LONGEST = 60000; // milliseconds without input, in case that the script run does not end

/** @type {{ lost: boolean, observer: MutationObserver | null, focused: Element | null, timer: number }} */
const state = { lost: false, observer: null, focused: null, timer: 0 };

/** @param {Component<null>} component */
export default function ({ setTriggerValue }) {
  const app = /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stApp"]'));
  if (!app) return;

  const release = () => {
    window.clearTimeout(state.timer);
    app.inert = false;
    if (state.focused instanceof HTMLElement) state.focused.focus({ preventScroll: true });
  };
  const changed = () => {
    if (app.dataset.testConnectionState !== "CONNECTED") {
      state.lost = true;
    } else if (state.lost) {
      state.lost = false;
      state.focused = document.activeElement;
      state.timer = window.setTimeout(release, LONGEST);
      app.inert = true;
      setTriggerValue("reconnected", true);
    } else if (app.inert && app.dataset.testScriptState === "notRunning") {
      release();
    }
  };
  // Called in every script run: one observer at a time, with the newest `setTriggerValue`.
  state.observer?.disconnect();
  state.observer = new MutationObserver(changed);
  state.observer.observe(app, {
    attributes: true,
    attributeFilter: ["data-test-connection-state", "data-test-script-state"],
  });
}
