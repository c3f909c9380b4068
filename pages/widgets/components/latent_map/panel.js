// A panel of the map: its elements, its geometry, its pixels, its blob.

/** @import { LatentMap } from "./map.js" */
/** @import { PanelState } from "./types.js" */

/** @typedef {ReturnType<typeof makePanel>} Panel */

import { element } from "../shared/dom.js";
import { Raster } from "./raster.js";
import { Scene } from "./scene.js";

/**
 * A new panel with its elements.
 * @param {number} number 0 or 1
 */
export function makePanel(number) {
  const outer = element("div"), head = element("div", "title"), stage = element("div", "stage");
  const base = element("canvas"), over = element("canvas", "over"), bar = element("div", "bar");
  const note = element("div", "note"), scene = new Scene();
  over.tabIndex = 0;
  over.setAttribute("role", "img");
  base.ariaHidden = "true"; // below `over`, which has the name
  const positionOf = (/** @type {number} */ i) => {
    scene.project();
    return { x: scene.x[i], y: scene.y[i] };
  };
  Object.assign(over, { positionOf });
  stage.append(base, over, bar);
  outer.append(head, stage, note);
  /** @type {PanelState} */
  const state = { blob: null, title: "", medians: null, flight: null, placed: null, band: null, unseen: false };
  return { number, outer, head, stage, over, bar, note, scene, raster: new Raster(base), ...state };
}

/**
 * Updates what surrounds a panel's points: its label, its colour bar, its cursor.
 * @param {LatentMap} map
 * @param {Panel} panel
 */
export function dress(map, panel) {
  const { over, bar } = panel, { scale, theme } = map.look;
  const label = `Map of ${map.count.toLocaleString("en")} samples${panel.title ? `, ${panel.title}` : ""}`;
  over.setAttribute("aria-label", `${label}. Arrow keys walk from point to point, Enter chooses, Escape clears.`);
  over.className = `over ${map.tool}`;
  map.root.style.setProperty("--muted", theme.muted);
  map.root.style.setProperty("--warning", theme.warning);
  bar.hidden = !scale;
  bar.replaceChildren();
  if (!scale) return;
  const box = element("div", "scale"), ticks = element("div", "ticks"), ramp = element("div", "ramp");
  ticks.append(...[...scale.ticks].reverse().map(text => element("span", "", text)));
  ramp.style.background = `linear-gradient(to top, ${theme.sequential.join(",")})`;
  box.append(ticks, ramp);
  bar.append(element("div", "", scale.name), box);
}
