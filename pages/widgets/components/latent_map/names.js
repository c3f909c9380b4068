// Places for the names of classes; the same rule as in aecore/figures/latent_map.py.

/** @typedef {{ text: string, x: number, y: number, width: number }} Name the middle of a text and its width, CSS pixels */

export const NAME_LINE = 19; // height of a name
const NAME_GAP = 4; // pixels between names
const NAME_REACH = 8; // steps to the left or right that a name may move, half as many as up or down
/** @type {number[][]} moves of a name by steps of half a line up and down, and three of these to the side; the shortest first */
const NAME_MOVES = [];
for (let down = -2 * NAME_REACH; down <= 2 * NAME_REACH; down++) for (let across = -NAME_REACH; across <= NAME_REACH; across++) NAME_MOVES.push([across * 1.5 * NAME_LINE, (down * NAME_LINE) / 2]);
NAME_MOVES.sort((a, b) => a[0] ** 2 + a[1] ** 2 - b[0] ** 2 - b[1] ** 2 || a[1] - b[1] || a[0] - b[0]);

/**
 * Moves names to the nearest free places: none overlaps another or leaves the map. From the top down, so that a name
 * keeps its place where it can.
 * @param {Name[]} names
 * @param {number} width of the map
 * @param {number} height
 * @returns {Name[]}
 */
export function placed(names, width, height) {
  /** @type {Name[]} */
  const taken = [];
  for (const name of [...names].sort((a, b) => a.y - b.y || a.x - b.x)) {
    const side = name.width / 2 + NAME_GAP;
    const at = {
      ...name,
      x: Math.min(Math.max(name.x, side), Math.max(width - side, side)),
      y: Math.min(Math.max(name.y, NAME_LINE / 2), height - NAME_LINE / 2),
    };
    const move = NAME_MOVES.find(([across, down]) => {
      const x = at.x + across, y = at.y + down;
      return (!across || (x >= side && x <= width - side)) && y >= NAME_LINE / 2 && y <= height - NAME_LINE / 2 &&
        taken.every(other => Math.abs(other.x - x) >= (other.width + name.width) / 2 + NAME_GAP || Math.abs(other.y - y) >= NAME_LINE);
    });
    if (move) {
      at.x += move[0];
      at.y += move[1];
    }
    taken.push(at);
  }
  return taken;
}
