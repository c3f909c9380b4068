"""A canvas to draw a small grey image on: brush, fill, eraser, undo; by mouse, pen or finger.

Nothing is sent while a stroke is drawn. When it ends, the browser hands over a PNG of a few kB.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore.datasets.own_image import DRAWING_SIDE, read_drawing
from pages.widgets.components.shared import packing
from pages.widgets.images.sample_html import png

_GREYS = {255: "White", 190: "Light grey", 125: "Grey", 65: "Dark grey"}
_TOOLS = {"brush": "Brush", "fill": "Fill", "eraser": "Eraser"}


def _buttons(kind: str, options: dict[Any, str], style: str = "", text: bool = True) -> str:
    return "".join(
        f'<button type="button" data-{kind}="{value}" aria-label="{name}" title="{name}" aria-pressed="false"'
        f" {style.format(value=value)}>{name if text else ''}</button>"
        for value, name in options.items()
    )


_HTML = f"""
<div data-all class="all">
  <canvas role="img" aria-label="Canvas to draw on with mouse, pen or finger"></canvas>
  <div class="tools">
    <div class="row" role="group" aria-label="Tool">{_buttons("tool", _TOOLS)}</div>
    <div class="row" role="group" aria-label="Brightness">
      {_buttons("grey", _GREYS, 'style="--own:rgb({value},{value},{value})"', text=False)}
    </div>
    <label class="row size"><span>Size</span>
      <input type="range" min="4" max="64" value="22" aria-label="Size of brush and eraser">
      <span class="frame"><span data-dot></span></span>
    </label>
    <div class="row">
      <button type="button" data-undo disabled title="Undo (Ctrl+Z)">Undo</button>
      <button type="button" data-clear disabled>Clear</button>
    </div>
  </div>
</div>
"""

_CSS = """
.all { display: flex; flex-wrap: wrap; gap: 12px 16px; align-items: flex-start; font: inherit;
  font-family: var(--st-font); color: var(--st-text-color); }
canvas { width: min(280px, 100%); aspect-ratio: 1; display: block; background: #000; touch-action: none;
  cursor: crosshair; border-radius: var(--st-base-radius, .4rem); outline: 1px solid var(--st-border-color); }
.tools { display: flex; flex-direction: column; gap: 10px; flex: 1 1 200px; max-width: 280px; }
.row { display: flex; gap: 6px; align-items: center; }
button { font: inherit; font-size: .9rem; color: inherit; background: var(--st-background-color); cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius, .4rem);
  min-height: 2.2rem; padding: 0 .7rem; flex: 1; }
button:hover:not(:disabled) { border-color: var(--st-primary-color); }
button:focus-visible, input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
button:disabled { opacity: .45; cursor: default; }
[data-tool][aria-pressed=true] { border-color: var(--st-primary-color);
  background: color-mix(in srgb, var(--st-primary-color) 14%, var(--st-background-color)); }
[data-grey] { background: var(--own); padding: 0; }
[data-grey][aria-pressed=true] { box-shadow: 0 0 0 2px var(--st-background-color), 0 0 0 4px var(--st-primary-color);
  border-color: transparent; }
.size { font-size: .9rem; }
input { flex: 1; min-width: 0; accent-color: var(--st-primary-color); }
.frame { width: 34px; height: 34px; display: flex; align-items: center; justify-content: center; }
[data-dot] { border-radius: 50%; background: var(--st-text-color); }
@media (pointer: coarse) { button { min-height: 2.6rem; } }
"""


@dataclass(frozen=True)
class Drawing:
    """What is on the canvas: `pixels` (112, 112) uint8, bright on black; `framed`: drawn over a data set's image."""

    pixels: np.ndarray
    framed: bool


def draw(key: str) -> Drawing | None:
    """Draw the canvas and return what is on it, None while it is empty. Raises `AecoreError` for a message that no
    canvas sends. The drawing is kept in the session while another page or way of input is shown."""
    kept = _kept(key)
    sent = st.session_state.get(key, {}).get("drawing")
    if isinstance(sent, dict) and sent.get("version") == kept["version"]:
        read_drawing(sent.get("image"))  # nothing is kept that cannot be read
        kept.update(image=sent.get("image") or "", framed=sent.get("framed") is True)
    _component()(key=key, data={"side": DRAWING_SIDE, **kept}, on_drawing_change=lambda: None)
    pixels = read_drawing(kept["image"])
    return None if pixels is None else Drawing(pixels, kept["framed"])


def begin_with(key: str, sample: np.ndarray) -> None:
    """Put a sample (height, width) uint8, or with one channel or three, onto the canvas, to be drawn over."""
    grey = sample if sample.ndim == 2 else sample.mean(axis=2).astype(np.uint8)
    rows, columns = (np.arange(DRAWING_SIDE) * size // DRAWING_SIDE for size in grey.shape)
    image = base64.b64encode(png(grey[np.ix_(rows, columns)])).decode()
    kept = _kept(key)
    kept.update(image=image, framed=True, version=kept["version"] + 1)


def _kept(key: str) -> dict[str, Any]:
    return st.session_state.setdefault(f"{key}_kept", {"image": "", "framed": False, "version": 0})


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component("drawing", html=_HTML, css=_CSS, js=packing.script("drawing/drawing.js"))
