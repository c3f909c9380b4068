// Where invisible parts leave their bytes for the component in the same page that owns them, by its key.
// Each script of a component is a module of its own; the window is what they share.
const BOARD = Symbol.for("aecore.parts");

export function board(key) {
  const all = (globalThis[BOARD] ||= new Map());
  if (!all.has(key)) all.set(key, { slots: {}, listeners: new Set() });
  return all.get(key);
}

export function announce(place) {
  for (const listener of place.listeners) listener();
}

// Whether all parts that a view names are there; old and new ones are never mixed.
export function complete(slots, versions) {
  return Object.entries(versions).every(([slot, version]) => slots[slot]?.header.version === version);
}

// The object behind a component's element: the one that is there for the same owner, or a `new Kind(element, owner)`.
// It has `key`, its owner, and `close()`. Gives it with the function that the component returns to Streamlit, which may
// call that and then the component again: what the object holds outlives that.
const MOUNTED = new WeakMap();

export function mount(Kind, { parentElement, data }) {
  let kept = MOUNTED.get(parentElement);
  if (kept && kept.key !== data.owner) {
    kept.close();
    kept = null;
  }
  if (!kept) MOUNTED.set(parentElement, (kept = new Kind(parentElement, data.owner)));
  clearTimeout(kept.closing);
  const leave = () => {
    kept.closing = setTimeout(() => {
      kept.close();
      if (MOUNTED.get(parentElement) === kept) MOUNTED.delete(parentElement);
    }, 100);
  };
  return [kept, leave];
}
