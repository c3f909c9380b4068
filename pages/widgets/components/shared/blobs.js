// Boards on which invisible blobs put their content for the component of the same page that owns them, by its key.
// Each component's script is a separate module, so the boards belong to the window.

/** @import { Component, Packed } from "./types.js" */

/** @typedef {{ slots: Record<string, Packed>, listeners: Set<() => void> }} Board */

const BOARD = Symbol.for("aecore.blobs");

/**
 * The board of the component with a key.
 * @param {string} key
 * @returns {Board}
 */
export function board(key) {
  const page = /** @type {Record<symbol, Map<string, Board>>} */ (/** @type {unknown} */ (globalThis));
  const all = (page[BOARD] ||= new Map());
  let target = all.get(key);
  if (!target) all.set(key, (target = { slots: {}, listeners: new Set() }));
  return target;
}

/**
 * Calls the listeners of a board.
 * @param {Board} target
 */
export function announce(target) {
  for (const listener of target.listeners) listener();
}

/**
 * Whether all blobs that a view names have arrived, in the versions that it names.
 * @param {Record<string, Packed>} slots
 * @param {Record<string, string>} versions
 */
export function complete(slots, versions) {
  return Object.entries(versions).every(([slot, version]) => slots[slot]?.header.version === version);
}

/** @type {WeakMap<object, { key: string, close(): void, closing?: ReturnType<typeof setTimeout> }>} */
const MOUNTED = new WeakMap();

/**
 * The object behind a component's element, and the function that the component returns to Streamlit. The object is a
 * new one if the element had none or one of another owner. Streamlit may call the function and then the component
 * again, so the object closes after 100 ms without another call.
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
