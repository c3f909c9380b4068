"""Generator of `marker_shapes.js`, the outlines of `aecore.figures.markers` for the components' scripts.

`python -m pages.widgets.components.shared.marker_shapes` writes the file; a test compares it with the table.
"""

from __future__ import annotations

import json
from pathlib import Path

from aecore.figures.markers import MARKERS

PATH = Path(__file__).with_suffix(".js")


def source() -> str:
    """The text of `marker_shapes.js`: a line per shape, corners rounded to four decimals."""
    lines = [
        f"  {json.dumps(marker.symbol)}: {json.dumps([[round(x, 4), round(y, 4)] for x, y in marker.corners])},"
        for marker in MARKERS
    ]
    return "\n".join(
        [
            "// Corners of the markers for radius 1, y downwards; none for the circle. Written by marker_shapes.py.",
            "",
            "/** @type {Record<string, number[][]>} */",
            "export const MARKERS = {",
            *lines,
            "};",
            "",
        ]
    )


if __name__ == "__main__":
    PATH.write_text(source(), encoding="utf-8")
