// What the film is sent; only the type checker reads this.

import type { Shaped, Style } from "../shared/types.js";

/**
 * What `components/training_film/__init__.py` sends: frames of a film from number `first` on. `frame` is the answer.
 */
export interface Film {
  version: string;
  training: string; // the run's key
  first: number;
  finished: boolean;
  opening: number | null; // the frame shown first, null for the last
  view: number[]; // left, bottom, right, top
  low: number[]; // of a position, at 0
  unit: number; // of a position, from 0 to 1
  shape: number[]; // of a sample
  range: number[]; // of a sample's values
  watched: string[];
  captions: string[];
  numbers: number[];
  height: number;
}

export type FilmHeader = Film & Style;

export interface FilmArrays {
  positions: Shaped<Uint16Array>; // (frames, points, 2)
  pictures: Shaped<Uint8Array>; // (frames, watched, …)
  originals: Shaped<Uint8Array>; // (watched, …)
  groups: Uint16Array; // (points)
  step: Float32Array; // (frames)
  epoch: Float32Array; // (frames)
  error: Float32Array; // (frames)
}
