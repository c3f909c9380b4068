// The types of what Python sends and of what the components share; only the type checker reads them.

export type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** An array of a container, row by row. */
export type Shaped<T extends TypedArray = TypedArray> = T & { shape: number[] };

/** A container that `packing.pack` wrote. What a header and its arrays hold is the sender's own. */
export interface Packed<Header = any, Arrays = any> {
  header: Header;
  arrays: Arrays;
}

/** What Streamlit gives a component's function: `components.v2.component(…)(data=…)` in Python. */
export interface Component<Data = { owner: string }> {
  data: Data;
  parentElement: HTMLElement | ShadowRoot;
  setStateValue: SetValue;
  setTriggerValue: SetValue;
}
export type SetValue = (name: string, value: unknown) => void;

/** `packing.style_header`. Colours are "#rrggbb". */
export interface Theme {
  name: "light" | "dark";
  primary: string;
  background: string;
  second: string;
  text: string;
  muted: string;
  border: string;
  guide: string;
  outline: string;
  main: string;
  warning: string;
  sequential: string[];
  font: string;
  size: number;
}
export interface ClassStyle {
  name: string;
  colour: string;
  symbol: string;
}
export interface Style {
  theme: Theme;
  classes: ClassStyle[];
}

/** The header of a sheet of images (`sprite_sheet.Sheet.facts`), and its decoded picture. */
export interface Sheet {
  kind: string;
  width: number;
  height: number;
  columns: number;
  halved: boolean;
  bitmap?: ImageBitmap;
}

/** A canvas that keeps what it is painted with. */
export type Picture = HTMLCanvasElement & { pen?: CanvasRenderingContext2D; pixels?: ImageData };

/** `browser.header_and_arrays`: one half of an autoencoder. */
export interface NetworkHeader {
  steps: Step[];
  sizes: number[];
  units: Record<string, number>;
  output_shape: number[];
}
/** A step of a program; beside these it has what its kind of step wants, see aecore/browser/program.py. */
export interface Step {
  op: string;
  [setting: string]: any;
}
export type Tables = Record<string, any>;

export interface Network {
  inputs: number;
  outputs: number;
  shape: number[];
  run(values: ArrayLike<number>): Float32Array;
}

/** `off_manifold.header_and_arrays`. */
export interface ReferenceHeader {
  distance: number;
  drift: number;
  prior: number | null;
  measured: number[];
  far: number;
  unlikely: number;
  verdicts: string[];
}
export interface ReferenceArrays {
  codes: Shaped<Uint16Array>;
  numbers: Int32Array;
  labels?: Int32Array;
}
export interface Diagnosis {
  distance: number;
  distanceRatio: number;
  nearest: number;
  drift: number | null;
  driftRatio: number | null;
  density: number | null;
  level: number;
  verdict: string;
}
export interface Where {
  at(z: Float32Array, encoded: ArrayLike<number> | null): Diagnosis;
  pairs(axes: number[]): Float32Array;
  codes: Float32Array;
  numbers: Int32Array;
  labels: Int32Array | null;
  count: number;
  size: number;
}
