"""The training film: the map of a run's snapshots with a time slider, live while it trains, and its GIF download.

The component `training_film` draws it. The frame at which the visitor stops is stored in the link as `frame=`.
"""

from __future__ import annotations

import functools

import streamlit as st

from aecore.analysis import training_film as films
from aecore.analysis.training_film import Film
from aecore.datasets import Data
from aecore.errors import AecoreError, RunError
from aecore.export import film_gif
from aecore.figures import Theme
from aecore.presets.names import run_name
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.basics import notice, theme
from pages.widgets.components import training_film
from pages.widgets.server import render_lock, shared
from pages.widgets.session import active_run, keys, link

TICK = 1.0  # seconds between updates while a run trains


def section(run: Run, data: Data) -> None:
    """Draw the film of a run that is finished, stopped or in training, with heading and caption."""
    st.markdown("## Training animation")
    live = active_run.state(run) in active_run.PENDING
    st.session_state[training_film.sent_key(keys.film(run.key))] = 0
    part = render_lock.polling_fragment(_film, run.key, TICK) if live else render_lock.fragment(_film)
    part(run.key, data.info.name)


def _film(key: str, dataset: str) -> None:
    run = runs.open_run(key, shared.cache())
    learning = active_run.state(run) in active_run.PENDING
    try:
        film = _film_of(run)
    except AecoreError as error:
        waiting = learning and isinstance(error, RunError)
        notice.caption("The first snapshot comes with the first step of the training." if waiting else str(error))
        return
    st.caption(_sentence(film, learning))
    learning = learning and not film.finished
    frame = training_film.draw(film, key=keys.film(key), live=learning, opening=_opening(film))
    if learning:
        return
    _into_link(film, frame)
    name = f"{run_name(run)} · {dataset}"
    st.download_button(
        "Save as GIF",
        functools.partial(_gif, film, theme.current(), name),
        f"training-{key}.gif",
        "image/gif",
        key="film_gif",
        on_click="ignore",
        icon=":material/movie:",
        help="Seven seconds, 640 pixels wide: the map, the samples and the error, as they move here.",
    )


def _sentence(film: Film, learning: bool) -> str:
    if not film.finished and not learning:
        return "This training failed; the animation ends with its last snapshot."
    if not film.finished:
        return (
            "The map follows the training. Drag back to see an earlier step; at the right end the animation follows "
            "the training again."
        )
    milestones = []
    if (apart := film.separated()) is not None:
        milestones.append(f"from {film.time_text(apart)} on the classes are nearly as far apart as in the end")
    if (fallen := film.converged()) is not None:
        milestones.append(f"by {film.time_text(fallen)} the error has done nine tenths of its fall")
    advice = f"Play it: {', '.join(milestones)}; after that little changes. " if milestones else ""
    seen = (
        f"; the plane shows {100 * film.explained:.0f} % of the variance of the final codings" if film.projected else ""
    )
    left = f" {film.left_out} snapshots without finite codings are left out." if film.left_out else ""
    return f"{advice}The projection is fixed, so every movement comes from the training{seen}.{left}"


def _film_of(run: Run) -> Film:
    """The run's film, read once for all sessions; while the run trains, only new snapshots are read."""
    path, growing = run.folder / "snapshots.npz", _growing()
    if path.exists():
        growing.pop(run.key, None)
        return _finished(*shared.identity(run, path.name), run.state)
    film = films.film_of_run(run, growing.get(run.key))
    for old in list(growing)[: max(0, len(growing) - 2)]:
        growing.pop(old, None)
    growing[run.key] = film
    return film


@st.cache_resource(show_spinner=False, max_entries=4)
def _finished(cache: str, key: str, modified: int, state: str) -> Film:
    return films.film_of_run(runs.open_run(key, shared.cache()))


@st.cache_resource(show_spinner=False)
def _growing() -> dict[str, Film]:
    """The films of the runs in training by key, shared by all sessions."""
    return {}


@functools.lru_cache(maxsize=8)
def _gif(film: Film, colours: Theme, title: str) -> bytes:
    return film_gif.gif(film, colours, title)


def _opening(film: Film) -> int | None:
    """The frame in the link when the session opened the run's film; None without one.

    It stays the same while the visitor moves through the film, since the component's data must not change with it.
    """
    stored = st.session_state.get(keys.FILM_OPENING)
    if stored and stored[0] == film.run:
        return stored[1]
    if stored is not None:  # the frame in the link belongs to another run
        st.query_params.pop(keys.FRAME, None)
    linked = link.read(keys.FRAME, link.whole_number(keys.FRAME, 0, len(film) - 1))
    opening = linked if stored is None else None
    st.session_state[keys.FILM_OPENING] = (film.run, opening)
    return opening


def _into_link(film: Film, frame: int) -> None:
    """Write the frame into the link; the last one, with which a film opens by default, is left out."""
    wanted = None if frame == len(film) - 1 else str(frame)
    if wanted is None:
        st.query_params.pop(keys.FRAME, None)
    elif st.query_params.get(keys.FRAME) != wanted:
        st.query_params[keys.FRAME] = wanted
