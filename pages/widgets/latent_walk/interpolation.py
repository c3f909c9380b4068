"""Walks between images: what a decoder draws on the way from one to another, from class to class, by arithmetic, from
random codings, and over the grid of Géron's book; each can be taken along as GIF, PNG and CSV.

Each section is a fragment: what is picked in it runs it alone. `between`, `means` and `arithmetic` share widgets, and
so the link, such as how many pictures: a page shows one of them at a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore.analysis import inference, latent_axes, off_manifold
from aecore.analysis import interpolation as ways
from aecore.datasets import Data, as_float
from aecore.datasets.base import class_name
from aecore.errors import AecoreError
from aecore.export import walk_files
from aecore.presets.names import run_name
from aecore.store.runs import Run
from pages.widgets.basics import controls, notice, theme
from pages.widgets.basics.notice import plain
from pages.widgets.components import latent_walk, walk_row
from pages.widgets.components.latent_walk import Walker
from pages.widgets.images import grid as image_grid
from pages.widgets.latent_walk import endpoints
from pages.widgets.server import render_lock, shared
from pages.widgets.session import keys, selection

A_ROW = 10
PICTURES = 10  # from end to end
FINE = 25  # pictures of a GIF from end to end
RANDOM = 20
HOTTEST = 3.0
MEASURED, TEMPERATURES = 200, (0.0, 0.5, 1.0, 2.0)  # draws at each
GIVEN, GRID = (3, 4), (5, 7)
GRID_FROM = {"random": "Random codings", "images": "Images"}
ENDS = (0, 9)  # classes that a visitor sees first: T-shirt and ankle boot in Fashion-MNIST
SUM_WIDTH = 670  # pixels of six pictures
SUM = (2, 0, 3)  # pullover − T-shirt + dress: what long sleeves are


@render_lock.fragment
def between(run: Run, data: Data, walker: Walker) -> None:
    """From image A to image B."""
    st.markdown("###### What lies between two images?")
    st.caption("Drag from A to B: each picture is decoded on the way. Show another run, and the two images stay.")
    numbers, bar = endpoints.images(data, (keys.A, keys.B), endpoints.examples(data, ENDS), key="between")
    with _in_one_line():
        a, b = endpoints.codings(run, data, numbers)
        names = selection.caption_of(data, numbers)
        _walk(bar, run, walker, a, b, (names[0], names[1]), "between")


@render_lock.fragment
def means(run: Run, data: Data, walker: Walker) -> None:
    """From the mean coding of a class to that of another one."""
    st.markdown("###### What lies between two classes?")
    labels = walker.reference.labels
    groups = [] if labels is None else np.unique(labels).tolist()
    if len(groups) < 2 or labels is None:
        st.caption("These data have no classes to walk between.")
        return
    names = [class_name(data.info.classes, g) for g in groups]
    st.caption(
        f"The mean of a class's codes, among {latent_walk.reference_text(walker.reference, data)}, is decoded as its "
        "typical image; a class that falls into several kinds has its mean between them, where no image is."
    )
    with st.container(horizontal=True, gap="small"):
        chosen = [
            st.selectbox(
                told,
                names,
                index=first % len(names),
                key=name,
                width=190,
                bind="query-params",
                label_visibility="collapsed",
            )
            for told, name, first in (("From", keys.FROM_CLASS, ENDS[0]), ("To", keys.TO_CLASS, ENDS[1]))
        ]
        bar = st.container(width=330, horizontal=True, gap="small")
    with _in_one_line():
        middles = dict(zip(names, ways.class_means(walker.reference.codes, labels), strict=True))
        _walk(bar, run, walker, middles[chosen[0]], middles[chosen[1]], (chosen[0], chosen[1]), "means")


@render_lock.fragment
def arithmetic(run: Run, data: Data, walker: Walker) -> None:
    """A − B + C."""
    st.markdown("###### Can one calculate with codings?")
    st.caption(
        "A − B is a direction; C goes that way. Good: what sets A apart from B appears on C as it is decoded, and the "
        "rest of C stays. It works where directions mean the same everywhere, which a variational autoencoder's prior "
        "favours and nothing in a plain one asks for. One begins with typical images that this run decodes well."
    )
    with _in_one_line():
        first = endpoints.decoded_well(run, data, SUM)
        numbers, bar = endpoints.images(data, (keys.SUM_A, keys.SUM_B, keys.SUM_C), first, key="arithmetic")
        a, b, c = endpoints.codings(run, data, numbers)
        result = ways.arithmetic(a, b, c)
        place = off_manifold.diagnose(run, walker.reference, result)
        near = int(walker.reference.numbers[place.nearest[0]])
        shown = [*as_float(data.numbered(np.array(numbers))), *inference.decode(run, np.stack([c, result[0]]))]
        shown.append(as_float(data.numbered(np.array([near])))[0])
        with st.container(width=SUM_WIDTH):
            names = ["A", "− B", "+ C", "C decoded", "= picture", "nearest real"]
            image_grid.thumbnails(shown, names, len(shown), captions=True)
        among = latent_walk.reference_text(walker.reference, data)
        st.caption(f"The nearest code among {among}: {plain(selection.caption_of(data, [near])[0])}.")
        _walk(bar, run, walker, c, result[0], ("C", "C + (A − B)"), "arithmetic", start=1.0)


@render_lock.fragment
def random(run: Run, data: Data, walker: Walker) -> None:
    """Random codings with a temperature."""
    variational = run.spec.variational
    st.markdown("###### What does it make up?")
    told = st.empty()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        temperature = st.slider(
            "Temperature", 0.0, HOTTEST, 1.0, 0.1, key=keys.TEMPERATURE, bind="query-params", width=280
        )
        seed = _draws(keys.RANDOM_DRAWS)
    with _in_one_line():
        source = (
            "Codings drawn from the standard normal prior, times the temperature: 0 is its centre, 1 the prior itself."
            if variational
            else "Each coding is drawn on its own from the values the data used, so which values go together is lost; "
            "the temperature scales how far from their mean. A prior to draw from is what a variational autoencoder "
            "adds."
        )
        told.caption(f"{source} {_measured(run, walker)}")
        z = latent_axes.sample(run, RANDOM, seed, temperature)
        places = off_manifold.diagnose(run, walker.reference, z)
        inside, edge, far = (int((places.level == level).sum()) for level in range(3))
        st.markdown(f"**{inside} of {RANDOM} inside the data**, {edge} at the edge, {far} far from it")
        assert places.drift_ratio is not None
        worse = np.maximum(places.distance_ratio, places.drift_ratio)
        labels = [f"{ratio:.1f} ×" if ratio < 1000 else "> 999 ×" for ratio in worse]
        walk_row.draw(walker, z, key=f"random_{run.key}", columns=A_ROW, labels=labels, places=places)
        st.caption(
            "Below each the larger of distance and drift, against the limit for held-out images: 1 ×, which 95 % of "
            "them stay below in either. A faint bar: at the edge of the data, a full one: far from it. Point at a "
            "picture to see where it is."
        )
        _saves(run, z, [f"random {i + 1}" for i in range(RANDOM)], "random", sheet=labels)


@render_lock.fragment
def grid(run: Run, data: Data, walker: Walker) -> None:
    """The interpolation grid of the book: 3 × 4 codings enlarged to 5 × 7."""
    st.markdown("###### Does one thing turn into the next?")
    st.caption(
        f"Twelve codings (framed) and what lies between them, {GRID[0]} × {GRID[1]} by bilinear interpolation, as in "
        "Géron's book. "
        + (
            "Good: every picture could be real, and neighbours differ a little."
            if run.spec.variational
            else "A plain autoencoder was never asked to fill what lies between: there one may see several images at "
            "once."
        )
    )
    bar = st.container(horizontal=True, gap="small", vertical_alignment="center")
    with bar:
        source = controls.segments(bar, "Codings", GRID_FROM, keys.GRID_FROM)
        seed = _draws(keys.GRID_DRAWS)
    with _in_one_line():
        count = GIVEN[0] * GIVEN[1]
        if source == "random":
            codings = latent_axes.sample(run, count, seed)
        else:
            codings = endpoints.codings(run, data, _twelve(data, count, seed))
        z = ways.enlarged_grid(codings.reshape(*GIVEN, -1), *GRID)
        framed = ways.grid_positions(GIVEN, *GRID)
        places = off_manifold.diagnose(run, walker.reference, z)
        walk_row.draw(walker, z, key=f"grid_{run.key}", columns=GRID[1], framed=framed, wrap=False, places=places)
        st.caption(
            "A faint bar: at the edge of the data, a full one: far from it. Point at a picture to see where it is."
        )
        names = [f"row {i // GRID[1] + 1} column {i % GRID[1] + 1}" for i in range(len(z))]
        _saves(run, z, names, "grid", columns=GRID[1], framed=framed)


def _walk(
    bar: DeltaGenerator,
    run: Run,
    walker: Walker,
    a: np.ndarray,
    b: np.ndarray,
    ends: tuple[str, str],
    name: str,
    *,
    start: float = 0.0,
) -> None:
    """Pictures and downloads of a walk from coding a to coding b, and its controls in `bar`."""
    way = endpoints.way(bar)
    count = int(
        bar.number_input(
            "Pictures",
            3,
            30,
            PICTURES,
            key=keys.PICTURES,
            bind="query-params",
            width=130,
            label_visibility="collapsed",
            help="How many pictures in the row.",
        )
    )
    z = ways.interpolate(a, b, count, way)
    if way == "spherical" and ways.angle(a, b) is None:
        st.caption("These two codings span no arc (one is zero, or both lie on one line): the way is straight.")
    told = st.empty()
    labels = [ends[0], *(f"{100 * i / (count - 1):.0f} %" for i in range(1, count - 1)), ends[1]]
    places = walk_row.draw(
        walker, z, key=f"{name}_{run.key}", columns=A_ROW, labels=labels, scrub=True, way=way, ends=ends, start=start
    )
    assert places is not None
    told.caption(_on_the_way(run, places.level))
    _saves(run, z, labels, name, fine=(a, b, way))


def _saves(
    run: Run,
    z: np.ndarray,
    names: Sequence[str],
    name: str,
    *,
    columns: int = A_ROW,
    framed: Collection[int] = (),
    sheet: Sequence[str] | None = None,
    fine: tuple[np.ndarray, np.ndarray, ways.Path] | None = None,
) -> None:
    """What can be taken along, made when it is asked for: the codings z (m, d) as pictures and as numbers; `fine` is
    the walk that a GIF shows in smaller steps."""
    colours, title = theme.current(), run_name(run)

    def gif() -> bytes:
        path = z if fine is None else ways.interpolate(fine[0], fine[1], FINE, fine[2])
        return walk_files.gif(inference.decode(run, path), colours)

    def png() -> bytes:
        told = sheet if sheet is not None else None if framed else names
        return walk_files.png(inference.decode(run, z), columns, colours, labels=told, framed=framed, title=title)

    file = f"{name}-{run.key}"
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "GIF",
            gif,
            f"{file}.gif",
            "image/gif",
            key=f"{name}_gif",
            on_click="ignore",
            icon=":material/movie:",
            help="The pictures there and back, enlarged.",
        )
        st.download_button(
            "PNG",
            png,
            f"{file}.png",
            "image/png",
            key=f"{name}_png",
            on_click="ignore",
            icon=":material/image:",
            help="All pictures on one sheet.",
        )
        st.download_button(
            "Codings (CSV)",
            lambda: walk_files.csv(z, names),
            f"{file}.csv",
            "text/csv",
            key=f"{name}_csv",
            on_click="ignore",
            icon=":material/table:",
            help="A row a picture: its label and all its codings.",
        )


def _draws(key: str) -> int:
    """How often the button was pressed: the seed of what is drawn."""
    if st.button("Draw again", key=f"{key}_button", icon=":material/casino:"):
        st.session_state[key] = st.session_state.get(key, 0) + 1
    return int(st.session_state.get(key, 0))


def _twelve(data: Data, count: int, seed: int) -> list[int]:
    """Validation samples for the grid: at first the first of each class and some more, then by chance."""
    if seed == 0:
        return endpoints.examples(data, range(count))
    found = np.random.default_rng(seed).choice(len(data.validation), min(count, len(data.validation)), replace=False)
    return [int(number) for number in found]


def _on_the_way(run: Run, level: np.ndarray) -> str:
    """What was measured along a walk, whose places stand at `level` (k,), and what neither measure sees."""
    outside, far = float((level > 0).mean()), float((level == 2).mean())
    measured = (
        "All of this way is inside the data by distance and drift."
        if outside == 0
        else f"{_percent(outside)} of this way is outside the data by distance and drift, {_percent(far)} far from it."
    )
    kind = (
        "A variational autoencoder was made to fill the space between."
        if run.spec.variational
        else "Nothing in a plain autoencoder's training fills the space between."
    )
    return f"{measured} {kind} Neither measure sees a blend of two images, a double exposure: that is left to the eye."


def _measured(run: Run, walker: Walker) -> str:
    """How many random codings of each temperature are inside the data."""
    shares = _inside(*shared.identity(run), run, walker)
    each = ", ".join(
        f"{_percent(share)} at {temperature:g}" for temperature, share in zip(TEMPERATURES, shares, strict=True)
    )
    return f"Of {MEASURED} drawn at each temperature, inside the data are {each}." + (
        " The centre itself is outside: colder is not safer here." if shares[0] == 0 and shares[1] < shares[2] else ""
    )


@st.cache_data(show_spinner=False, max_entries=64)
def _inside(cache: str, key: str, modified: int, _run: Run, _walker: Walker) -> list[float]:
    """The share of random codings inside the data at each of `TEMPERATURES`."""
    # At 0 all are the same place.
    drawn = [latent_axes.sample(_run, MEASURED if t else 1, seed=0, temperature=t) for t in TEMPERATURES]
    return [float((off_manifold.diagnose(_run, _walker.reference, z).level == 0).mean()) for z in drawn]


def _percent(share: float) -> str:
    """'12 %'; a share that is neither none nor all is not rounded to it."""
    if 0 < share < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    """A run that cannot be decoded or judged is said in a line, not in a traceback."""
    try:
        yield
    except AecoreError as error:
        notice.warning(str(error))
