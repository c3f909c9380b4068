"""The runs beside the active one: picked from a list, kept by key in the session and in the link.

A selectbox bound to the link would write its texts there. Keys last: a run's name changes with its wording, its key
never.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore import datasets
from aecore.errors import AecoreError
from aecore.presets import demonstrations as demo
from aecore.presets.names import run_name
from aecore.store import listing, runs
from aecore.store.runs import Run
from aecore.text import counted
from pages.widgets.basics import notice
from pages.widgets.server import shared
from pages.widgets.session import keys, knobs

SAME = "same"  # the active run itself, with another projection
MOST_RUNS = 12
LISTED = 100
RECENT = 5  # so many stand beside the active run where its data set has no demonstrations


def others(run: Run) -> list[Run]:
    """The other runs that can be looked at and saw the same data, the most recently used first."""
    candidates = (other for other in listing.recent_runs(shared.cache()) if other.key != run.key)
    return list(islice((other for other in candidates if _spec_of(other) == run.spec.dataset), LISTED))


def names(listed: Sequence[Run]) -> dict[str, str]:
    """{key: what tells this run from the others}: the name, where two share it what differs, then the key."""
    return _names(shared.cache().as_posix(), tuple(sorted(run.key for run in listed)))


@st.cache_data(show_spinner=False, max_entries=200)
def _names(cache: str, run_keys: tuple[str, ...]) -> dict[str, str]:
    """A key stands for one spec, whatever happens to the run, so this reads up to a hundred runs once."""
    listed = [runs.open_run(key, Path(cache)) for key in run_keys]
    names = {run.key: run_name(run) for run in listed}
    for same in _alike(listed, names):
        for key, difference in _differences(same).items():
            names[key] += difference
    for same in _alike(listed, names):
        for run in same:
            names[run.key] += f" · {run.key[:6]}"
    return names


def pick_other(place: DeltaGenerator, run: Run, others: Sequence[Run]) -> Run:
    """The second run of a comparison, `run` itself for another projection of it. It lives in the link as `other=`."""
    labels = {SAME: "The same run, another projection", **names([run, *others])}
    del labels[run.key]
    wanted = (_wanted(keys.OTHER) or [""])[0]
    wanted = SAME if wanted == run.key else wanted
    if wanted and wanted not in labels:
        notice.warning(f"{_why_not(wanted, run)} Beside it stands another one.", place)
    first = next((key for key in labels if key != SAME), SAME)
    candidates = (wanted, st.session_state.get(keys.OTHER), first)
    st.session_state[keys.OTHER] = next(key for key in candidates if key in labels)
    key = place.selectbox(
        "Beside it",
        list(labels),
        format_func=labels.__getitem__,
        key=keys.OTHER,
        label_visibility="collapsed",
        on_change=_remember,
        args=(keys.OTHER,),
    )
    st.query_params[keys.OTHER] = key
    return next((other for other in others if other.key == key and other.readable), run)


def pick_several(bar: DeltaGenerator, lines: DeltaGenerator, run: Run, others: Sequence[Run]) -> list[Run]:
    """The runs that a sample is sent through, up to `MOST_RUNS`, picked behind a button in `bar`; a line in `lines`
    names those that cannot be shown. The link keeps them as `runs=`."""
    by_key = {other.key: other for other in [run, *others]}
    labels = names(list(by_key.values()))
    wanted = _wanted(keys.RUNS)
    if wanted is None:
        demonstrations = [key for key in demo.keys().values() if key in by_key and key != run.key]
        wanted = [run.key, *(demonstrations or [other.key for other in others[:RECENT]])][:MOST_RUNS]
    picked = [key for key in wanted if key in by_key][:MOST_RUNS]
    missing = [key for key in wanted if key not in by_key]
    if missing:
        more = f" And {len(missing) - 1} more." if len(missing) > 1 else ""
        notice.warning(f"{_why_not(missing[0], run)}{more} The others are shown.", lines)
    st.session_state[keys.RUNS] = picked
    chosen = bar.popover(counted(len(picked), "run"), icon=":material/stacks:").multiselect(
        f"Which runs, up to {MOST_RUNS}",
        list(labels),
        format_func=labels.__getitem__,
        key=keys.RUNS,
        max_selections=MOST_RUNS,
        on_change=_remember,
        args=(keys.RUNS,),
    )
    st.query_params[keys.RUNS] = ",".join(chosen)
    return [by_key[key] for key in chosen if by_key[key].readable]


def _wanted(name: str) -> list[str] | None:
    """What a person picked or the session's first link says, None for nothing. Kept apart from the widget, so that it
    outlives a change of page, and a run that cannot be shown now is remembered for when it can."""
    place = keys.compared(name)
    if place not in st.session_state:
        run_keys = [key.strip() for key in st.query_params.get(name, "").split(",")]
        st.session_state[place] = list(dict.fromkeys(filter(None, run_keys)))[: 2 * MOST_RUNS] or None
    return st.session_state[place]


def _remember(name: str) -> None:
    """A person chose: from now on this is what is wanted."""
    value = st.session_state[name]
    st.session_state[keys.compared(name)] = list(value) if isinstance(value, list) else [value]


def _why_not(key: str, run: Run) -> str:
    """One line on a run that cannot stand beside this one."""
    try:
        other = runs.open_run(key, shared.cache())
    except AecoreError as error:
        return f"Not compared: {error}."
    if other.state not in ("missing", "damaged"):
        name = _spec_of(other)
        if name and name != run.spec.dataset:
            titles = [datasets.info(dataset).title for dataset in (name, run.spec.dataset)]
            return f"Run {key} saw other data ({titles[0]}; here it is {titles[1]})."
    states = {"missing": "not on this machine", "damaged": "damaged", "failed": "one that failed"}
    return f"Run {key} is {states.get(other.state, 'not finished yet')}."


def _spec_of(run: Run) -> str:
    """The data set a run saw; '' for one whose description cannot be read."""
    try:
        return run.spec.dataset
    except AecoreError:
        return ""


def _alike(listed: Sequence[Run], names: dict[str, str]) -> list[list[Run]]:
    """The groups of runs that have one name."""
    groups: dict[str, list[Run]] = {}
    for run in listed:
        groups.setdefault(names[run.key], []).append(run)
    return [group for group in groups.values() if len(group) > 1]


def _differences(group: list[Run]) -> dict[str, str]:
    """Of each run the first two knobs in which runs of its name differ."""
    specs = {run.key: run.spec for run in group}
    differ = [name for name in knobs.NAMES if len({str(getattr(spec, name)) for spec in specs.values()}) > 1][:2]
    return {
        key: "".join(f" · {knobs.LABELS[name].lower()} {knobs.in_words(name, getattr(spec, name))}" for name in differ)
        for key, spec in specs.items()
    }
