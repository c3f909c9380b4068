"""Walks between images: what a decoder draws on the way from one to another, from class to class, by arithmetic, from
random codings, and over the grid of Géron's book; each can be taken along as GIF, PNG and CSV.

Each section is a fragment: what is picked in it runs it alone. `between`, `means` and `arithmetic` share widgets, and
so the link, such as A and B: a page shows one of them at a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore import inference, journey_export, walk, whereabouts
from aecore import journeys as ways
from aecore.datasets import Data, as_float
from aecore.errors import AecoreError
from aecore.runs import Run
from pages.widgets import controls, image_grid, journey_picks, journey_view, selection, sidebar, theme
from pages.widgets.markdown import plain
from pages.widgets.walk_view import Walker

A_ROW = 10
PICTURES = 10  # from end to end
FINE = 25  # pictures of a GIF from end to end
RANDOM = 20
HOTTEST = 3.0
GIVEN, GRID = (3, 4), (5, 7)
GRID_FROM = {"random": "Random codings", "images": "Images"}
ENDS = (0, 9)  # classes that a visitor sees first: T-shirt and ankle boot in Fashion-MNIST
SUM_WIDTH = 560  # pixels of five pictures
SUM = (2, 0, 3)  # pullover − T-shirt + dress: what long sleeves are


@st.fragment
def between(run: Run, data: Data, walker: Walker) -> None:
    """From image A to image B."""
    st.markdown("###### What lies between two images?")
    st.caption(
        f"Drag from A to B: each picture is decoded on the way. {_good(run)} Show another run, and the two images stay."
    )
    numbers, bar = journey_picks.images(data, ("a", "b"), journey_picks.examples(data, ENDS), key="between")
    with _in_one_line():
        a, b = journey_picks.codings(run, data, numbers)
        names = selection.caption_of(data, numbers)
        _walk(bar, run, walker, a, b, (names[0], names[1]), "between")


@st.fragment
def means(run: Run, data: Data, walker: Walker) -> None:
    """From the mean coding of a class to that of another one."""
    st.markdown("###### What lies between two classes?")
    labels = walker.survey.labels
    groups = [] if labels is None else np.unique(labels).tolist()
    if len(groups) < 2 or labels is None:
        st.caption("These data have no classes to walk between.")
        return
    names = [data.info.classes[g] if g < len(data.info.classes) else f"class {g}" for g in groups]
    st.caption(
        "The mean of all training codes of a class is decoded as its typical image; a class that falls into several "
        f"kinds has its mean between them, where no image is. {_good(run)}"
    )
    with st.container(horizontal=True, gap="small"):
        chosen = [
            st.selectbox(
                told, names, index=first % len(names), key=name, width=190, bind="query-params",
                label_visibility="collapsed",
            )
            for told, name, first in (("From", "from_class", ENDS[0]), ("To", "to_class", ENDS[1]))
        ]  # fmt: skip
        bar = st.container(width=330, horizontal=True, gap="small")
    with _in_one_line():
        middles = dict(zip(names, ways.class_means(walker.survey.codes, labels), strict=True))
        _walk(bar, run, walker, middles[chosen[0]], middles[chosen[1]], (chosen[0], chosen[1]), "means")


@st.fragment
def arithmetic(run: Run, data: Data, walker: Walker) -> None:
    """A − B + C."""
    st.markdown("###### Can one calculate with codings?")
    st.caption(
        "A − B is a direction; C goes that way. Good: what sets A apart from B appears on C, and C stays itself. It "
        "works where directions mean the same everywhere, which a variational autoencoder's prior favours and nothing "
        "in a plain one asks for."
    )
    numbers, bar = journey_picks.images(data, ("a", "b", "c"), journey_picks.examples(data, SUM), key="arithmetic")
    with _in_one_line():
        a, b, c = journey_picks.codings(run, data, numbers)
        result = ways.arithmetic(a, b, c)
        place = whereabouts.judge(run, walker.survey, result)
        near = int(walker.survey.numbers[place.nearest[0]])
        shown = [*as_float(data.numbered(np.array(numbers))), inference.decode(run, result)[0]]
        shown.append(as_float(data.numbered(np.array([near])))[0])
        with st.container(width=SUM_WIDTH):
            image_grid.thumbnails(shown, ["A", "− B", "+ C", "= picture", "nearest real"], len(shown), captions=True)
        st.caption(f"The training image with the nearest code: {plain(selection.caption_of(data, [near])[0])}.")
        _walk(bar, run, walker, c, result[0], ("C", "C + (A − B)"), "arithmetic", start=1.0)


@st.fragment
def random(run: Run, data: Data, walker: Walker) -> None:
    """Random codings with a temperature."""
    variational = run.spec.coding == "variational"
    st.markdown("###### What does it make up?")
    st.caption(
        "Codings drawn from the standard normal prior, times the temperature. Good: at 1 most could be real, below "
        "they grow typical, above strange."
        if variational
        else "Each coding is drawn on its own from the values the data used; the temperature scales how far from their "
        "mean. No prior was learned, so even at 1 most could not be real: that is what a variational autoencoder "
        "adds."
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        temperature = st.slider(
            "Temperature", 0.0, HOTTEST, 1.0, 0.1, key="temperature", bind="query-params", width=280
        )
        seed = _draws("random_draws")
    with _in_one_line():
        z = walk.sample(run, RANDOM, seed, temperature)
        places = whereabouts.judge(run, walker.survey, z)
        inside, edge, far = (int((places.level == level).sum()) for level in range(3))
        st.markdown(f"**{inside} of {RANDOM} inside the data**, {edge} at the edge, {far} far from it")
        labels = [f"{ratio:.1f} ×" if ratio < 1000 else "> 999 ×" for ratio in places.distance_ratio]
        journey_view.draw(walker, z, key=f"random_{run.key}", columns=A_ROW, labels=labels)
        st.caption("Below each its distance to the nearest training code, against what is usual for held-out samples.")
        _saves(run, z, [f"random {i + 1}" for i in range(RANDOM)], "random", sheet=labels)


@st.fragment
def grid(run: Run, data: Data, walker: Walker) -> None:
    """The interpolation grid of the book: 3 × 4 codings enlarged to 5 × 7."""
    st.markdown("###### Does one thing turn into the next?")
    st.caption(
        f"Twelve codings (framed) and what lies between them, {GRID[0]} × {GRID[1]} by bilinear interpolation, as in "
        "Géron's book. "
        + (
            "Good: every picture could be real, and neighbours differ a little."
            if run.spec.coding == "variational"
            else "A plain autoencoder was never asked to fill what lies between: one sees several images at once there."
        )
    )
    bar = st.container(horizontal=True, gap="small", vertical_alignment="center")
    with bar:
        source = controls.segments(bar, "Codings", GRID_FROM, "grid_from")
        seed = _draws("grid_draws")
    with _in_one_line():
        count = GIVEN[0] * GIVEN[1]
        if source == "random":
            codings = walk.sample(run, count, seed)
        else:
            codings = journey_picks.codings(run, data, _twelve(data, count, seed))
        z = ways.resized(codings.reshape(*GIVEN, -1), *GRID)
        framed = ways.given(GIVEN, *GRID)
        journey_view.draw(walker, z, key=f"grid_{run.key}", columns=GRID[1], framed=framed, wrap=False)
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
    way = journey_picks.way(bar)
    count = int(
        bar.number_input(
            "Pictures", 3, 30, PICTURES, key="pictures", bind="query-params", width=130, label_visibility="collapsed",
            help="How many pictures in the row.",
        )
    )  # fmt: skip
    z = ways.between(a, b, count, way)
    if way == "spherical" and ways.angle(a, b) is None:
        st.caption("These two codings span no arc (one is zero, or both lie on one line): the way is straight.")
    labels = [ends[0], *(f"{100 * i / (count - 1):.0f} %" for i in range(1, count - 1)), ends[1]]
    journey_view.draw(
        walker, z, key=f"{name}_{run.key}", columns=A_ROW, labels=labels, scrub=True, way=way, ends=ends, start=start
    )
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
    fine: tuple[np.ndarray, np.ndarray, ways.Way] | None = None,
) -> None:
    """What can be taken along, made when it is asked for: the codings z (m, d) as pictures and as numbers; `fine` is
    the walk that a GIF shows in smaller steps."""
    colours, title = theme.current(), sidebar.name_of(run)

    def gif() -> bytes:
        path = z if fine is None else ways.between(fine[0], fine[1], FINE, fine[2])
        return journey_export.gif(inference.decode(run, path), colours)

    def png() -> bytes:
        told = sheet if sheet is not None else None if framed else names
        return journey_export.png(inference.decode(run, z), columns, colours, labels=told, framed=framed, title=title)

    file = f"{name}-{run.key}"
    with st.container(horizontal=True, gap="small"):
        st.download_button("GIF", gif, f"{file}.gif", "image/gif", key=f"{name}_gif", on_click="ignore",
                           icon=":material/movie:", help="The pictures there and back, enlarged.")  # fmt: skip
        st.download_button("PNG", png, f"{file}.png", "image/png", key=f"{name}_png", on_click="ignore",
                           icon=":material/image:", help="All pictures on one sheet.")  # fmt: skip
        st.download_button("Codings (CSV)", lambda: journey_export.csv(z, names), f"{file}.csv", "text/csv",
                           key=f"{name}_csv", on_click="ignore", icon=":material/table:",
                           help="A row a picture: its label and all its codings.")  # fmt: skip


def _draws(key: str) -> int:
    """How often the button was pressed: the seed of what is drawn."""
    if st.button("Draw again", key=f"{key}_button", icon=":material/casino:"):
        st.session_state[key] = st.session_state.get(key, 0) + 1
    return int(st.session_state.get(key, 0))


def _twelve(data: Data, count: int, seed: int) -> list[int]:
    """Validation samples for the grid: at first the first of each class and some more, then by chance."""
    if seed == 0:
        return journey_picks.examples(data, range(count))
    found = np.random.default_rng(seed).choice(len(data.validation), min(count, len(data.validation)), replace=False)
    return [int(number) for number in found]


def _good(run: Run) -> str:
    """What good looks like, for this kind of run."""
    if run.spec.coding == "variational":
        return (
            "A variational autoencoder was made to fill the space between: good is that distance and drift stay below "
            "the dotted line, and each picture could be real."
        )
    return (
        "A plain autoencoder leaves gaps between its codes: distance and drift climb over the dotted line there, and "
        "pictures turn into double exposures."
    )


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    """A run that cannot be decoded or judged is said in a line, not in a traceback."""
    try:
        yield
    except AecoreError as error:
        st.warning(plain(str(error)), icon=":material/info:")
