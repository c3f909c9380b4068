"""Parts: what a canvas component gets, split by how often it changes.

Streamlit sends a message the browser has already as a reference of a few bytes. So whatever is large travels alone, in
a *part*: an invisible component that only hands its bytes to the component of the same owner in the same page
(`canvas/part.js` and `canvas/parts.js`). Each part has a *version*, a name of its content. The small part `view` comes
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
from streamlit.components.v2.bidi_component.main import BidiComponentMixin
from streamlit.runtime.scriptrunner_utils import script_run_context

from pages.widgets import packing, sprites

NAME = "part"
HEAD, LARGE = 1000, 100_000  # bytes: the first of a part hold its owner, slot and version

Arrays = Mapping[str, np.ndarray | bytes]
Slot = tuple[dict[str, Any], dict[str, np.ndarray | bytes]]  # header, with `slot` and `version`, and arrays


def versioned(slot: str, header: Mapping[str, Any], arrays: Arrays) -> Slot:
    """A part named `slot`, its version taken from its content."""
    version = sprites.fingerprint(repr(header).encode(), *arrays.values())
    return {"slot": slot, "version": version, **header}, dict(arrays)


def sheet_slot(slot: str, images: np.ndarray, lossy: bool = False) -> Slot:
    """A part with uint8 images (n, height, width[, channels]), n ≥ 1, as one picture file; see `sprites.sheet`."""
    sheet = sprites.sheet(images, lossy)
    return {"slot": slot, **sheet.facts()}, {"file": sheet.file}


def versions(slots: Mapping[str, Slot]) -> dict[str, str]:
    """What a view says of the parts it belongs to."""
    return {slot: header["version"] for slot, (header, _) in slots.items()}


def hand_over(owner: str, part: Slot) -> None:
    """Draw a part for the component whose key is `owner`; where nothing shall be seen but this, in a container
    without gaps."""
    header, arrays = part
    data = packing.pack({"owner": owner, **header}, **arrays)
    _component()(key=f"{owner}_{header['slot']}", data=data, height="content")


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    _name_by_version()
    return components.component(NAME, html="<i hidden></i>", js=packing.script("unpack.js", "parts.js", "part.js"))


def _name_by_version() -> None:
    """Streamlit tells messages apart by a hash of all their bytes, and makes another of a component's: together a sixth
    of what a page with a map costs. A part's first bytes say its version, so they are enough. Private functions, so
    they may be missing one day."""
    name = getattr(script_run_context, "populate_hash_if_needed", None)
    identify = getattr(BidiComponentMixin, "_build_bidi_identity_kwargs", None)
    if name is None or identify is None or hasattr(name, "__wrapped__"):
        return

    @functools.wraps(name)
    def named(message: Any) -> None:
        part = message.delta.new_element.bidi_component  # an empty one in any other message
        if not _large(part):
            name(message)
            return
        whole, part.bytes = part.bytes, part.bytes[:HEAD]
        name(message)
        part.bytes = whole
        message.metadata.cacheable = True

    @functools.wraps(identify)
    def identified(self: Any, *, proto: Any, **more: Any) -> dict[str, Any]:
        return identify(self, proto=type(proto)() if _large(proto) else proto, **more)  # its key names it

    script_run_context.populate_hash_if_needed = named  # type: ignore[assignment]
    BidiComponentMixin._build_bidi_identity_kwargs = identified  # type: ignore[method-assign]


def _large(part: Any) -> bool:
    return part.component_name.endswith(NAME) and len(part.bytes) > LARGE
