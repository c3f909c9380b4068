"""Lists of runs to compare with the active one; the choice is stored by run key in the session and in the link.

The widgets are not bound to the query parameters, because that would write the names of the runs into the link, which
change with their wording; keys never change.
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
from pages.widgets.session import active_run, keys, knobs, link

SAME = "same"  # option: the active run itself, with another projection
MOST_RUNS = 12
LISTED = 100
RECENT = 5  # recent runs that are preselected for a data set without demonstrations


def others(run: Run) -> list[Run]:
    """Up to `LISTED` other readable runs of the same data set, the most recently used first."""
    candidates = (other for other in listing.recent_runs(shared.cache(), (run.spec.dataset,)) if other.key != run.key)
    return list(islice((other for other in candidates if _spec_of(other) == run.spec.dataset), LISTED))


def names(listed: Sequence[Run]) -> dict[str, str]:
    """{key: unique name}: the run's name, followed by the knobs that differ and by the key where names are equal."""
    return _names(shared.cache().as_posix(), tuple(sorted(run.key for run in listed)))


@st.cache_data(show_spinner=False, max_entries=200)
def _names(cache: str, run_keys: tuple[str, ...]) -> dict[str, str]:
    """Cached by keys alone, since the spec behind a key never changes."""
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
    """The second run of a comparison, from a select box; `run` itself for another projection of it. Stored in the link
    as `other=`."""
    labels = {SAME: "The same run, another projection", **names([run, *others])}
    del labels[run.key]
    wanted = (st.session_state.get(keys.compared(keys.OTHER)) or [""])[0]
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
    """The runs to encode a sample with, up to `MOST_RUNS`, from a popover in `bar`; a warning in `lines` names those
    that cannot be shown. Stored in the link as `runs=`."""
    by_key = {other.key: other for other in [run, *others]}
    labels = names(list(by_key.values()))
    wanted = st.session_state.get(keys.compared(keys.RUNS))
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


def read_link(run: Run) -> None:
    """Pick the runs that the link names, and refuse those that cannot be compared with `run`; one in training is picked
    and waited for.

    The choice is stored apart from the widget's state, which is cleared on a change of page and cannot hold a run that
    is missing.
    """
    for name, most in ((keys.OTHER, 1), (keys.RUNS, MOST_RUNS)):
        text = link.take(name)
        if text is None or keys.compared(name) in st.session_state:
            continue
        asked = list(dict.fromkeys(filter(None, (key.strip() for key in text.split(",")))))
        wrong = {key: why for key in asked[: 2 * most] if (why := _refusal(key, run, same=name == keys.OTHER))}
        st.session_state[keys.compared(name)] = [key for key in asked if key not in wrong][:most] or None
        problems = [*wrong.values(), *[f"got {len(asked):,} runs, allowed: {most}"] * (len(asked) > most)]
        if not asked:
            problems = ["got no run"]
        if problems:
            more = f" And {len(problems) - 1} more" if len(problems) > 1 else ""
            link.refuse(name, f"{name}: {problems[0]}{more}")
            st.query_params.pop(name, None)
            st.rerun()


def _refusal(key: str, run: Run, same: bool) -> str:
    """One line on why a link's run is not compared with `run`; '' if it is, or will be when it is trained."""
    if key == run.key or (same and key == SAME):
        return ""
    try:
        other = runs.open_run(key, shared.cache())
        waiting = active_run.state(other) in active_run.PENDING
    except AecoreError:
        return _why_not(key, run)
    comparable = waiting or (other.readable and _spec_of(other) == run.spec.dataset)
    return "" if comparable else _why_not(key, run)


def _remember(name: str) -> None:
    """Callback of the widgets: store the choice apart from the widget's state."""
    value = st.session_state[name]
    st.session_state[keys.compared(name)] = list(value) if isinstance(value, list) else [value]
    link.settle(name)


def _why_not(key: str, run: Run) -> str:
    """One line on why a run cannot be compared with this one."""
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
    """Name of a run's data set; '' if its spec cannot be read."""
    try:
        return run.spec.dataset
    except AecoreError:
        return ""


def _alike(listed: Sequence[Run], names: dict[str, str]) -> list[list[Run]]:
    """The groups of two or more runs that share a name."""
    groups: dict[str, list[Run]] = {}
    for run in listed:
        groups.setdefault(names[run.key], []).append(run)
    return [group for group in groups.values() if len(group) > 1]


def _differences(group: list[Run]) -> dict[str, str]:
    """{key: values of the first two knobs in which the runs of the group differ}."""
    specs = {run.key: run.spec for run in group}
    differ = [name for name in knobs.NAMES if len({str(getattr(spec, name)) for spec in specs.values()}) > 1][:2]
    return {
        key: "".join(f" · {knobs.LABELS[name].lower()} {knobs.in_words(name, getattr(spec, name))}" for name in differ)
        for key, spec in specs.items()
    }
