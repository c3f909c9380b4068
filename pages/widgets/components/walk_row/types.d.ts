// What the rows of decoded pictures are sent; only the type checker reads this.

import type { Shaped, Style } from "../shared/types.js";

/** What `components/walk_row/__init__.py` sends as `view`, beside the decoder's blob. */
export interface Row {
  version: string;
  versions: Record<string, string>;
  scrub: boolean; // with the large picture and its scrubber
  shape: number[];
  reach: number;
  angle: number | null; // between both ends; null on a straight way
  columns: number;
  wrap: boolean;
  labels: string[];
  framed: number[];
  levels: number[]; // of each picture, [] where none is judged
  ends: string[];
  start: number; // 0 to 1
  verdicts: string[];
  nearest: string[];
}

export type RowHeader = Row & Pick<Style, "theme">;

/** the measures belong to places of the way, or to pictures */
export interface RowArrays {
  codings: Shaped<Float32Array>; // (pictures, d)
  pictures?: Shaped<Uint8Array> | Shaped<Float32Array>; // decoded by the server
  film?: Shaped<Uint8Array> | Shaped<Float32Array>; // of the way, decoded by the server
  distance?: Float32Array; // times the usual limit
  drift?: Float32Array; // times the usual limit
  density?: Float32Array;
  level?: Uint8Array;
  verdict?: Uint8Array;
  near?: Int32Array; // position in `nearest` and `real`
  real?: Shaped<Uint8Array>;
}
