"""Container format for a canvas component's arrays; colours and markers of its header; its style sheets.

`shared/unpack.js` reads the container without copying: the length of the header (4 bytes, little-endian),
the header as JSON, then the buffers, each beginning at a multiple of 8 bytes. The header's `arrays` hold dtype, shape
and offset of each buffer; the caller defines the other entries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aecore.datasets.base import class_name
from aecore.figures.theme import Theme

COMPONENTS = Path(__file__).resolve().parents[1]
ALIGNMENT = 8
# The dtypes with a typed array in JavaScript, without 64-bit integers, which would become BigInt.
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


def pack(header: Mapping[str, Any], **arrays: np.ndarray | bytes) -> bytes:
    """Bytes of a container with `header` and the arrays.

    Parameters
    ----------
    header : JSON values without NaN and infinity; the name 'arrays' is reserved.
    arrays : of any shape, in one of `DTYPES`; bytes (a file, such as a PNG) are stored as uint8 of shape (length,).

    Raises
    ------
    ValueError : for a dtype JavaScript cannot view, for a header that JSON cannot hold.
    """
    beginning, buffers = _laid_out(header, arrays)
    pieces: list[Any] = [beginning]
    for values in buffers:
        pieces += [values.reshape(-1).view(np.uint8).data, bytes(-values.nbytes % ALIGNMENT)]
    return b"".join(pieces)


def head(header: Mapping[str, Any], **arrays: np.ndarray | bytes) -> bytes:
    """Bytes of the container without its buffers, only with their names, dtypes, shapes and offsets."""
    return _laid_out(header, arrays)[0]


def _laid_out(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray | bytes]) -> tuple[bytes, list[np.ndarray]]:
    if "arrays" in header:
        raise ValueError("header: got a key 'arrays', which is taken by the arrays' places; allowed: any other name")
    places: dict[str, dict[str, Any]] = {}
    buffers: list[np.ndarray] = []
    offset = 0
    for name, array in arrays.items():
        values = np.frombuffer(array, np.uint8) if isinstance(array, bytes) else np.ascontiguousarray(array)
        if values.dtype.name not in DTYPES or not values.dtype.isnative:
            raise ValueError(f"{name}: got dtype {values.dtype.name}, allowed: {', '.join(DTYPES)}")
        places[name] = {"dtype": values.dtype.name, "shape": list(np.shape(array) or (len(values),)), "offset": offset}
        buffers.append(values)
        offset += values.nbytes + -values.nbytes % ALIGNMENT
    text = json.dumps({**header, "arrays": places}, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-(4 + len(text)) % ALIGNMENT)
    return len(text).to_bytes(4, "little") + text, buffers


def style_header(theme: Theme, groups: Sequence[int] = (), class_names: Sequence[str] = ()) -> dict[str, Any]:
    """Header entries `theme`, colours and font of the page, and `classes`, colour, marker and name of each class.

    `groups` are the class numbers to include, in the order in which the arrays index them; a class without a name in
    `class_names` is named by its number. `shared/markers.js` draws the shapes.
    """
    return {
        "theme": {
            "name": theme.name,
            "primary": theme.primary,
            "background": theme.background,
            "second": theme.second_background,
            "text": theme.text,
            "muted": theme.muted,
            "border": theme.border,
            "guide": theme.guide,
            "outline": theme.outline,
            "main": theme.main,
            "warning": theme.other,
            "sequential": list(theme.sequential),
            "font": theme.font,
            "size": theme.font_size,
        },
        "classes": [
            {
                "name": class_name(class_names, group),
                "colour": theme.class_colour(group),
                "symbol": theme.class_symbol(group),
            }
            for group in map(int, groups)
        ],
    }


def style(name: str) -> str:
    """The text of a style sheet such as 'latent_map/map.css'."""
    return (COMPONENTS / name).read_text(encoding="utf-8")


def markup(name: str) -> str:
    """The text of an HTML fragment such as 'training_film/training_film.html'."""
    return (COMPONENTS / name).read_text(encoding="utf-8")
