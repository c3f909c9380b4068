"""Pickers of the images at the ends of a walk: by class and number, at random, or from the selection on the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore.analysis import inference, interpolation
from aecore.datasets import Data, as_float, watched
from aecore.store.runs import Run
from pages.widgets.basics.notice import plain
from pages.widgets.images import grid
from pages.widgets.server import shared
from pages.widgets.session import controls, keys, selection

THUMBNAIL, FIELDS = 84, 150  # pixels wide
FIRST, TYPICAL = 50, 12  # images of a class that are examined, and how many of them count as typical
WAYS = {"straight": "Straight", "spherical": "Spherical"}


def images(data: Data, names: Sequence[str], first: Sequence[int], *, key: str) -> tuple[list[int], DeltaGenerator]:
    """Draw a picker for each of `names` and buttons to swap, shuffle, or use the selection.

    Parameters
    ----------
    names : keys of the number inputs and query parameters, such as 'a', 'b'; the last letter is the picture's title.
    first : initial sample numbers (`Data.numbered`); if they change with the run, unchanged inputs follow.
    key : prefix of the buttons' keys.

    Returns
    -------
    The picked sample numbers, and the container beside the pictures for the walk's controls.
    """
    count = len(data.validation) + len(data.train)
    for name, number in zip(names, first, strict=True):
        if st.session_state.get(keys.proposed(name), number) == st.session_state.get(name) != number:
            st.session_state[name] = number
        st.session_state[keys.proposed(name)] = number
        if not 0 <= st.session_state.get(name, 0) < count:  # the number was picked in a larger data set
            del st.session_state[name]
    with st.container(horizontal=True, gap="medium"):
        numbers = [_image(data, name, number) for name, number in zip(names, first, strict=True)]
        # The controls: beside two images in two rows, below three images in one row.
        with st.container(horizontal=True, gap="small", width=330 if len(names) == 2 else 700):
            place = st.container(horizontal=True, gap="small", width="content")
            _buttons(data, names, numbers, key)
    return numbers, place


def codings(run: Run, data: Data, numbers: Sequence[int]) -> np.ndarray:
    """Codings (n, d) of samples by number; the means for a variational run."""
    return inference.encode(run, as_float(data.numbered(np.array(numbers, int))))


def of_class(data: Data, group: int) -> int:
    """The number of the first held-out sample of a class, or of the class's first training sample."""
    for labels, before in ((data.validation_labels, 0), (data.train_labels, len(data.validation))):
        if labels is not None and (labels == group).any():
            return before + int(np.argmax(labels == group))
    return 0


def examples(data: Data, groups: Sequence[int]) -> list[int]:
    """Numbers of the first validation sample of each of these classes; without labels, of the first samples."""
    order = watched(len(data.validation), data.validation_labels)
    return [int(order[group % len(order)]) for group in groups]


def decoded_well(run: Run, data: Data, groups: Sequence[int]) -> list[int]:
    """Number of a typical and well reconstructed validation sample of each of these classes.

    Of the first `FIRST` samples of a class, the `TYPICAL` ones with codings nearest to their mean count as typical; of
    these it is the one with the smallest mean squared error. (The smallest error alone selects black or white clothes,
    which differ by brightness only.) Without labels an equal share of the samples replaces each class.

    Raises `AecoreError` like `inference.encode` for a run that cannot be read.
    """
    return _decoded_well(*shared.identity(run), tuple(groups), run, data)


@st.cache_data(show_spinner=False, max_entries=64)
def _decoded_well(cache: str, key: str, modified: int, groups: tuple[int, ...], _run: Run, _data: Data) -> list[int]:
    labels, chosen = _data.validation_labels, []
    for place, group in enumerate(groups):
        members = np.arange(place, len(_data.validation), len(groups))
        if labels is not None and (labels == group).any():
            members = np.flatnonzero(labels == group)
        samples = as_float(_data.validation[members[:FIRST]])
        codes = inference.encode(_run, samples)
        away = codes - codes.mean(axis=0, dtype=np.float64)
        typical = np.square(away).sum(axis=1).argsort(kind="stable")[:TYPICAL]
        off = (inference.decode(_run, codes[typical]) - samples[typical]).reshape(len(typical), -1)
        chosen.append(int(members[typical[np.argmin(np.nan_to_num(np.square(off).mean(axis=1), nan=np.inf))]]))
    return chosen


