// The diagnosis of a place in words: its verdict, its distance and drift, the real image nearest to it.

/** @import { RowArrays, RowHeader } from "./types.js" */

import { densityText } from "../shared/where.js";

/**
 * Verdict and measures of a place.
 * @param {RowHeader} header
 * @param {RowArrays} arrays
 * @param {number} place position in the measures
 */
export function diagnosisText({ verdicts }, arrays, place) {
  const [distance, drift] = [arrays.distance, arrays.drift].map(values => timesText(values[place]));
  const density = arrays.density ? ` Prior density ${densityText(arrays.density[place])}.` : "";
  return `${verdicts[arrays.verdict[place]]} Distance ${distance}, drift ${drift} the limit.${density}`;
}

/**
 * Name of the real image nearest to a place.
 * @param {RowHeader} header
 * @param {RowArrays} arrays
 * @param {number} place position in the measures
 */
export function nearestText({ shape, nearest }, arrays, place) {
  return `Nearest real ${shape.length > 1 ? "image" : "sample"}: ${nearest[arrays.near[place]]}.`;
}

/**
 * A ratio such as '1.3 ×'.
 * @param {number} times
 */
function timesText(times) {
  return times < 100 ? `${times.toFixed(1)} ×` : "over 100 ×";
}
