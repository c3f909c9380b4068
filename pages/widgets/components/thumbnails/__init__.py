"""Component of thumbnails that can be clicked, such as to mark an image's point on the map."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle, packing
from pages.widgets.images import grid


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "thumbnails",
        html="<div></div>",
        css=packing.style("thumbnails/thumbnails.css"),
        js=bundle.script("thumbnails/thumbnails.js"),
    )


def thumbnails(images: grid.Samples, labels: Sequence[str], *, key: str, per_row: int = 8) -> int | None:
    """Draw `grid.thumbnails` as buttons; returns the position of the one that caused this script run, else None."""
    markup = grid.thumbnails_html(images, labels, per_row)
    return _component()(key=key, data={"html": markup}, on_clicked_change=lambda: None).get("clicked")
