// Short forms for making elements and looking them up. Text is set as text, never as HTML.

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} kind its tag
 * @param {string} [name] its classes
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(kind, name, text) {
  const node = document.createElement(kind);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
}

/**
 * A new element at the end of `parent`.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {Element} parent
 * @param {K} kind
 * @param {string} [name]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function child(parent, kind, name, text) {
  const node = element(kind, name, text);
  parent.append(node);
  return node;
}

/**
 * A new element with inline styles.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} kind
 * @param {Record<string, string | number>} style names as in CSSStyleDeclaration
 * @returns {HTMLElementTagNameMap[K]}
 */
export function styled(kind, style) {
  const node = document.createElement(kind);
  Object.assign(node.style, style);
  return node;
}

/**
 * The first element in `root` that a selector names.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} Kind its class
 * @returns {T}
 */
export function find(root, selector, Kind) {
  const node = root.querySelector(selector);
  if (!(node instanceof Kind)) throw new TypeError(`${selector}: got ${node}, allowed: ${Kind.name}`);
  return node;
}

/**
 * A canvas's 2-D context, null for a canvas with another kind of context.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export function pen(canvas, settings) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}
