"""Pictures of random codings at a temperature, and the interpolation grid of Géron's book."""

from __future__ import annotations

import numpy as np
import streamlit as st

from aecore.analysis import interpolation, latent_axes, off_manifold
from aecore.datasets import Data
from aecore.store.runs import Run
from aecore.text import percent_text
from pages.widgets.basics import notice
from pages.widgets.components import walk_row
from pages.widgets.components.latent_walk import Walker
from pages.widgets.latent_walk import downloads, endpoints
from pages.widgets.server import render_lock, shared
from pages.widgets.session import controls, keys

COUNT = 20
HOTTEST = 3.0
MEASURED, TEMPERATURES = 200, (0.0, 0.5, 1.0, 2.0)  # random codings at each temperature, and the temperatures
GIVEN, GRID = (3, 4), (5, 7)
GRID_FROM = {"random": "Random codings", "images": "Images"}


@render_lock.fragment
def draw(run: Run, data: Data, walker: Walker) -> None:
    """Draw decoded random codings, scaled by the selected temperature."""
    variational = run.spec.variational
    st.markdown("## Random samples")
    caption = st.empty()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        temperature = controls.number(
            st.slider, "Temperature", 0.0, HOTTEST, 1.0, key=keys.TEMPERATURE, step=0.1, width=280
        )
        seed = _draws(keys.RANDOM_DRAWS)
    with notice.errors():
        source = (
            "Codings drawn from the standard normal prior, times the temperature: 0 is its centre, 1 the prior itself."
            if variational
            else "Each coding is drawn on its own from the values the data used, so which values go together is lost; "
            "the temperature scales how far from their mean. A prior to draw from is what a variational autoencoder "
            "adds."
        )
        caption.caption(f"{source} {_measured(run, walker)}")
        z = latent_axes.sample(run, COUNT, seed, temperature)
        places = off_manifold.diagnose(run, walker.reference, z)
        inside, edge, far = (int((places.level == level).sum()) for level in range(3))
        st.markdown(f"**{inside} of {COUNT} inside the data**, {edge} at the edge, {far} far from it")
        assert places.drift_ratio is not None
        worse = np.maximum(places.distance_ratio, places.drift_ratio)
        labels = [f"{ratio:.1f} ×" if ratio < 1000 else "> 999 ×" for ratio in worse]
        walk_row.draw(walker, z, key=f"random_{run.key}", columns=downloads.PER_ROW, labels=labels, places=places)
        st.caption(
            "Below each the larger of distance and drift, against the limit for held-out images: 1 ×, which 95 % of "
            "them stay below in either. A faint bar: at the edge of the data, a full one: far from it. Point at a "
            "picture to see where it is."
        )
        downloads.draw(run, z, [f"random {i + 1}" for i in range(COUNT)], "random", sheet=labels)


@render_lock.fragment
def grid(run: Run, data: Data, walker: Walker) -> None:
    """Draw the interpolation grid: 3 × 4 codings enlarged to 5 × 7."""
    st.markdown("## Interpolation grid")
    st.caption(
        f"Twelve codings (framed) and the codings between them, {GRID[0]} × {GRID[1]} by bilinear interpolation, as in "
        "Géron's book. "
        + (
            "Good: every picture could be real, and neighbours differ a little."
            if run.spec.variational
            else "A plain autoencoder is not trained on the codings between: pictures there may show several images at "
            "once."
        )
    )
    bar = st.container(horizontal=True, gap="small", vertical_alignment="center")
    with bar:
        source = controls.segments(bar, "Codings", GRID_FROM, keys.GRID_FROM)
        seed = _draws(keys.GRID_DRAWS)
    with notice.errors():
        count = GIVEN[0] * GIVEN[1]
        if source == "random":
            codings = latent_axes.sample(run, count, seed)
        else:
            codings = endpoints.codings(run, data, _samples(data, count, seed))
        z = interpolation.enlarged_grid(codings.reshape(*GIVEN, -1), *GRID)
        framed = interpolation.grid_positions(GIVEN, *GRID)
        places = off_manifold.diagnose(run, walker.reference, z)
        walk_row.draw(walker, z, key=f"grid_{run.key}", columns=GRID[1], framed=framed, wrap=False, places=places)
        st.caption(
            "A faint bar: at the edge of the data, a full one: far from it. Point at a picture to see where it is."
        )
        names = [f"row {i // GRID[1] + 1} column {i % GRID[1] + 1}" for i in range(len(z))]
        downloads.draw(run, z, names, "grid", columns=GRID[1], framed=framed)


def _draws(key: str) -> int:
    """Draw a button and return how often it was pressed, the seed of the random codings."""
    if st.button("Draw again", key=f"{key}_button", icon=":material/casino:"):
        st.session_state[key] = st.session_state.get(key, 0) + 1
    return int(st.session_state.get(key, 0))


def _samples(data: Data, count: int, seed: int) -> list[int]:
    """`count` validation samples for the grid: for seed 0 the first of each class and some more, else random ones."""
    if seed == 0:
        return endpoints.examples(data, range(count))
    numbers = np.random.default_rng(seed).choice(len(data.validation), min(count, len(data.validation)), replace=False)
    return [int(number) for number in numbers]


def _measured(run: Run, walker: Walker) -> str:
    """A sentence on the share of random codings at each temperature that is inside the data."""
    shares = _shares_inside(*shared.identity(run), run, walker)
    parts = ", ".join(
        f"{percent_text(share)} at {temperature:g}" for temperature, share in zip(TEMPERATURES, shares, strict=True)
    )
    return f"Of {MEASURED} drawn at each temperature, inside the data are {parts}." + (
        " The centre itself is outside: colder is not safer here." if shares[0] == 0 and shares[1] < shares[2] else ""
    )


@st.cache_data(show_spinner=False, max_entries=64)
def _shares_inside(cache: str, key: str, modified: int, _run: Run, _walker: Walker) -> list[float]:
    """The share of random codings inside the data at each of `TEMPERATURES`."""
    # At temperature 0 all codings are equal.
    codings = [latent_axes.sample(_run, MEASURED if t else 1, seed=0, temperature=t) for t in TEMPERATURES]
    return [float((off_manifold.diagnose(_run, _walker.reference, z).level == 0).mean()) for z in codings]
