"""Component with the bits of a code as switches, and the picture that the code is decoded to.

The browser decodes each flip at once (`bits.js`) and sends the code when the flipping pauses. If the browser cannot run
the decoder, the server decodes that code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore.analysis import hashing, inference
from aecore.errors import AecoreError
from pages.widgets.basics import notice
from pages.widgets.components.latent_walk import Walker
from pages.widgets.components.shared import blobs, bundle, packing

OWNER = "bits"


@dataclass(frozen=True)
class Codes:
    """A run's validation codings (n, d) as `bits` (n, d), with `levels` (2, d) as in `hashing.levels`; the distinct
    codes (k, d), the most frequent first, with their `counts` (k,); and the share of codings that are `decided`."""

    codings: np.ndarray
    bits: np.ndarray
    levels: np.ndarray
    distinct: np.ndarray
    counts: np.ndarray
    decided: float


def draw(
    walker: Walker, codes: Codes, sample: int, image: np.ndarray, *, start: str, code: str, name: str, noun: str
) -> str:
    """Draw the switches; returns the code that the browser sent last, as text, else `code`.

    Parameters
    ----------
    sample : number of the sample whose code the view starts with and counts flips from.
    image : that sample, of the run's shape, float32.
    start : identifier of the run and the sample; messages with another one are ignored.
    name, noun : the sample's name and kind: 'Bag, no. 12', 'image'.
    """
    sample_code = hashing.text(codes.bits[sample])
    d = codes.bits.shape[1]
    arrays: dict[str, np.ndarray | bytes] = {
        "packed": hashing.pack_bits(codes.distinct),
        "counts": codes.counts.astype(np.int32),
        "balance": codes.bits.mean(axis=0, dtype=np.float32),
        "levels": codes.levels,
    }
    slots = {"codes": blobs.versioned("codes", {}, arrays)}
    if "decoder" in walker.slots:
        slots["decoder"] = walker.slots["decoder"]
    with st.container(gap=None, key="bits_box"):
        answer = _component()(key=OWNER, data={"owner": OWNER}, height="content", on_code_change=lambda: None)
        code = rested(answer.get("code"), start, d) or code
        for slot in slots.values():
            blobs.send(OWNER, slot)
        view: dict[str, Any] = {
            "start": start,
            "own": sample_code,
            "code": code,
            "name": name,
            "noun": noun,
            "shape": list(image.shape),
            "reach": walker.reach,
            "versions": blobs.versions(slots),
        }
        arrays = {"image": image, "own": codes.codings[sample]}
        if walker.decoder is None:
            try:
                wanted = hashing.decodable(hashing.parse(code, d)[None], codes.levels)
                arrays["picture"] = inference.decode(walker.run, wanted)[0]
                view["decoded"] = code
            except AecoreError as error:
                notice.warning(str(error))
        blobs.send(OWNER, blobs.versioned("view", view, arrays))
    return code


def rested(answer: object, start: str, d: int) -> str | None:
    """The code in the browser's message; None for a message of another `start`, which may be older than the page."""
    if not isinstance(answer, dict) or answer.get("start") != start:
        return None
    code = answer.get("bits")
    return code if isinstance(code, str) and len(code) == d and set(code) <= {"0", "1"} else None


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "bits",
        html='<div class="bits-box"><div class="bits"></div></div>',
        css=packing.style("bits/bits.css"),
        js=bundle.script("bits/bits.js"),
    )
