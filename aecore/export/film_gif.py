"""A training film as an animated GIF: the map, some samples with their reconstructions, and the error curve.

All frames share one palette of at most 256 colours and are arrays of palette numbers, so that no frame is quantised:
markers, letters and lines are rendered once, antialiased on the background, and copied into the frames.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from aecore.analysis.training_film import Film
from aecore.datasets.base import class_name, sample_name
from aecore.export.raster import Colour, Name, disc, letters, put, spread, stamp, write
from aecore.figures.theme import Theme

WIDTH, HEIGHT = 640, 424
MAP = (10, 34, 384, 414)  # left, top, right, bottom in pixels
SIDE = (402, 34, 630)  # left, top, right of the samples
CURVE = (402, 300, 630, 396)
MOST_FRAMES, SECONDS, HOLD = 60, 6.0, 1.5
IN_A_ROW, ROWS, GAP = 5, 2, 6
RADIUS = 3.2
SHADES = 6
CUBE = (5, 6, 4)  # levels of red, green and blue of coloured samples
GREYS = 64


def gif(film: Film, theme: Theme, title: str = "") -> bytes:
    """The film as the bytes of a GIF: 640 × 424 pixels, about seven seconds, at most 60 frames.

    Frames are equally spaced in `Film.clock`; positions between two snapshots lie on the straight line between them,
    reconstructions and the error are those of the snapshot before.
    """
    renderer = _Renderer(film, theme)
    ground = renderer.ground(title)
    clock = film.clock
    count = min(MOST_FRAMES, 1 + 4 * (len(film) - 1))
    pictures = []
    for time in np.linspace(clock[0], clock[-1], count):
        before = int(np.searchsorted(clock, time + 1e-9, side="right")) - 1
        image = Image.fromarray(renderer.frame(ground.copy(), time, before))
        image.putpalette(renderer.palette.astype(np.uint8).tobytes())
        pictures.append(image)
    durations = [round(SECONDS / count * 1000)] * (count - 1) + [round(HOLD * 1000)]
    file = io.BytesIO()
    pictures[0].save(
        file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, disposal=1, optimize=False
    )
    return file.getvalue()


class _Renderer:
    """The palette of a film and its graphics as arrays of palette numbers."""

    def __init__(self, film: Film, theme: Theme) -> None:
        self.film, self.theme = film, theme
        back, outline = _rgb(theme.background), _rgb(theme.outline)
        classes = list(film.groups) or [0]
        fills = [_rgb(theme.class_colour(int(group))) for group in classes]
        ramps = [_ramp(back, _rgb(theme.text), 16), _ramp(back, _rgb(theme.muted), 8), _ramp(back, _rgb(theme.main), 8)]
        ramps += [_ramp(back, _rgb(theme.border), 2), _ramp(back, _rgb(theme.other), 2)]
        shades = [back, *_ramp(back, outline, SHADES)[1:]]
        for fill in dict.fromkeys(fills):
            shades += [*_ramp(back, fill, SHADES)[1:], *_ramp(outline, fill, SHADES)[1:-1]]
        starts = np.cumsum([0, *(len(ramp) for ramp in ramps), len(shades)])
        self.text, self.muted, self.main, self.border, self.other = (
            np.arange(start, start + len(ramp), dtype=np.uint8) for start, ramp in zip(starts, ramps, strict=False)
        )
        self.pictures_start = int(starts[-1])
        self.coloured = film.originals.ndim == 4 and film.originals.shape[-1] >= 3
        shown = (
            _cube() if self.coloured else [(v, v, v) for v in np.linspace(0, 255, GREYS).round().astype(int).tolist()]
        )
        self.palette = np.array([*(c for ramp in ramps for c in ramp), *shades, *shown], int)
        first, last = int(starts[-2]), int(starts[-1])
        self.stamps = [
            stamp(
                theme.class_symbol(int(group)),
                RADIUS,
                (back, fill, _ramp(outline, fill, 4)[1]),
                self.palette[first:last],
                first,
            )
            for group, fill in zip(classes, fills, strict=True)
        ]
        self.group = np.zeros(len(film.numbers), int)
        if film.labels is not None:
            self.group = np.searchsorted(film.groups, film.labels)
        self.names = [letters(class_name(film.classes, int(group)), 12) for group in film.groups]
        left, bottom, right, top = film.bounds()
        x0, y0, x1, y1 = MAP
        unit = min((x1 - x0) / (right - left), (y1 - y0) / (top - bottom))
        self.scale = np.array([unit, -unit])
        self.shift = np.array([(x0 + x1 - unit * (left + right)) / 2, (y0 + y1 + unit * (bottom + top)) / 2])
        self.cells = self._cells(min(IN_A_ROW * ROWS, len(film.originals)))
        self.low, self.high = picture_range(film)
        self.line = self._line()

    def ground(self, title: str) -> np.ndarray:
        """The background (HEIGHT, WIDTH) of all frames."""
        ground = np.zeros((HEIGHT, WIDTH), np.uint8)
        write(ground, letters(title, 13, MAP[2] - MAP[0] + 30), MAP[0], 17, self.text, anchor=0.0)
        for i, (x, y, side) in enumerate(self.cells):
            self._sample(ground, self.film.originals[i], x, y, side)
            label = int(self.film.labels[i]) if self.film.labels is not None else None
            name = sample_name(self.film.classes, label, int(self.film.numbers[i]))
            write(ground, letters(name, 10, side + GAP), x + side / 2, y + 2 * side + 11, self.muted)
        x0, _, x1, y1 = CURVE
        ground[y1, x0:x1] = self.border[-1]
        ground[self.line > 0] = self.main[self.line[self.line > 0]]
        write(ground, letters("mean squared error", 10), x1, CURVE[1] - 6, self.muted, anchor=1.0)
        return ground

    def frame(self, picture: np.ndarray, time: float, before: int) -> np.ndarray:
        """`picture`, a copy of the background, with the content of one moment."""
        film = self.film
        seen = film.positions_at(time) * self.scale + self.shift
        for group, marker in enumerate(self.stamps):
            put(picture, marker, seen[self.group == group], MAP)
        middles = [np.median(seen[self.group == group], axis=0).tolist() for group in range(len(self.names))]
        for name in spread([Name(mask, x, y) for mask, (x, y) in zip(self.names, middles, strict=True)], MAP):
            write(picture, name.mask, name.x, name.y, self.text, halo=True)
        write(picture, letters(film.caption(before), 12), SIDE[2], 17, self.text, anchor=1.0)
        for i, (x, y, side) in enumerate(self.cells):
            self._sample(picture, film.reconstructions[before, i], x, y + side + 3, side)
        at = np.column_stack(self._on_curve(np.array([time]), film.error[[before]]))
        if np.isfinite(at).all():
            put(picture, disc(int(self.main[-1])), at, (0, 0, WIDTH, HEIGHT))
        return picture

    def _cells(self, count: int) -> list[tuple[int, int, int]]:
        """Left, top and side of the pair of pictures of each sample."""
        side = (SIDE[2] - SIDE[0] - (IN_A_ROW - 1) * GAP) // IN_A_ROW
        step = 2 * side + 3 + 16 + GAP
        return [(SIDE[0] + (i % IN_A_ROW) * (side + GAP), SIDE[1] + (i // IN_A_ROW) * step, side) for i in range(count)]

    def _sample(self, picture: np.ndarray, sample: np.ndarray, x: int, y: int, side: int) -> None:
        """Draw one image, enlarged to `side` pixels, or a vector's bars around zero."""
        if sample.ndim == 1:
            self._bars(picture[y : y + side, x : x + side], sample)
            return
        values = tones(sample, self.low, self.high)
        height, width = values.shape[:2]
        size = max(height, width)
        rows, columns = (np.arange(side * n // size) * size // side for n in (height, width))
        values = values[rows][:, columns]
        if self.coloured:
            levels = (values[..., :3].astype(int) * (np.array(CUBE) - 1) + 127) // 255
            tone = (levels[..., 0] * CUBE[1] + levels[..., 1]) * CUBE[2] + levels[..., 2]
        else:
            tone = values.reshape(*values.shape[:2]).astype(int) * (GREYS - 1) // 255
        picture[y : y + tone.shape[0], x : x + tone.shape[1]] = tone + self.pictures_start

    def _bars(self, box: np.ndarray, sample: np.ndarray) -> None:
        side = len(box)
        box[:] = self.border[-1]
        limit = max(abs(self.low), abs(self.high)) or 1.0
        edges = np.linspace(1, side - 1, len(sample) + 1).round().astype(int)
        for value, left, right in zip(np.nan_to_num(sample.astype(float)), edges, edges[1:], strict=False):
            end = int(np.clip(side / 2 - value / limit * side / 2, 0, side))
            low, high = sorted((side // 2, end))
            box[low:high, left : max(right - 1, left + 1)] = (self.main if value >= 0 else self.other)[-1]
        box[side // 2] = self.text[-1]

    def _on_curve(self, time: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        clock, (x0, y0, x1, y1) = self.film.clock, CURVE
        errors = self.film.error[np.isfinite(self.film.error)]
        most = max(min(errors.max(), 2 * errors[0]), 1e-12) if len(errors) else 1.0
        x = x0 + 4 + (x1 - x0 - 8) * (time - clock[0]) / ((clock[-1] - clock[0]) or 1.0)
        return x, y1 - (y1 - y0 - 8) * np.minimum(error / most, 1)

    def _line(self) -> np.ndarray:
        """The error curve (HEIGHT, WIDTH), as positions in the ramp of its colour."""
        x, y = self._on_curve(self.film.clock, self.film.error)
        fine = Image.new("L", (2 * WIDTH, 2 * HEIGHT))
        points = [(2 * float(a), 2 * float(b)) for a, b in zip(x, y, strict=True) if np.isfinite(b)]
        if len(points) > 1:
            ImageDraw.Draw(fine).line(points, 255, width=4, joint="curve")
        return (np.asarray(fine.reduce(2), int) * (len(self.main) - 1) + 127) // 255


def picture_range(film: Film) -> tuple[float, float]:
    """The values to draw as black and white: 0 and 255 for uint8, else the originals' range, widened by a quarter on
    each side for reconstructions that overshoot."""
    if film.originals.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(film.originals.min()), float(film.originals.max())
    quarter = 0.25 * (high - low) or 1.0
    return low - quarter, high + quarter


def tones(samples: np.ndarray, low: float, high: float) -> np.ndarray:
    """Samples as uint8, scaled from [low, high] to [0, 255] and clipped; NaN as 0."""
    if samples.dtype == np.uint8:
        return samples
    values = np.nan_to_num(samples.astype(np.float32), nan=low, posinf=high, neginf=low)
    return (np.clip((values - low) / (high - low), 0, 1) * 255).round().astype(np.uint8)


def _cube() -> list[Colour]:
    red, green, blue = (np.linspace(0, 255, n).round().astype(int).tolist() for n in CUBE)
    return [(r, g, b) for r in red for g in green for b in blue]


def _rgb(colour: str) -> Colour:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _ramp(start: Colour, end: Colour, count: int) -> list[Colour]:
    return [(r, g, b) for r, g, b in np.linspace(start, end, count).round().astype(int).tolist()]
