// A blob: puts its arrays on the board of its owner, and removes them when Python no longer draws it.

import { announce, board } from "./blobs.js";
import { unpack } from "./unpack.js";

/** @import { Component } from "./types.js" */

/** @param {Component<Uint8Array>} component */
export default function (component) {
  const blob = unpack(component.data), target = board(blob.header.owner), slot = blob.header.slot;
  target.slots[slot] = blob;
  announce(target);
  return () => {
    if (target.slots[slot] === blob) delete target.slots[slot];
  };
}
