// Where invisible blobs leave their bytes for the component in the same page that owns them, by its key.
// Each component's script is a module of its own; the window is what they share.

/** @import { Component, Packed } from "./types.js" */

/** @typedef {{ slots: Record<string, Packed>, listeners: Set<() => void> }} Board */

const BOARD = Symbol.for("aecore.blobs");

/**
 * @param {string} key
 * @returns {Board}
 */
export function board(key) {
  const page = /** @type {Record<symbol, Map<string, Board>>} */ (/** @type {unknown} */ (globalThis));
  const all = (page[BOARD] ||= new Map());
  let place = all.get(key);
  if (!place) all.set(key, (place = { slots: {}, listeners: new Set() }));
  return place;
}

/** @param {Board} place */
export function announce(place) {
  for (const listener of place.listeners) listener();
}

/**
 * Whether all blobs that a view names are there; old and new ones are never mixed.
 * @param {Record<string, Packed>} slots
 * @param {Record<string, string>} versions
 */
export function complete(slots, versions) {
  return Object.entries(versions).every(([slot, version]) => slots[slot]?.header.version === version);
}

/** @type {WeakMap<object, { key: string, close(): void, closing?: ReturnType<typeof setTimeout> }>} */
const MOUNTED = new WeakMap();

/**
 * The object behind a component's element, made anew where the element had none or one of another owner; and the
 * function that the component returns to Streamlit. Streamlit may call that and then the component again: so the object
 * closes only after a moment without another call.
 * @template {{ key: string, close(): void, closing?: ReturnType<typeof setTimeout> }} T
 * @param {new (parent: HTMLElement | ShadowRoot, key: string) => T} Kind
 * @param {Component} component
 * @returns {[T, () => void]}
 */
export function mount(Kind, { parentElement, data }) {
  const before = /** @type {T | undefined} */ (MOUNTED.get(parentElement)), same = before?.key === data.owner;
  if (before && !same) before.close();
  const mounted = before && same ? before : new Kind(parentElement, data.owner);
  MOUNTED.set(parentElement, mounted);
  clearTimeout(mounted.closing);
  const leave = () => {
    mounted.closing = setTimeout(() => {
      mounted.close();
      if (MOUNTED.get(parentElement) === mounted) MOUNTED.delete(parentElement);
    }, 100);
  };
  return [mounted, leave];
}
