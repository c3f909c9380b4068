"""Files of an interpolation: an animated GIF, a PNG sheet with labels, and the codings as CSV. NumPy and Pillow.

Images are enlarged by a whole factor without smoothing, so that each pixel stays a square; vectors are drawn as bars
around zero, all on one scale.
"""

from __future__ import annotations

import csv as comma_separated
import io
from collections.abc import Collection, Sequence

import numpy as np
from PIL import Image, ImageDraw

from aecore.errors import AecoreError
from aecore.export.codings import coding_name
from aecore.export.film_gif import tones
from aecore.export.raster import letters, wrapped
from aecore.figures.theme import Theme

GIF_SIDE, PNG_SIDE = 280, 84  # minimal pixels of a picture's longer side
SECONDS, HOLD = 2.0, 0.7  # duration from one end to the other, and pause at each end
GAP, MARGIN, FRAME = 6, 12, 2
TEXT, TITLE, LINE = 12, 15, 15  # font sizes and line height in pixels
BARS = (1.0, 0.6)  # width and height of a vector's bars, as multiples of the side


def gif(samples: np.ndarray, theme: Theme) -> bytes:
    """Bytes of an endless GIF of the samples forwards and backwards; one frame for a single sample.

    Parameters
    ----------
    samples : (n, height, width[, channels]) uint8 or floats of 0 to 1, or (n, features) of any range.
    theme : colours of bars and their background.

    Raises
    ------
    AecoreError : without samples.
    """
    frames = _pictures(samples, GIF_SIDE, theme)
    order = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    step = round(1000 * SECONDS / max(len(frames) - 1, 1))
    durations = [round(1000 * HOLD) if place in (0, len(frames) - 1) else step for place in order]
    pictures = [frames[place] for place in order]
    file = io.BytesIO()
    pictures[0].save(
        file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, disposal=1, optimize=False
    )
    return file.getvalue()


def png(
    samples: np.ndarray,
    columns: int,
    theme: Theme,
    *,
    labels: Sequence[str] | None = None,
    framed: Collection[int] = (),
    title: str = "",
) -> bytes:
    """Bytes of a PNG of the samples, `columns` in a row, each with a label of up to two lines below.

    Samples at the positions `framed` get a frame. `samples` and errors as in `gif`; also `AecoreError` for another
    number of labels than samples.
    """
    tiles = _pictures(samples, PNG_SIDE, theme)
    if columns < 1 or (labels is not None and len(labels) != len(tiles)):
        layout = f"{columns} columns and {'no' if labels is None else len(labels)} labels"
        raise AecoreError(f"sheet: got {layout} for {len(tiles)} samples, allowed: 1 column or more, a label each")
    width, height = tiles[0].size
    lines = [wrapped(label, TEXT, width) for label in labels or ()]
    below = LINE * max(map(len, lines)) + 3 if lines else 0
    top = MARGIN + (TITLE + 12 if title else 0)
    across, down = min(columns, len(tiles)), -(-len(tiles) // columns)
    sheet = Image.new(
        "RGB",
        (2 * MARGIN + across * (width + GAP) - GAP, top + MARGIN + down * (height + below + GAP) - GAP),
        theme.background,
    )
    draw = ImageDraw.Draw(sheet)
    if title:
        _write(sheet, title, TITLE, theme.text, MARGIN, top - 12 - TITLE, sheet.width - 2 * MARGIN)
    for i, tile in enumerate(tiles):
        x, y = MARGIN + i % columns * (width + GAP), top + i // columns * (height + below + GAP)
        sheet.paste(tile, (x, y))
        if i in framed:
            box = (x - FRAME, y - FRAME, x + width + FRAME - 1, y + height + FRAME - 1)
            draw.rectangle(box, outline=theme.primary, width=FRAME)
        for row, line in enumerate(lines[i] if lines else ()):
            _write(sheet, line, TEXT, theme.muted, x, y + height + 1 + LINE * row, width, middle=True)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def csv(codings: np.ndarray, names: Sequence[str]) -> bytes:
    """Bytes of a CSV file with a row per coding: its name as `label`, its numbers as `coding_1` … `coding_d`, whose
    digits give the same 32-bit numbers again.

    Raises `AecoreError` if the number of names differs from that of the `codings` (n, d).
    """
    codings = np.asarray(codings, np.float32)
    if codings.ndim != 2 or len(names) != len(codings):
        raise AecoreError(f"codings: got {codings.shape} with {len(names)} names, allowed: (n, d) and n names")
    file = io.StringIO()
    writer = comma_separated.writer(file, lineterminator="\n")
    writer.writerow(["label", *map(coding_name, range(codings.shape[1]))])
    writer.writerows([name, *map(str, row)] for name, row in zip(names, codings, strict=True))
    return file.getvalue().encode()


def _pictures(samples: np.ndarray, side: int, theme: Theme) -> list[Image.Image]:
    """Pillow images of the samples, all of one size and mode."""
    samples = np.asarray(samples)
    if samples.ndim < 2 or not samples.size:
        raise AecoreError(f"samples: got shape {samples.shape}, allowed: (n, height, width[, channels]), (n, features)")
    if samples.ndim == 2:
        return _bars(samples, side, theme)
    pixels = tones(samples, 0.0, 1.0)
    if pixels.ndim == 4:
        pixels = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., 0]
    times = -(-side // max(pixels.shape[1:3]))
    return [Image.fromarray(image.repeat(times, axis=0).repeat(times, axis=1)) for image in pixels]


def _bars(samples: np.ndarray, side: int, theme: Theme) -> list[Image.Image]:
    values = np.nan_to_num(samples.astype(np.float64), posinf=0.0, neginf=0.0)
    limit = float(np.abs(values).max()) or 1.0
    width, height = (round(part * side) for part in BARS)
    edges = np.linspace(0, width, values.shape[1] + 1)
    pictures = []
    for row in values:
        image = Image.new("RGB", (width, height), theme.second_background)
        draw = ImageDraw.Draw(image)
        for value, left, right in zip(row.tolist(), edges.tolist(), edges[1:].tolist(), strict=False):
            low, high = sorted((height / 2, height / 2 * (1 - value / limit)))
            space = min(2.0, (right - left) / 4)
            draw.rectangle((left + space, low, right - space, high), theme.main if value >= 0 else theme.other)
        draw.line((0, height / 2, width, height / 2), theme.guide)
        pictures.append(image)
    return pictures


def _write(
    sheet: Image.Image, text: str, size: int, colour: str, x: int, y: int, most: int, *, middle: bool = False
) -> None:
    """Draw text below y, from x on or centred in `most` pixels; longer text ends in an ellipsis."""
    mask = Image.fromarray(letters(text, size, most))
    left = x + max(0, most - mask.width) // 2 if middle else x
    sheet.paste(colour, (left, y, left + mask.width, y + mask.height), mask)
