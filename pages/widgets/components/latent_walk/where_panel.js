// "Where am I?": a verdict, bars that compare with held-out data, and the nearest real sample.
// `show` takes a diagnosis of makeWhere(…).at. It may be called in every frame, so only changes are written.

/** @import { WalkFacts } from "./types.js" */
/** @import { ClassStyle, Diagnosis, ReferenceHeader, Sheet, Where } from "../shared/types.js" */

import { element } from "../shared/dom.js";
import { densityText } from "../shared/where.js";

/** @typedef {ReturnType<WalkWhere["bar"]>} Bar */

const WHERE_FULL = 2; // a bar's length, in 95th percentiles of held-out data: its middle is where the usual ends
const WHERE_USUAL = "The mark is the limit of the usual: 95 % of what was held out from training stays left of it.";

/**
 * A ratio to the usual limit in words: "0.7 × the limit".
 * @param {number} times
 */
function timesText(times) {
  if (!Number.isFinite(times)) return "beyond measure";
  const whole = () => (times < 1e4 ? Math.round(times).toLocaleString("en") : times.toExponential(0));
  return `${times < 10 ? times.toFixed(1) : whole()} × the limit`;
}

export class WalkWhere {
  constructor() {
    this.root = element("div", "where");
    /** @type {ReferenceHeader} */
    this.survey = null;
    /** @type {Where} */
    this.where = null;
    /** @type {WalkFacts} */
    this.facts = null;
    this.verdict = element("p", "verdict");
    this.sentence = element("span");
    this.verdict.append(element("b", "", "Where am I? "), this.sentence);
    this.bars = element("div", "bars");
    this.density = this.bar("Prior density", "How many of the prior's own random codings are less likely than this.");
    this.distance = this.bar("Distance to nearest code", "");
    this.drift = this.bar("Drift after encoding again", `How far the coding moves when its picture is encoded again. ${WHERE_USUAL}`);
    this.nearest = element("div", "nearest");
    this.canvas = element("canvas");
    this.canvas.setAttribute("role", "img");
    this.caption = element("span", "caption");
    this.among = element("span", "among");
    this.heading = element("b", "", "Nearest real image");
    const said = element("div", "said-nearest");
    said.append(this.heading, this.caption, this.among);
    this.nearest.append(said, this.canvas);
    this.root.append(this.verdict, this.bars, this.nearest);
  }

  /**
   * @param {string} name
   * @param {string} title
   */
  bar(name, title) {
    const root = element("div", "bar"), head = element("div", "head"), value = element("span", "value"), fill = element("i");
    root.title = title;
    const track = element("div", "track");
    track.append(fill);
    head.append(element("span", "name", name), value);
    root.append(head, track);
    this.bars.append(root);
    return { root, value, fill, track };
  }

  /**
   * Takes the data of another run: `survey` of off_manifold, `where` of makeWhere, `facts` of the walk. The sheet of
   * images stays until `images`, since two runs may share it.
   * @param {ReferenceHeader} survey
   * @param {Where} where
   * @param {WalkFacts} facts
   */
  begin(survey, where, facts) {
    Object.assign(this, { survey, where, facts, shown: null });
    this.density.root.hidden = survey.prior === null;
    for (const bar of [this.distance, this.drift]) bar.track.classList.add("marked");
    this.heading.textContent = facts.shape.length > 1 ? "Nearest real image" : "Nearest real sample";
    this.distance.root.title = `To the nearest of the codings of ${facts.surveyed}. ${WHERE_USUAL}`;
    this.among.textContent = `among ${facts.surveyed}`;
    this.canvas.hidden = true;
  }

  /** @param {ClassStyle[]} classes */
  dress(classes) {
    this.classes = classes;
    if (this.shown !== null) this.name(this.shown);
  }

  /**
   * `late`: the drift is that of the place where the walk was let go last.
   * @param {Diagnosis} at
   * @param {boolean} late
   */
  show(at, late) {
    this.root.dataset.level = String(at.level);
    if (this.sentence.textContent !== at.verdict) this.sentence.textContent = at.verdict;
    const { unlikely } = this.survey, { density, distanceRatio, driftRatio } = at;
    if (density !== null) this.fill(this.density, density, densityText(density), density < unlikely);
    this.fill(this.distance, distanceRatio / WHERE_FULL, timesText(distanceRatio), distanceRatio > 1);
    if (at.drift !== null) this.fill(this.drift, driftRatio / WHERE_FULL, timesText(driftRatio), driftRatio > 1);
    this.drift.root.classList.toggle("late", late);
    this.drift.root.hidden = at.drift === null && !this.drift.value.textContent;
    if (at.nearest !== this.shown) this.name(at.nearest);
  }

  /**
   * @param {Bar} bar
   * @param {number} share of its length
   * @param {string} text
   * @param {boolean} warns
   */
  fill(bar, share, text, warns) {
    bar.fill.style.width = `${100 * Math.min(share, 1)}%`;
    bar.fill.classList.toggle("warns", warns);
    if (bar.value.textContent !== text) bar.value.textContent = text;
  }

  /** @param {number} i */
  name(i) {
    this.shown = i;
    this.root.dataset.nearest = String(this.where.numbers[i]);
    const { labels, numbers } = this.where, group = labels ? this.facts.groups.indexOf(labels[i]) : -1;
    const number = `no. ${numbers[i].toLocaleString("en")}`, name = this.classes?.[group]?.name;
    this.caption.textContent = name ? `${name} · ${number}` : number;
    this.canvas.setAttribute("aria-label", `Nearest real image: ${this.caption.textContent}`);
    this.picture();
  }

  /**
   * The sheet of images arrives after the rest: its decoding takes a moment.
   * @param {Sheet | null} sheet
   */
  images(sheet) {
    this.sheet = sheet;
    this.picture();
  }

  picture() {
    if (!this.sheet || this.shown === null) return;
    const { width, height, columns, bitmap, halved } = this.sheet, { canvas, shown } = this;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.hidden = false;
    canvas.classList.toggle("pixels", !halved);
    const fromX = (shown % columns) * width, fromY = Math.floor(shown / columns) * height;
    canvas.getContext("2d").drawImage(bitmap, fromX, fromY, width, height, 0, 0, width, height);
  }

  words() {
    return `${this.sentence.textContent} Nearest: ${this.caption.textContent}.`;
  }
}
