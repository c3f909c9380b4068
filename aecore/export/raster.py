"""Drawing of markers and text on an image of palette numbers, an array (height, width) of uint8.

Markers and text are rendered once by Pillow, antialiased on the background, and copied into frames by NumPy.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from aecore.figures.markers import BY_SYMBOL, CIRCLE

FINE = 8  # supersampling: markers are rendered this many times larger, then averaged
NOTHING = 255  # a transparent pixel of a stamp
LINE = 14  # pixels between two names
# Replacements for characters of this app that the font lacks and Unicode does not decompose.
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
    """A text's mask (see `letters`) and its centre."""

    mask: np.ndarray
    x: float
    y: float


def stamp(symbol: str, radius: float, colours: Sequence[Colour], palette: np.ndarray, first: int) -> np.ndarray:
    """A marker (side, side) in palette numbers, with `colours` (background, fill, outline); pixels are the nearest
    colours of `palette` (k, 3), the first of which has the number `first`, and `NOTHING` outside the marker."""
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
    """A disc (9, 9) in a palette number, `NOTHING` around it."""
    y, x = np.mgrid[-4:5, -4:5]
    return np.where(x * x + y * y <= 17, colour, NOTHING).astype(np.uint8)


def put(picture: np.ndarray, stamp: np.ndarray, places: np.ndarray, box: Box) -> None:
    """Copy the stamp to all positions `places` (k, 2) inside the box."""
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
    """True for a character in the font; missing ones are rendered like U+FFFF, which is no character."""
    masks = [_font(16).getmask(text) for text in (character, "\uffff")]
    return masks[0].size != masks[1].size or bytes(masks[0]) != bytes(masks[1])


def drawable(text: str) -> str:
    """The text with characters that Pillow's font lacks replaced: '28×28 → 2, café' becomes '28x28 > 2, cafe'.

    By `OTHERWISE`, else by Unicode's compatibility decomposition without accents, else by a question mark.
    """
    characters = []
    for character in unicodedata.normalize("NFC", text):
        other = character if _known(character) else OTHERWISE.get(character)
        if other is None:
            taken = unicodedata.normalize("NFKD", character)
            other = "".join(part for part in taken if not unicodedata.combining(part) and _known(part)) or "?"
        characters.append(other)
    return "".join(characters)


def wrapped(text: str, size: int, most: int) -> list[str]:
    """The text with at most one line break: at the last comma or space up to which it fits into `most` pixels.

    The second line may be too wide.
    """
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
    """Text (see `drawable`) as a coverage mask (height, width) uint8; text wider than `most` pixels ends in an
    ellipsis."""
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
    """Draw a text mask at x (its left end for `anchor` 0, its centre for .5, its right end for 1), centred at y; `halo`
    clears the pixels around it."""
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
    """The names, moved apart vertically so that they do not overlap, inside the box."""
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
