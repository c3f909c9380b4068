"""HTML of image grids: labelled rows and columns, thumbnails, one large image.

A column holds one sample in all its versions, so a grid wraps between samples: ten columns on a wide page, two blocks
of five on a phone (a container query). Vectors are drawn as bars by the same functions. All text is escaped; colours
follow the page's theme (`currentColor`).
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from pages.widgets.images.sample_html import difference, difference_image, is_bars, png, sample_html, to_uint8

__all__ = [
    "difference",
    "difference_image",
    "grid_html",
    "large_image",
    "large_image_html",
    "png",
    "show",
    "thumbnails",
    "thumbnails_html",
    "to_uint8",
]

Samples = Sequence[np.ndarray] | np.ndarray
Row = tuple[str, Samples]
Footer = tuple[str, Sequence[str]]
Alt = Callable[[str, str], str] | Sequence[Sequence[str]]

STYLE = """<style>
.ae-grid{container-type:inline-size;width:100%;font-size:.8rem;line-height:1.5;font-variant-numeric:tabular-nums}
.ae-grid img,.ae-vector{display:block;width:100%;height:auto;max-width:none;border-radius:3px}
.ae-grid img{image-rendering:pixelated}
.ae-block{display:grid;gap:6px;grid-template-columns:max-content repeat(var(--n),minmax(0,var(--most)))}
.ae-block+.ae-block{margin-top:14px}
.ae-column{display:grid;grid-row:span var(--r);grid-template-rows:subgrid;align-items:center;min-width:0}
.ae-names{text-align:right;padding-right:6px;max-width:8rem}
.ae-names,.ae-name,.ae-caption{opacity:.72}
.ae-name,.ae-foot{text-align:center;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.ae-caption{display:none;margin-bottom:6px}
.ae-thumbs{display:grid;gap:4px;grid-template-columns:repeat(var(--n),minmax(0,1fr))}
.ae-thumbs figure,.ae-large figure{margin:0;min-width:0}
.ae-thumbs figcaption{text-align:center;opacity:.72;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.ae-large figcaption{opacity:.72;margin-top:4px}
.ae-large figure{max-width:100%}
.ae-bars{position:relative;display:flex;gap:var(--gap,6%);height:4.5rem;padding:0 8%;border-radius:3px;
 background:linear-gradient(currentColor,currentColor) center/100% 1px no-repeat,rgba(128,128,128,.16)}
.ae-bars i{position:relative;flex:1;min-width:1px}
.ae-up{align-self:flex-start;top:50%;transform:translateY(-100%);background:#3f90da}
.ae-down{align-self:flex-start;top:50%;background:#e76300}
.ae-numbers{display:flex;flex-wrap:wrap;justify-content:space-around;gap:0 .3em;font-size:.85em;opacity:.85}
@container (max-width:560px){
.ae-block{gap:4px;grid-template-columns:repeat(var(--m),minmax(0,1fr))}
.ae-names{display:none}
.ae-caption{display:block}
.ae-foot{margin-bottom:6px}
.ae-block .ae-numbers{display:none}
}
@container (max-width:320px){.ae-thumbs{grid-template-columns:repeat(var(--m),minmax(0,1fr))}}
</style>"""


def grid_html(
    rows: Sequence[Row],
    columns: Sequence[str],
    footer: Footer | None = None,
    alt: Alt | None = None,
    *,
    per_row: int = 10,
) -> str:
    """HTML of rows of samples under column labels.

    Parameters
    ----------
    rows : (label, samples), as many samples as columns: images of any size, uint8 or floats in [0, 1], or vectors.
    columns : labels above the columns.
    footer : (label, texts below the columns), such as the errors.
    alt : alt texts: a function of (row label, column label), or texts as `alt[row][column]`.
        Default: 'Sandal, original'.
    per_row : columns side by side on a wide page, half as many on a narrow one; further columns go into more blocks.
    """
    rows = [(label, list(samples)) for label, samples in rows]
    count = len(columns)
    for label, cells in (*rows, *([footer] if footer else [])):
        if len(cells) != count:
            raise ValueError(f"row {label!r}: got {len(cells)} entries, allowed: {count}, one a column")
    limit = _limit([sample for _, samples in rows for sample in samples])
    html_rows = [
        [
            f"<div>{sample_html(sample, _alt(alt, r, c, label, columns[c]), limit)}</div>"
            for c, sample in enumerate(samples)
        ]
        for r, (label, samples) in enumerate(rows)
    ]
    blocks = []
    per_row = max(1, min(per_row, count or 1))
    for start in range(0, count, per_row):
        body = "".join(
            _column(
                [
                    f'<div class="ae-name" title="{_escape(columns[c])}">{_escape(columns[c])}&nbsp;</div>',
                    *(row[c] for row in html_rows),
                    *([f'<div class="ae-foot">{_escape(footer[1][c])}</div>'] if footer else []),
                ]
            )
            for c in range(start, min(start + per_row, count))
        )
        names = ["<div></div>", *(f"<div>{_escape(label)}</div>" for label, _ in rows)]
        names += [f"<div>{_escape(footer[0])}</div>"] if footer else []
        most = "1fr" if per_row > 4 else "200px"  # up to four images do not stretch to the page's width
        blocks.append(
            f'<div class="ae-block" style="{_sizes(per_row)};--r:{len(names)};--most:{most}">'
            f"{_column(names, 'ae-names')}{body}</div>"
        )
    row_names = [label for label, _ in rows] + ([footer[0]] if footer else [])
    caption = f'<div class="ae-caption">From top to bottom: {_escape(", ".join(row_names))}</div>'
    return f'{STYLE}<div class="ae-grid">{caption if len(row_names) > 1 else ""}{"".join(blocks)}</div>'


def show(
    rows: Sequence[Row],
    columns: Sequence[str],
    footer: Footer | None = None,
    alt: Alt | None = None,
    *,
    per_row: int = 10,
) -> None:
    """Draw `grid_html` on the page."""
    st.html(grid_html(rows, columns, footer, alt, per_row=per_row))


def thumbnails_html(
    images: Samples, labels: Sequence[str] | None = None, per_row: int = 8, *, captions: bool = False
) -> str:
    """HTML of samples side by side. `labels` are the alt texts and, with `captions`, also the texts below."""
    images = list(images)
    labels = [f"sample {i + 1}" for i in range(len(images))] if labels is None else list(labels)
    if len(labels) != len(images):
        raise ValueError(f"labels: got {len(labels)}, allowed: {len(images)}, one an image")
    limit = _limit(images)
    cells = "".join(
        f'<figure title="{_escape(text)}">{sample_html(image, text, limit)}'
        f"{f'<figcaption>{_escape(text)}</figcaption>' if captions else ''}</figure>"
        for image, text in zip(images, labels, strict=True)
    )
    return f'{STYLE}<div class="ae-grid"><div class="ae-thumbs" style="{_sizes(per_row)}">{cells}</div></div>'


def thumbnails(
    images: Samples, labels: Sequence[str] | None = None, per_row: int = 8, *, captions: bool = False
) -> None:
    """Draw `thumbnails_html` on the page."""
    st.html(thumbnails_html(images, labels, per_row, captions=captions))


def large_image_html(image: np.ndarray, alt: str, *, width: int = 320, caption: str = "") -> str:
    """HTML of one sample up to `width` pixels wide."""
    below = f"<figcaption>{_escape(caption)}</figcaption>" if caption else ""
    picture = sample_html(image, alt, _limit([image]))
    return f'{STYLE}<div class="ae-grid ae-large"><figure style="width:{int(width)}px">{picture}{below}</figure></div>'


def large_image(image: np.ndarray, alt: str, *, width: int = 320, caption: str = "") -> None:
    """Draw `large_image_html` on the page."""
    st.html(large_image_html(image, alt, width=width, caption=caption))


def _column(cells: Sequence[str], extra: str = "") -> str:
    return f'<div class="ae-column {extra}">{"".join(cells)}</div>'


def _sizes(per_row: int) -> str:
    """CSS variables: the numbers of columns on a wide page and on a narrow one, where more than five are halved."""
    return f"--n:{per_row};--m:{per_row if per_row <= 5 else -(-per_row // 2)}"


def _alt(alt: Alt | None, row: int, column: int, row_label: str, column_label: str) -> str:
    if alt is None:
        return ", ".join(text for text in (column_label, row_label) if text)
    return alt(row_label, column_label) if callable(alt) else alt[row][column]


def _limit(samples: Samples) -> float:
    """The largest absolute value of all vectors, the common scale of the bars of all rows."""
    vectors = [np.abs(np.asarray(sample, np.float64)) for sample in samples if is_bars(sample)]
    return max((float(np.nanmax(v, initial=0)) for v in vectors), default=0.0) or 1.0


def _escape(text: object) -> str:
    return html.escape(str(text), quote=True)
