"""Blobs: the data of a canvas component, split by how often they change.

Streamlit sends only a reference for a message that the browser has cached. So large arrays are sent in messages of
their own: a *blob* is an invisible component that passes its bytes to the component with the key `owner` in the same
page (`shared/blob.js` and `shared/blobs.js`). A blob's *version* is a hash of its content. The small blob `view` comes
last and names the versions that belong together, so that old and new data are never mixed, and a change of the view
sends only the view.
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

NAME = "blob"

Arrays = Mapping[str, np.ndarray | bytes]
Blob = tuple[dict[str, Any], dict[str, np.ndarray | bytes]]  # header, with `slot` (its name) and `version`, and arrays


def versioned(slot: str, header: Mapping[str, Any], arrays: Arrays) -> Blob:
    """A blob named `slot`; its version is a hash of header and arrays."""
    version = sprite_sheet.fingerprint(repr(header).encode(), *arrays.values())
    return {"slot": slot, "version": version, **header}, dict(arrays)


def sprite_blob(slot: str, images: np.ndarray | sprite_sheet.Sheet, lossy: bool = False) -> Blob:
    """A blob with uint8 images (n, height, width[, channels]), n ≥ 1, as one picture file; see `sprite_sheet.sheet`."""
    sheet = images if isinstance(images, sprite_sheet.Sheet) else sprite_sheet.sheet(images, lossy)
    return {"slot": slot, **sheet.facts()}, {"file": sheet.file}


def versions(slots: Mapping[str, Blob]) -> dict[str, str]:
    """{slot: version} of the blobs, an entry of the view."""
    return {slot: header["version"] for slot, (header, _) in slots.items()}


def send(owner: str, blob: Blob) -> None:
    """Draw a blob for the component whose key is `owner`, in the container of that component, which has no gaps."""
    header, arrays = blob
    header = {"owner": owner, **header}
    name, whole = f"{owner}_{header['slot']}", functools.partial(packing.pack, header, **arrays)
    with streamlit_patches.lazy_bytes(NAME, whole) as lazy:
        _component()(key=name, data=packing.head(header, **arrays) if lazy else whole(), height="content")


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(NAME, html="<i hidden></i>", js=bundle.script("shared/blob.js"))
