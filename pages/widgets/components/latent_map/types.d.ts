// What the map is sent, and the state of its panels; only the type checker reads this.

import type { Packed, Shaped, Style } from "../shared/types.js";

/**
 * What `components/latent_map/__init__.py` sends as `view`; a panel's points and neighbours, the samples' numbers and
 * the sheets of images have blobs of their own. `picked` is the answer.
 */
export interface View {
  versions: Record<string, string>;
  style: "dots" | "images";
  tool: "click" | "box" | "lasso";
  focus: number | null; // the sample chosen last
  height: number;
  grows: boolean; // with its width
  scale?: { name: string, ticks: string[], steps: number }; // of the colours
  marks: { panel: number, point: number[], text: string }[];
}

export type ViewHeader = View & Style;

export type Mark = { panel: number, point: number[], text: string, picture?: HTMLCanvasElement };

export type SampleArrays = { numbers: Int32Array, groups?: Uint16Array };

export interface PanelState {
  blob: Packed<{ title: string }, PanelArrays>; // the blob that it shows
  title: string;
  medians: (number[] | null)[]; // of the classes
  flight: { from: Places, start: number } & Places; // from old places to new ones
  placed: { list: number[], side: number }; // the images among the points
  band: number[][]; // the gesture under way
  unseen: boolean;
}

export type Places = { x: Float32Array, y: Float32Array };

export interface PanelArrays {
  points: Shaped<Float32Array>; // (n, 2) or (n, 3)
  near?: Shaped<Uint16Array | Uint32Array>; // (n, k), the nearest in the codings
  near_map?: Shaped<Uint16Array | Uint32Array>; // (n, k), the nearest on the map
  errors?: Float32Array; // (n)
}
