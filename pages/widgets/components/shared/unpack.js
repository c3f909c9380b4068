// Takes a container of packing.py apart: {header, arrays: {name: typed array with .shape}}. Nothing is copied where
// the bytes begin at a multiple of 8 in their buffer, which typed arrays ask for; otherwise they are copied once.
const TYPED = {
  uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array,
  uint32: Uint32Array, int32: Int32Array, float32: Float32Array, float64: Float64Array,
};

export function unpack(bytes) {
  const whole = bytes.byteOffset % 8 ? bytes.slice() : bytes;
  const length = new DataView(whole.buffer, whole.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + length)));
  const start = whole.byteOffset + 4 + length;
  const arrays = {};
  for (const [name, place] of Object.entries(header.arrays)) {
    const count = place.shape.reduce((product, side) => product * side, 1);
    arrays[name] = new TYPED[place.dtype](whole.buffer, start + place.offset, count);
    arrays[name].shape = place.shape;
  }
  return { header, arrays };
}
