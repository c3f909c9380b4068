"""Parts: what a canvas component gets, split by how often it changes.

Streamlit sends a message the browser has already as a reference of a few bytes. So whatever is large travels alone, in
a *part*: an invisible component that only hands its bytes to the component of the same owner in the same page
(`shared/part.js` and `shared/parts.js`). Each part has a *version*, a name of its content. The small part `view` comes
last and names the versions that belong together, so that old and new are never mixed, and a message that changes the
view costs the view and nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle, packing
from pages.widgets.images import sprite_sheet
from pages.widgets.server import streamlit_patches

NAME = "part"

Arrays = Mapping[str, np.ndarray | bytes]
Slot = tuple[dict[str, Any], dict[str, np.ndarray | bytes]]  # header, with `slot` and `version`, and arrays


def versioned(slot: str, header: Mapping[str, Any], arrays: Arrays) -> Slot:
    """A part named `slot`, its version taken from its content."""
    version = sprite_sheet.fingerprint(repr(header).encode(), *arrays.values())
    return {"slot": slot, "version": version, **header}, dict(arrays)


def sheet_slot(slot: str, images: np.ndarray | sprite_sheet.Sheet, lossy: bool = False) -> Slot:
    """A part with uint8 images (n, height, width[, channels]), n ≥ 1, as one picture file; see `sprites.sheet`."""
    sheet = images if isinstance(images, sprite_sheet.Sheet) else sprite_sheet.sheet(images, lossy)
    return {"slot": slot, **sheet.facts()}, {"file": sheet.file}


def versions(slots: Mapping[str, Slot]) -> dict[str, str]:
    """What a view says of the parts it belongs to."""
    return {slot: header["version"] for slot, (header, _) in slots.items()}


def hand_over(owner: str, part: Slot) -> None:
    """Draw a part for the component whose key is `owner`; where nothing shall be seen but this, in a container
    without gaps."""
    header, arrays = part
    header = {"owner": owner, **header}
    name, whole = f"{owner}_{header['slot']}", functools.partial(packing.pack, header, **arrays)
    with streamlit_patches.lazy_bytes(NAME, whole) as lazy:
        _component()(key=name, data=packing.head(header, **arrays) if lazy else whole(), height="content")


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(NAME, html="<i hidden></i>", js=bundle.script("shared/blob.js"))
