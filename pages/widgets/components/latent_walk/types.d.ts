// What the walk is sent; only the type checker reads this.

import type { Axis } from "./sliders.js";

/** What `components/latent_walk/__init__.py` sends as `facts`. */
export interface WalkFacts {
  shape: number[];
  reach: number; // the largest value that bars have room for
  whyNot: string; // why a half does not run in the browser
  groups: number[]; // class numbers
  surveyed: string; // the reference set in words
  axes: Axis[];
}

/** What it sends as `view`, with what the server decoded and encoded. `z` is the answer. */
export interface WalkView {
  versions: Record<string, string>;
  turn: number; // how often Python moved the walk
  z: number[];
  start: number[];
  notice: string;
  served: string; // why the server cannot decode
  plane: { axes: number[], quantiles: boolean, layers: Record<string, boolean> } | null;
  anchor: number[][] | null; // mean and standard deviation of an image's coding
}

export type Served = { z: number[], picture?: Float32Array, encoded?: Float32Array };
