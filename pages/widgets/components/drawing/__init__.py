"""Component with a canvas for a small grey image: brush, fill, eraser, undo; by mouse, pen or finger.

The browser sends a PNG of a few kB when a stroke ends.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore.datasets.own_image import DRAWING_SIDE, read_drawing
from pages.widgets.components.shared import bundle, packing
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


@dataclass(frozen=True)
class Drawing:
    """A drawing: `pixels` (112, 112) uint8, bright on black; `framed` is True if it is over a data set's image."""

    pixels: np.ndarray
    framed: bool


def draw(key: str) -> Drawing | None:
    """Draw the canvas; returns its drawing, None while it is empty.

    The drawing stays in the session while another page or kind of input is shown. Raises `AecoreError` for an invalid
    message of the browser.
    """
    state = _state(key)
    sent = st.session_state.get(key, {}).get("drawing")
    if isinstance(sent, dict) and sent.get("version") == state["version"]:
        read_drawing(sent.get("image"))  # raises for an invalid image before it is stored
        state.update(image=sent.get("image") or "", framed=sent.get("framed") is True)
    _component()(key=key, data={"side": DRAWING_SIDE, **state}, on_drawing_change=lambda: None)
    pixels = read_drawing(state["image"])
    return None if pixels is None else Drawing(pixels, state["framed"])


def begin_with(key: str, sample: np.ndarray) -> None:
    """Put a sample (height, width[, 1 or 3]) uint8 onto the canvas, to be drawn over."""
    grey = sample if sample.ndim == 2 else sample.mean(axis=2).astype(np.uint8)
    rows, columns = (np.arange(DRAWING_SIDE) * size // DRAWING_SIDE for size in grey.shape)
    image = base64.b64encode(png(grey[np.ix_(rows, columns)])).decode()
    state = _state(key)
    state.update(image=image, framed=True, version=state["version"] + 1)


def _state(key: str) -> dict[str, Any]:
    return st.session_state.setdefault(f"{key}_kept", {"image": "", "framed": False, "version": 0})


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "drawing", html=_HTML, css=packing.style("drawing/drawing.css"), js=bundle.script("drawing/drawing.js")
    )
