"""A latent map as an HTML file of its own: Plotly's chart, and the image of the point under the pointer."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from aecore.errors import SpecError
from aecore.export.sprites import side_by_side
from aecore.figures.latent_map import MAP_CONFIG
from aecore.figures.theme import Theme

MOST_IMAGES = 5_000
CARD = 112  # pixels of the longer side of the image on hover

# `gd` is the element of the chart; `customdata[0]` of a point is its sample number.
_SCRIPT = """
const sheet = %s;
const chart = document.getElementById("{plot_id}");
const card = document.body.appendChild(document.createElement("div"));
card.className = "card";
const place = new Map(sheet.numbers.map((number, i) => [number, i]));
chart.on("plotly_hover", ({event, points: [point]}) => {
  const i = place.get(point.customdata?.[0]);
  if (i === undefined) return;
  const column = i %% sheet.columns, row = Math.floor(i / sheet.columns);
  Object.assign(card.style, {
    display: "block",
    width: `${sheet.width * sheet.zoom}px`,
    height: `${sheet.height * sheet.zoom}px`,
    backgroundImage: `url(${sheet.file})`,
    backgroundSize: `${sheet.columns * sheet.width * sheet.zoom}px auto`,
    backgroundPosition: `${-column * sheet.width * sheet.zoom}px ${-row * sheet.height * sheet.zoom}px`,
    left: `${Math.min(event.clientX + 18, innerWidth - sheet.width * sheet.zoom - 12)}px`,
    top: `${Math.max(12, event.clientY - sheet.height * sheet.zoom - 18)}px`,
  });
});
chart.on("plotly_unhover", () => { card.style.display = "none"; });
"""
_STYLE = """<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
html, body {{ margin: 0; height: 100%; background: {background}; }}
.card {{ display: none; position: fixed; pointer-events: none; image-rendering: pixelated; border-radius: 4px;
  box-shadow: 0 2px 10px rgb(0 0 0 / 45%); }}
</style></head>"""


def map_page(
    figure: go.Figure, theme: Theme, numbers: np.ndarray | None = None, images: np.ndarray | None = None
) -> str:
    """The HTML of a figure of `aecore.figures.latent_map`, with Plotly's script in it: 5 MB, no network needed.

    Parameters
    ----------
    theme : the one of the figure.
    numbers, images : (n,) sample numbers and their (n, height, width[, 1 or 3]) uint8 images, at most 5,000; a point
        under the pointer shows its image.

    Raises
    ------
    SpecError : for more images, or another number of them than of numbers.
    """
    script = None
    if images is not None:
        if numbers is None or len(numbers) != len(images) or len(images) > MOST_IMAGES:
            count = "none" if numbers is None else len(numbers)
            raise SpecError(f"images: got {len(images)} and {count} numbers, allowed: up to {MOST_IMAGES:,}, one each")
        script = _SCRIPT % json.dumps(_sheet(np.asarray(numbers), np.asarray(images)))
    large = go.Figure(figure).update_layout(height=None, paper_bgcolor=theme.background)
    page = large.to_html(
        config=MAP_CONFIG, include_plotlyjs=True, default_height="100vh", post_script=script, full_html=True
    )
    return page.replace("</head>", _STYLE.format(background=theme.background), 1)


def _sheet(numbers: np.ndarray, images: np.ndarray) -> dict[str, object]:
    """One PNG of all images in a near-square grid as a data URL, with what the script needs to cut them out."""
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    height, width = images.shape[1:3]
    picture, columns = side_by_side(images)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return {
        "file": "data:image/png;base64," + base64.b64encode(file.getvalue()).decode(),
        "numbers": numbers.tolist(),
        "columns": columns,
        "width": width,
        "height": height,
        "zoom": max(1, CARD // max(height, width)),
    }
