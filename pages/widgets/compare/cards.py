"""HTML table of one sample in several runs: a row per run with reconstruction, codings, and place on the run's map.

On a narrow page (a container query) a row becomes a card.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from aecore.figures import Theme
from aecore.text import counted, error_text
from pages.widgets.images import grid
from pages.widgets.images.sample_html import difference_image, image_html, sample_html, vector_html

MAP_PIXELS = 256  # drawn at twice the size shown
DOT = 4
INK = 0.7  # opacity of the points, so that the star stands out
MARGIN = 0.05  # around the points, as a share of the map
BARS = 128  # codings above this number are drawn as an image

STYLE = """<style>
.ae-runs{container-type:inline-size;width:100%;font-size:.86rem;line-height:1.4;font-variant-numeric:tabular-nums}
.ae-run{display:grid;grid-template-columns:minmax(9rem,1.5fr) 84px 84px minmax(7rem,1.6fr) 128px minmax(9rem,1.5fr);
 grid-template-areas:"name recon diff code map near";gap:14px;align-items:center;padding:9px 0;
 border-top:1px solid rgba(128,134,148,.28)}
.ae-run.ae-heads{border:0;padding:0 0 4px;font-size:.78rem;opacity:.72;align-items:end}
.ae-run img,.ae-run .ae-vector{display:block;width:100%;height:auto;border-radius:3px;image-rendering:pixelated}
.ae-run figure{margin:0;min-width:0}
.ae-run figcaption{font-size:.76rem;opacity:.72;text-align:center;white-space:nowrap;overflow:hidden;
 text-overflow:ellipsis}
.ae-run figcaption.ae-said{display:none}
.ae-who b{font-weight:650}
.ae-who>div{opacity:.8}
.ae-who .ae-error{opacity:1;font-size:1.15rem}
.ae-who small{font-size:.75rem;opacity:.72}
.ae-best{border:1px solid currentColor;border-radius:3px;padding:0 .35em;font-size:.72rem;margin-left:.6em;
 vertical-align:.12em}
.ae-code .ae-bars{gap:1px;height:56px;padding:0 2px}
.ae-bits{display:grid;grid-template-columns:repeat(8,1fr);gap:3px}
.ae-bits i{height:15px;border-radius:2px;border:1px solid rgba(128,134,148,.6);font-style:normal;font-size:10px;
 line-height:13px;text-align:center}
