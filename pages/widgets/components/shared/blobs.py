"""Parts: what a canvas component gets, split by how often it changes.

Streamlit sends a message the browser has already as a reference of a few bytes. So whatever is large travels alone, in
a *part*: an invisible component that only hands its bytes to the component of the same owner in the same page
(`shared/part.js` and `shared/parts.js`). Each part has a *version*, a name of its content. The small part `view` comes
last and names the versions that belong together, so that old and new are never mixed, and a message that changes the
view costs the view and nothing else.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils import script_run_context

from pages.widgets.components.shared import bundle, packing
from pages.widgets.images import sprite_sheet

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
    component = _component()
    if not _named_by_version():
        component(key=f"{owner}_{header['slot']}", data=packing.pack(header, **arrays), height="content")
        return
    _handing.whole = functools.partial(packing.pack, header, **arrays)
    try:
        component(key=f"{owner}_{header['slot']}", data=packing.head(header, **arrays), height="content")
    finally:
        del _handing.whole


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(NAME, html="<i hidden></i>", js=bundle.script("shared/blob.js"))


_handing = threading.local()  # `whole`: makes all bytes of the part that this thread hands over


@st.cache_resource(show_spinner=False)
def _named_by_version() -> bool:
    """Streamlit tells messages apart by a hash of all their bytes, copies them half a dozen times on the way there, and
    then finds that the browser has them: a fifth of what a page with a map costs. A part's header says its version, so
    that is enough for a name, and the bytes are put in only where the browser wants them. By a private function, which
    may be missing one day: False then."""
    name = getattr(script_run_context, "populate_hash_if_needed", None)
    if name is None:
        return False
    if hasattr(name, "__wrapped__"):
        return True

    @functools.wraps(name)
    def named(message: Any) -> None:
        name(message)
        whole = getattr(_handing, "whole", None)
        part = message.delta.new_element.bidi_component  # an empty one in any other message
        if whole is None or part.component_name.split(".")[-1] != NAME:
            return
        message.metadata.cacheable = True
        context = get_script_run_ctx()
        if context is None or message.hash not in context.cached_message_hashes:
            part.bytes = whole()

    script_run_context.populate_hash_if_needed = named  # type: ignore[assignment]
    return True