def way(place: DeltaGenerator) -> interpolation.Path:
    """Draw the control of the path, 'straight' or 'spherical', and return its value."""
    return "spherical" if controls.segments(place, "Way", WAYS, keys.WAY) == "spherical" else "straight"


def _image(data: Data, name: str, first: int) -> int:
    """Draw a picture with its class and number inputs, and return the number."""
    number = int(st.session_state.get(name, first))
    labels, classes = data.labels_of(np.array([number])), data.info.classes
    letter = name[-1].upper()
    with st.container(horizontal=True, gap="xsmall", width=THUMBNAIL + FIELDS + 60):
        st.markdown(f"**{letter}**", width="content")
        picture = st.container(width=THUMBNAIL)
        with st.container(gap="xsmall", width=FIELDS):
            if labels is not None and classes:
                st.session_state[keys.class_of(name)] = classes[labels[0]]
                st.selectbox(
                    f"{letter}: class",
                    classes,
                    key=keys.class_of(name),
                    on_change=_first_of,
                    args=(data.info.name, name),
                    label_visibility="collapsed",
                )
            last = len(data.validation) + len(data.train) - 1
            number = int(
                controls.number(
                    st.number_input,
                    f"{letter}: sample number",
                    0,
                    last,
                    first,
                    key=name,
                    label_visibility="collapsed",
                )
            )
        with picture:
            sample = as_float(data.numbered(np.array([number]))[0])
            caption = data.captions_of([number])[0]
            grid.large_image(sample, f"{letter}: {caption}", width=THUMBNAIL)
    return number


def _buttons(data: Data, names: Sequence[str], numbers: Sequence[int], key: str) -> None:
    if len(names) == 2:
        swapped = dict(zip(names, reversed(numbers), strict=True))
        st.button("Swap", key=f"{key}_swap", icon=":material/swap_horiz:", on_click=_set, args=(swapped,))
    st.button(
        "Shuffle",
        key=f"{key}_shuffle",
        icon=":material/casino:",
        on_click=_shuffle,
        args=(data.info.name, tuple(names)),
        help="Other images, each of another class.",
    )
    selected = selection.current()
    if len(selected) >= len(names) and st.session_state.get(keys.SELECTION_OF, data.info.name) == data.info.name:
        captions = ", ".join(plain(text) for text in data.captions_of(selected[: len(names)]))
        picked = dict(zip(names, selected, strict=False))
        st.button(
            "Selected",
            key=f"{key}_selected",
            icon=":material/map:",
            on_click=_set,
            args=(picked,),
            help=f"What is selected on the map: {captions}.",
        )


def _first_of(dataset: str, name: str) -> None:
    """Callback: set `name` to the first sample of the class that is selected for it."""
    data = shared.data(dataset)
    st.session_state[name] = of_class(data, data.info.classes.index(st.session_state[keys.class_of(name)]))


def _set(numbers: Mapping[str, int]) -> None:
    st.session_state.update(numbers)


def _shuffle(dataset: str, names: Sequence[str]) -> None:
    """Callback: set each name to a random validation sample, of different classes if the data have labels."""
    data = shared.data(dataset)
    draw = st.session_state[keys.JOURNEY_DRAW] = st.session_state.get(keys.JOURNEY_DRAW, 0) + 1
    random = np.random.default_rng(draw)
    labels = data.validation_labels
    if labels is None or len(np.unique(labels)) < len(names):
        numbers = random.choice(len(data.validation), len(names), replace=False)
    else:
        groups = random.choice(np.unique(labels), len(names), replace=False)
        numbers = np.array([random.choice(np.flatnonzero(labels == group)) for group in groups])
    _set(dict(zip(names, map(int, numbers), strict=True)))
