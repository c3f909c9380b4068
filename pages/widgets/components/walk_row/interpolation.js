// Interpolation between two codings, like aecore.analysis.interpolation.

/**
 * `into`, filled with the coding at t between two codings: on a line, or with an angle on the arc (Shoemake 1985).
 * @param {Float32Array} first
 * @param {Float32Array} last
 * @param {number} t 0 to 1
 * @param {number | null} angle between both codings, in radians; null for a line
 * @param {Float32Array} into
 */
export function codingAt(first, last, t, angle, into) {
  const [left, right] = angle ? [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)] : [1 - t, t];
  for (let i = 0; i < into.length; i++) into[i] = t === 0 ? first[i] : t === 1 ? last[i] : left * first[i] + right * last[i];
  return into;
}
