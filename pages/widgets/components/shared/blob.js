// A blob: hands its arrays over and takes them back when Python no longer draws it.

import { announce, board } from "./blobs.js";
import { unpack } from "./unpack.js";

/** @import { Component } from "./types.js" */

/** @param {Component<Uint8Array>} component */
export default function (component) {
  const part = unpack(component.data), place = board(part.header.owner), slot = part.header.slot;
  place.slots[slot] = part;
  announce(place);
  return () => {
    if (place.slots[slot] === part) delete place.slots[slot];
  };
}
