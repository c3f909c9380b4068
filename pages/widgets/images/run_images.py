"""A run's reconstructions, their errors, and the choice of validation samples to show."""

from __future__ import annotations

import numpy as np
import streamlit as st

from aecore.datasets import Data, as_float
from aecore.store import runs
from aecore.store.runs import ResultFolder, Run
from pages.widgets.images import sprite_sheet
from pages.widgets.images.sample_html import to_uint8
from pages.widgets.server import shared

SHOWN = 10  # samples: one row of the image grid
WAYS = {"each": "One of each", "best": "Best", "worst": "Worst", "random": "Random", "class": "One class"}


def choose(
    way: str, errors: np.ndarray, labels: np.ndarray | None, *, group: int = 0, seed: int = 0, n: int = SHOWN
) -> np.ndarray:
    """Validation indices of up to n samples.

    'each' takes the first sample of every class (without labels: the first n), 'best' and 'worst' go by error (n,),
    'random' by the seed, 'class' takes the first of one class.
    """
    if way == "best":
        return np.argsort(errors, kind="stable")[:n]
    if way == "worst":
        return np.argsort(-errors, kind="stable")[:n]
    if way == "random":
        return np.random.default_rng(seed).choice(len(errors), min(n, len(errors)), replace=False)
    if way == "class" and labels is not None:
        return np.flatnonzero(labels == group)[:n]
    if labels is None:
        return np.arange(min(n, len(errors)))
    return np.array([np.flatnonzero(labels == g)[0] for g in np.unique(labels)][:n])


def errors_of(run: Run) -> np.ndarray:
    """Mean squared error (n,) of each validation sample's reconstruction."""
    return _errors(*shared.identity(run, "reconstructions.npz"))[0]


def pixel_errors_of(run: Run) -> np.ndarray:
    """Mean squared error (height, width) or (height, width, channels) of each pixel over the validation images."""
    return _errors(*shared.identity(run, "reconstructions.npz"))[1]


def reconstructions_of(run: Run) -> np.ndarray:
    """Validation reconstructions (n, *shape) in the stored dtype, shared by all sessions: index first, then call
    `as_float`."""
    return _unpacked(*shared.identity(run, "reconstructions.npz"))


def samples_on(work: ResultFolder, data: Data) -> sprite_sheet.Sheet:
    """Sprite sheet of the samples on a map, in the map's order."""
    index = shared.array(work, "index")
    return sprite_sheet.cached_sheet(
        (data.info.name, *shared.file_identity(work, "index.npy")), lambda: data.numbered(index)
    )


def reconstructions_on(work: ResultFolder, run: Run) -> sprite_sheet.Sheet:
    """Sprite sheet of the reconstructions of the validation samples on a map, in the map's order."""
    index = shared.array(work, "index")
    cache_key = *shared.identity(run, "reconstructions.npz"), *shared.file_identity(work, "index.npy")
    return sprite_sheet.cached_sheet(cache_key, lambda: to_uint8(reconstructions_of(run)[index]))


@st.cache_resource(show_spinner=False, max_entries=8)
def _unpacked(cache: str, key: str, modified: int) -> np.ndarray:
    """The unpacked reconstructions (n, *shape). Cached apart from `shared.arrays`, with fewer entries, because each has
    megabytes."""
    return runs.open_run(key, shared.cache()).reconstructions()


@st.cache_resource(show_spinner=False, max_entries=200)
def _errors(cache: str, key: str, modified: int) -> tuple[np.ndarray, np.ndarray]:
    run = runs.open_run(key, shared.cache())
    squared = np.square(as_float(shared.data(run.spec.dataset).validation) - as_float(run.reconstructions()))
    return squared.reshape(len(squared), -1).mean(axis=1), squared.mean(axis=0)
