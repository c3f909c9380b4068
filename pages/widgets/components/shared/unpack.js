// Reader of the containers of packing.py. Typed arrays view the bytes without a copy if these begin at a multiple of 8
// in their buffer; otherwise the bytes are copied once.

/** @import { Packed, Shaped, TypedArray } from "./types.js" */

/** @type {Record<string, new (buffer: ArrayBufferLike, offset: number, count: number) => TypedArray>} */
const TYPED = {
  uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array,
  uint32: Uint32Array, int32: Int32Array, float32: Float32Array, float64: Float64Array,
};

/**
 * Header of a container, and its arrays by name, each a typed array with `shape`.
 * @param {Uint8Array} bytes
 * @returns {Packed}
 */
export function unpack(bytes) {
  const whole = bytes.byteOffset % 8 ? bytes.slice() : bytes;
  const length = new DataView(whole.buffer, whole.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + length)));
  const start = whole.byteOffset + 4 + length;
  /** @type {Record<string, Shaped>} */
  const arrays = {};
  for (const [name, place] of Object.entries(header.arrays)) {
    const { dtype, shape, offset } = /** @type {{ dtype: string, shape: number[], offset: number }} */ (place);
    const count = shape.reduce((product, side) => product * side, 1);
    arrays[name] = Object.assign(new TYPED[dtype](whole.buffer, start + offset, count), { shape });
  }
  return { header, arrays };
}
