"""Drawing with palette numbers: markers, letters and their places on an array (height, width) of uint8.

What Pillow would draw anew in every frame is drawn here once, enlarged and averaged so that edges are smooth against
the background, and then put into frames by NumPy.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from aecore.figures.markers import BY_SYMBOL, CIRCLE

FINE = 8  # markers are drawn this many times larger
NOTHING = 255  # in a stamp: leave the pixel as it is
LINE = 14  # pixels between two names
# Signs of ours that the font lacks and that Unicode does not take apart into others.
OTHERWISE = {
    "×": "x",
    "−": "-",
    "–": "-",
    "—": "-",
    "→": ">",
    "←": "<",
    "≥": ">=",
    "≤": "<=",
    "≈": "~",
    "β": "beta",
    "λ": "lambda",
    "σ": "sigma",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "ß": "ss",
    "ø": "o",
    "æ": "ae",
}
_GROW = ImageFilter.MaxFilter(5)
Box = tuple[int, int, int, int]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Name:
    """Letters (see `letters`) and their middle."""

    mask: np.ndarray
    x: float
    y: float


def stamp(symbol: str, radius: float, colours: Sequence[Colour], palette: np.ndarray, first: int) -> np.ndarray:
    """A marker (side, side) with colours (background, fill, outline), each pixel the nearest of `palette` (k, 3), whose
    first colour has the number `first`; `NOTHING` around it."""
    back, fill, outline = colours
    side = 2 * int(np.ceil(1.3 * radius + 1)) + 1
    fine = Image.new("RGB", (side * FINE, side * FINE), back)
    cover = Image.new("L", fine.size)
    corners = BY_SYMBOL[symbol].corners or CIRCLE
    points = [((x * radius + side / 2) * FINE, (y * radius + side / 2) * FINE) for x, y in corners]
    ImageDraw.Draw(fine).polygon(points, fill, outline, width=round(0.5 * FINE))
    ImageDraw.Draw(cover).polygon(points, 255)
    averaged = np.asarray(fine.reduce(FINE), int)
    nearest = np.square(averaged[:, :, None] - palette).sum(axis=-1).argmin(axis=-1) + first
    return np.where(np.asarray(cover.reduce(FINE)) > 24, nearest, NOTHING).astype(np.uint8)


@functools.cache
def disc(colour: int) -> np.ndarray:
    y, x = np.mgrid[-4:5, -4:5]
    return np.where(x * x + y * y <= 17, colour, NOTHING).astype(np.uint8)


def put(picture: np.ndarray, stamp: np.ndarray, places: np.ndarray, box: Box) -> None:
    """Stamp all places (k, 2) at once, pixel of the stamp by pixel of the stamp, inside the box."""
    half = len(stamp) // 2
    at = np.nan_to_num(places).round().astype(int)
    x0, y0, x1, y1 = box
    inside = (at[:, 0] >= x0 + half) & (at[:, 0] < x1 - half) & (at[:, 1] >= y0 + half) & (at[:, 1] < y1 - half)
    width = picture.shape[1]
    start = (at[inside, 1] - half) * width + at[inside, 0] - half
    flat = picture.reshape(-1)
    for row, column in np.argwhere(stamp != NOTHING):
        flat[start + row * width + column] = stamp[row, column]


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@functools.cache
def _known(character: str) -> bool:
    """Whether the font has a glyph of its own for it: what it lacks is drawn like U+FFFF, which is no character."""
    masks = [_font(16).getmask(text) for text in (character, "\uffff")]
    return masks[0].size != masks[1].size or bytes(masks[0]) != bytes(masks[1])


def drawable(text: str) -> str:
    """The text with what Pillow's own font cannot draw written otherwise: '28×28 → 2, café' as '28x28 > 2, cafe'.

    First by `OTHERWISE`, then without accents and in plain digits (Unicode's compatibility decomposition), at last as
    a question mark.
    """
    found = []
    for character in unicodedata.normalize("NFC", text):
        other = character if _known(character) else OTHERWISE.get(character)
        if other is None:
            taken = unicodedata.normalize("NFKD", character)
            other = "".join(part for part in taken if not unicodedata.combining(part) and _known(part)) or "?"
        found.append(other)
    return "".join(found)


def wrapped(text: str, size: int, most: int) -> list[str]:
    """The text as it is, where `letters` are no wider than `most` pixels; otherwise in two lines, parted after the last
    comma or else the last space before which it still fits, if there is one. The second line may still be too wide."""
    text, font = drawable(text), _font(size)
    if font.getlength(text) <= most:
        return [text]
    for mark in (", ", " "):
        places = [i for i in range(len(text)) if text.startswith(mark, i)]
        fitting = [i for i in places if i and font.getlength(text[:i]) <= most]
        if fitting:
            return [text[: fitting[-1]], text[fitting[-1] + len(mark) :]]
    return [text]


@functools.lru_cache(maxsize=256)
def letters(text: str, size: int, most: int = 1000) -> np.ndarray:
    """Text as coverage (height, width), uint8, as far as the font has it (`drawable`); what is wider than `most` pixels
    is cut and ends in an ellipsis."""
    font = _font(size)
    whole = text = drawable(text)
    while whole and font.getlength(text) > most:
        whole = whole[:-1]
        text = f"{whole}…"
    left, _, right, _ = font.getbbox(text or " ", anchor="lm")
    image = Image.new("L", (max(1, int(right - left) + 2), size + 6))
    ImageDraw.Draw(image).text((1 - left, size / 2 + 3), text, 255, font, anchor="lm")
    return np.asarray(image)


def write(
    picture: np.ndarray,
    mask: np.ndarray,
    x: float,
    y: float,
    ramp: np.ndarray,
    *,
    anchor: float = 0.5,
    halo: bool = False,
) -> None:
    """Put letters at x (their left at `anchor` 0, their middle at .5, their right at 1) around the height y; `halo`
    clears the pixels around them."""
    height, width = mask.shape
    left = int(np.clip(round(x - anchor * width), 0, max(0, picture.shape[1] - width)))
    top = int(np.clip(round(y - height / 2), 0, picture.shape[0] - height))
    box = picture[top : top + height, left : left + width]
    mask = mask[: box.shape[0], : box.shape[1]]
    shade = (mask.astype(int) * (len(ramp) - 1) + 127) // 255
    if halo:
        around = np.asarray(Image.fromarray(mask).filter(_GROW)) > 60
        box[around] = ramp[0]
    box[shade > 0] = ramp[shade[shade > 0]]


def spread(names: list[Name], box: Box) -> list[Name]:
    """Names pushed apart from top to bottom, and back into the box."""
    x0, y0, x1, y1 = box
    placed: list[Name] = []
    for name in sorted(names, key=lambda name: name.y):
        half = name.mask.shape[1] / 2
        x, y = float(np.clip(name.x, x0 + half, x1 - half)), max(name.y, y0 + LINE / 2)
        for other in placed:
            if abs(other.x - x) < half + other.mask.shape[1] / 2 + 2 and y < other.y + LINE:
                y = other.y + LINE
        placed.append(Name(name.mask, x, y))
    below = max((name.y - (y1 - LINE / 2) for name in placed), default=0.0)
    return [Name(name.mask, name.x, name.y - max(below, 0.0)) for name in placed]
