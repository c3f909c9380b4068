"""Decoded interpolations between images or class means, and arithmetic of codings.

Each section is a fragment. `between`, `means` and `arithmetic` share widgets, and so query parameters, such as the
number of pictures: a page shows one of them at a time.
"""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore.analysis import inference, off_manifold
from aecore.analysis import interpolation as ways
from aecore.datasets import Data, as_float
from aecore.datasets.base import class_name
from aecore.store.runs import Run
from aecore.text import percent_text
from pages.widgets.basics import notice
from pages.widgets.basics.notice import plain
from pages.widgets.components import latent_walk, walk_row
from pages.widgets.components.latent_walk import Walker
from pages.widgets.images import grid as image_grid
from pages.widgets.latent_walk import downloads, endpoints
from pages.widgets.server import render_lock
from pages.widgets.session import controls, keys

PICTURES = 10  # initial number of pictures of an interpolation
KINDS = {"images": "Between images", "classes": "Between classes", "sum": "A − B + C"}
ENDS = (0, 9)  # initial classes of both ends: T-shirt and ankle boot in Fashion-MNIST
SUM_WIDTH = 670  # pixels of six pictures
SUM = (2, 0, 3)  # initial classes of the arithmetic: pullover − T-shirt + dress, which adds long sleeves


def section(run: Run, data: Data, walker: Walker) -> None:
    """Draw the kind of interpolation that is selected."""
    kind = controls.segments(st.container(horizontal=True), "Interpolation between", KINDS, keys.JOURNEY)
    {"images": between, "classes": means, "sum": arithmetic}[kind](run, data, walker)


@render_lock.fragment
def between(run: Run, data: Data, walker: Walker) -> None:
    """Draw the interpolation from image A to image B."""
    st.markdown("## Interpolation between two images")
    st.caption("Drag from A to B: each picture is decoded on the way. The two images stay when another run is shown.")
    numbers, bar = endpoints.images(data, (keys.A, keys.B), endpoints.examples(data, ENDS), key="between")
    with notice.errors():
        a, b = endpoints.codings(run, data, numbers)
        names = data.captions_of(numbers)
        _walk(bar, run, walker, a, b, (names[0], names[1]), "between")


@render_lock.fragment
def means(run: Run, data: Data, walker: Walker) -> None:
    """Draw the interpolation from the mean coding of one class to that of another."""
    st.markdown("## Interpolation between two classes")
    labels = walker.reference.labels
    groups = [] if labels is None else np.unique(labels).tolist()
    if len(groups) < 2 or labels is None:
        st.caption("This data set has no classes to interpolate between.")
        return
    names = [class_name(data.info.classes, g) for g in groups]
    st.caption(
        f"The mean of a class's codes, among {latent_walk.reference_text(walker.reference, data)}, is decoded as its "
        "typical image; a class that falls into several kinds has its mean between them, where no image is."
    )
    with st.container(horizontal=True, gap="small"):
        chosen = [
            controls.choice(
                st.selectbox,
                label,
                names,
                key=name,
                index=first % len(names),
                width=190,
                label_visibility="collapsed",
            )
            for label, name, first in (("From", keys.FROM_CLASS, ENDS[0]), ("To", keys.TO_CLASS, ENDS[1]))
        ]
        bar = st.container(width=330, horizontal=True, gap="small")
    with notice.errors():
        middles = dict(zip(names, ways.class_means(walker.reference.codes, labels), strict=True))
        _walk(bar, run, walker, middles[chosen[0]], middles[chosen[1]], (chosen[0], chosen[1]), "means")


@render_lock.fragment
def arithmetic(run: Run, data: Data, walker: Walker) -> None:
    """Draw the arithmetic A − B + C of three images' codings."""
    st.markdown("## Latent arithmetic")
    st.caption(
        "A − B is a direction; C goes that way. Good: what sets A apart from B appears on C as it is decoded, and the "
        "rest of C stays. It works where directions mean the same everywhere, which a variational autoencoder's prior "
        "favours and a plain one does not. The first three images are typical ones that this run decodes well."
    )
    with notice.errors():
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
        st.caption(f"The nearest code among {among}: {plain(data.captions_of([near])[0])}.")
        _walk(bar, run, walker, c, result[0], ("C", "C + (A − B)"), "arithmetic", start=1.0)


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
    """Draw the pictures from coding a (d,) to coding b (d,) and the downloads, with the controls in `bar`."""
    way = endpoints.way(bar)
    count = int(
        controls.number(
            bar.number_input,
            "Pictures",
            3,
            30,
            PICTURES,
            key=keys.PICTURES,
            width=130,
            label_visibility="collapsed",
            help="How many pictures in the row.",
        )
    )
    z = ways.interpolate(a, b, count, way)
    if way == "spherical" and ways.angle(a, b) is None:
        st.caption("These two codings span no arc (one is zero, or both lie on one line): the way is straight.")
    caption = st.empty()
    labels = [ends[0], *(f"{100 * i / (count - 1):.0f} %" for i in range(1, count - 1)), ends[1]]
    places = walk_row.draw(
        walker,
        z,
        key=f"{name}_{run.key}",
        columns=downloads.PER_ROW,
        labels=labels,
        scrub=True,
        way=way,
        ends=ends,
        start=start,
    )
    assert places is not None
    caption.caption(_on_the_way(run, places.level))
    downloads.draw(run, z, labels, name, fine=(a, b, way))


def _on_the_way(run: Run, level: np.ndarray) -> str:
    """A sentence on how many places of an interpolation, with levels (k,) as in `Diagnosis`, are off the manifold."""
    outside, far = float((level > 0).mean()), float((level == 2).mean())
    measured = (
        "All of this way is inside the data by distance and drift."
        if outside == 0
        else f"{percent_text(outside)} of this way is outside the data by distance and drift, "
        f"{percent_text(far)} far from it."
    )
    kind = (
        "A variational autoencoder was made to fill the space between."
        if run.spec.variational
        else "Nothing in a plain autoencoder's training fills the space between."
    )
    return f"{measured} {kind} Neither measure sees a blend of two images, a double exposure: that is left to the eye."