.ae-bits i.ae-set{background:#3f90da;border-color:#3f90da;color:#0b1220}
.ae-place{position:relative}
.ae-place .ae-star{position:absolute;transform:translate(-50%,-54%);font-size:22px;line-height:1;color:currentColor}
.ae-none{font-size:.78rem;opacity:.72;min-height:128px;display:flex;align-items:center}
.ae-near{display:grid;grid-template-columns:repeat(3,1fr);gap:5px}
@container (max-width:760px){
.ae-run{grid-template-columns:1fr 1fr 1.4fr;gap:8px 10px;
 grid-template-areas:"name name name" "recon diff map" "code code near";align-items:start}
.ae-run.ae-heads{display:none}
.ae-run figcaption.ae-said{display:block;text-align:left}
}
</style>"""
HEADS = ("", "Reconstruction", "Difference", "Code", "Place on its map", "Nearest in its codings")


@dataclass(frozen=True)
class Place:
    """A small map as an image (h, w, 3) and the sample's position on it, as shares of width and height from the top
    left. `title` names the map; `ground` is the background colour `#rrggbb`."""

    picture: np.ndarray
    x: float
    y: float
    title: str
    ground: str


@dataclass(frozen=True)
class Card:
    """One run's row: reconstruction, error, codings, place on the map and nearest neighbours of one sample.

    `bits` is set for hashing runs; `place` is a line of text where there is no map; `near` are samples with captions.
    """

    name: str
    note: str
    error: float
    reconstruction: np.ndarray
    coding: np.ndarray
    bits: np.ndarray | None
    place: Place | str
    near: tuple[np.ndarray, Sequence[str]]


def draw(original: np.ndarray, cards: Sequence[Card]) -> None:
    """Draw `cards_html` on the page."""
    st.html(cards_html(original, cards))


def cards_html(original: np.ndarray, cards: Sequence[Card]) -> str:
    """The table as HTML: a row per card in the given order; the smallest error is marked."""
    heads = "".join(f"<div>{text}</div>" for text in HEADS)
    best = min((card.error for card in cards), default=0.0)
    rows = "".join(_row(original, card, len(cards) > 1 and card.error == best) for card in cards)
    head = f'<div class="ae-run ae-heads" aria-hidden="true">{heads}</div>'
    return f'{grid.STYLE}{STYLE}<div class="ae-runs">{head}{rows}</div>'


def place_on(points: np.ndarray, labels: np.ndarray | None, at: np.ndarray, theme: Theme, title: str) -> Place:
    """The `Place` of `at` (2,) on a small image of points (n, 2) in class colours; outside positions are clipped to
    the edge."""
    points = np.asarray(points, np.float64)
    low, side = points.min(axis=0), float(np.ptp(points, axis=0).max()) or 1.0
    centre = (low + points.max(axis=0)) / 2
    share = 0.5 + (np.vstack([points, np.asarray(at)[None]]) - centre) / (side * (1 + 2 * MARGIN))
    share[:, 1] = 1 - share[:, 1]  # an image's rows grow downwards
    picture = np.empty((MAP_PIXELS, MAP_PIXELS, 3), np.uint8)
    picture[:] = ground = np.array(_rgb(theme.second_background))
    colours = (ground + INK * (np.array([_rgb(colour) for colour in theme.classes]) - ground)).astype(np.uint8)
    groups = np.zeros(len(points), int) if labels is None else np.asarray(labels).astype(int)
    corner = (share[:-1] * (MAP_PIXELS - DOT)).astype(int)
    for right in range(DOT):
        for down in range(DOT):
            picture[corner[:, 1] + down, corner[:, 0] + right] = colours[groups % len(colours)]
    x, y = np.clip(share[-1], 0.03, 0.97)
    return Place(picture, float(x), float(y), title, theme.second_background)


def _row(original: np.ndarray, card: Card, best: bool) -> str:
    mark = '<span class="ae-best">best</span>' if best else ""
    who = (
        f'<div class="ae-who" style="grid-area:name"><b>{_escape(card.name)}</b>'
        f'<div class="ae-error">{error_text(card.error)} <small>MSE</small>{mark}</div>'
        f"<div>{_escape(card.note)}</div></div>"
    )
    limit = float(max(np.abs(original).max(), np.abs(card.reconstruction).max())) or 1.0
    recon = sample_html(card.reconstruction, f"{card.name}: reconstruction", limit)
    if original.ndim >= 2:
        off = image_html(difference_image(original, card.reconstruction), f"{card.name}: difference")
    else:
        off = vector_html(card.reconstruction - original, f"{card.name}: difference", limit)
    cells = (
        ("recon", HEADS[1], recon),
        ("diff", HEADS[2], off),
        ("code", f"{_numbers(card.coding)}", f'<div class="ae-code">{_code(card)}</div>'),
        ("map", "" if isinstance(card.place, str) else card.place.title, _place(card)),
        ("near", HEADS[5], _near(card)),
    )
    body = "".join(
        f'<figure style="grid-area:{area}">{image}'
        f'<figcaption class="{"" if area in ("code", "map") else "ae-said"}">{_escape(text)}</figcaption></figure>'
        for area, text, image in cells
    )
    return f'<div class="ae-run">{who}{body}</div>'


def _numbers(coding: np.ndarray) -> str:
    return counted(coding.size, "number")


def _code(card: Card) -> str:
    alt = f"{card.name}: code"
    if card.bits is not None:
        cells = "".join(f'<i class="{"ae-set" if bit else "ae-off"}">{int(bit)}</i>' for bit in card.bits)
        text = "".join(str(int(bit)) for bit in card.bits)
        return f'<div class="ae-bits" role="img" aria-label="{_escape(alt)} {text}">{cells}</div>'
    coding = np.nan_to_num(np.asarray(card.coding, np.float64).ravel())
    limit = float(np.abs(coding).max()) or 1.0
    if coding.size <= BARS:
        return vector_html(coding, alt, limit)
    rows = int(np.ceil(np.sqrt(coding.size / 4)))  # four times as wide as high
    folded = np.full(rows * -(-coding.size // rows), 0.5)
    folded[: coding.size] += coding / limit / 2
    return image_html(difference_image(np.full((rows, folded.size // rows), 0.5), folded.reshape(rows, -1)), alt)


def _place(card: Card) -> str:
    if isinstance(card.place, str):
        return f'<div class="ae-none">{_escape(card.place)}</div>'
    place = card.place
    glow = ",".join([f"0 0 3px {place.ground}"] * 5)
    return (
        f'<div class="ae-place">'
        f"{image_html(place.picture, f'{card.name}: map {place.title}, the star is the sample')}"
        f'<span class="ae-star" aria-hidden="true" style="left:{100 * place.x:.1f}%;top:{100 * place.y:.1f}%;'
        f'text-shadow:{glow}">★</span></div>'
    )


def _near(card: Card) -> str:
    samples, captions = card.near
    limit = max((float(np.abs(sample).max()) for sample in samples if np.ndim(sample) == 1), default=0.0) or 1.0
    cells = "".join(
        f'<figure title="{_escape(text)}">{sample_html(sample, f"{card.name}: neighbour {text}", limit)}'
        f"<figcaption>{_escape(text.split(',')[0])}</figcaption></figure>"
        for sample, text in zip(samples, captions, strict=True)
    )
    return f'<div class="ae-near">{cells}</div>'


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _escape(text: object) -> str:
    return html.escape(str(text), quote=True)
