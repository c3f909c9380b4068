// The card beside the pointer: a sample's image, its reconstructions, its class, number and errors.

/** @import { LatentMap } from "./map.js" */
/** @import { Mark } from "./types.js" */
/** @import { Panel } from "./panel.js" */
/** @import { Shaped, Sheet } from "../shared/types.js" */

import { element } from "../shared/dom.js";
import { shortened } from "./base.js";

/**
 * A number with four decimals and no leading zero, like `aecore.text.error_text`.
 * @param {number} value
 */
function numberText(value) {
  if (!Number.isFinite(value)) return "–";
  if (value && Math.abs(value) < 0.00005) return value.toExponential(1);
  return value.toFixed(4).replace(/^(-?)0\./, "$1.");
}

/**
 * A canvas with image i of a sheet.
 * @param {Sheet} sheet
 * @param {number} i
 */
function imageOf(sheet, i) {
  const canvas = element("canvas", sheet.halved ? "smooth" : ""), { width, height, columns } = sheet;
  Object.assign(canvas, { width, height });
  const fromX = (i % columns) * width, fromY = Math.floor(i / columns) * height;
  canvas.getContext("2d").drawImage(sheet.bitmap, fromX, fromY, width, height, 0, 0, width, height);
  return canvas;
}

/**
 * Class name of sample i, '' without classes.
 * @param {LatentMap} map
 * @param {number} i
 */
function nameOf(map, i) {
  return map.groups ? map.look.classes[map.groups[i]].name : "";
}

/**
 * Sample i in words, for screen readers: "Sandal, number 1,204, error .0131".
 * @param {LatentMap} map
 * @param {number} i
 */
export function wordsOf(map, i) {
  const words = [nameOf(map, i), `number ${map.samples.arrays.numbers[i].toLocaleString("en")}`];
  for (const panel of map.panels) {
    const errors = panel.blob.arrays.errors;
    if (errors) words.push(`error ${numberText(errors[i])}${map.panels.length > 1 ? ` (${panel.title})` : ""}`);
  }
  if (map.view.arrays.values) words.push(`${map.view.header.scale.name} ${numberText(map.view.arrays.values[i])}`);
  return words.filter(Boolean).join(", ");
}

/**
 * Fills the card with sample i.
 * @param {LatentMap} map
 * @param {number} i
 */
export function fillCard(map, i) {
  const card = map.card, head = element("div", "head"), pictures = element("div", "pictures"), two = map.panels.length > 1;
  const figure = (/** @type {HTMLCanvasElement} */ canvas, /** @type {string} */ caption) => {
    const node = element("figure");
    node.append(canvas, element("figcaption", "", caption));
    pictures.append(node);
  };
  if (map.sheets.get("images")) figure(imageOf(map.sheets.get("images"), i), "original");
  map.panels.forEach((panel, k) => {
    const sheet = map.sheets.get(`reconstructions${k}`);
    if (sheet) figure(imageOf(sheet, i), two && panel.title ? shortened(panel.title, 16) : "reconstruction");
  });
  if (map.groups) {
    const sign = element("i");
    sign.style.background = map.look.classes[map.groups[i]].colour;
    head.append(sign, element("b", "", shortened(nameOf(map, i), 32)));
  }
  head.append(element("span", "", `#${map.samples.arrays.numbers[i]}`));
  const rows = element("div", "rows");
  map.panels.forEach((panel, k) => {
    const errors = panel.blob.arrays.errors;
    if (errors) rows.append(element("div", "", `error ${numberText(errors[i])}${two ? ` · ${panel.title || k + 1}` : ""}`));
  });
  const { values } = map.view.arrays;
  if (values) rows.append(element("div", "", `${map.view.header.scale.name} ${numberText(values[i])}`));
  card.replaceChildren(...(pictures.childElementCount ? [pictures] : []), head, rows);
}

/**
 * Fills the card with a mark.
 * @param {LatentMap} map
 * @param {Mark} mark
 */
export function fillMarkCard(map, mark) {
  const pictures = element("div", "pictures"), figure = element("figure");
  if (mark.picture) {
    const canvas = element("canvas");
    Object.assign(canvas, { width: mark.picture.width, height: mark.picture.height });
    canvas.getContext("2d").drawImage(mark.picture, 0, 0);
    figure.append(canvas);
    pictures.append(figure);
  }
  const head = element("div", "head");
  head.append(element("b", "", mark.text));
  map.card.replaceChildren(...(mark.picture ? [pictures] : []), head);
}

/**
 * Places the card beside a point of a panel, on the side with room for it.
 * @param {LatentMap} map
 * @param {Panel} panel
 * @param {number} x
 * @param {number} y
 */
export function placeCard(map, panel, x, y) {
  const card = map.card, left = panel.stage.offsetLeft + x, top = panel.stage.offsetTop + y;
  card.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = card, room = map.root.clientWidth;
  const beside = left + 18 + width <= room ? left + 18 : left - 18 - width;
  const most = panel.stage.offsetTop + panel.stage.offsetHeight - height;
  card.style.left = `${Math.max(0, Math.min(beside, room - width))}px`;
  card.style.top = `${Math.max(panel.stage.offsetTop, Math.min(top - height / 2, most))}px`;
}

/**
 * A small canvas with an image of an array (height, width[, 1 or 3]) of uint8.
 * @param {Shaped<Uint8Array>} array
 */
export function pixelsOf(array) {
  const [height, width, depth = 1] = array.shape, canvas = element("canvas");
  Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  for (let p = 0; p < width * height; p++) {
    for (let c = 0; c < 3; c++) image.data[4 * p + c] = array[p * depth + (depth === 3 ? c : 0)];
    image.data[4 * p + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
