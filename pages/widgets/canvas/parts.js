// Where invisible parts leave their bytes for the component in the same page that owns them, by its key.
// Each script of a component is a module of its own; the window is what they share.
const BOARD = Symbol.for("aecore.parts");

function board(key) {
  const all = (globalThis[BOARD] ||= new Map());
  if (!all.has(key)) all.set(key, { slots: {}, listeners: new Set() });
  return all.get(key);
}

function tell(place) {
  for (const listener of place.listeners) listener();
}
