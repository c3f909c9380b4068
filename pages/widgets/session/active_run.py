"""The active run of a session: the run that it shows, trains or waits for, stored in the link as `run=`."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from aecore import jobs
from aecore.errors import AecoreError
from aecore.jobs import estimate
from aecore.presets import demonstrations
from aecore.specs.base import MAX_SEED
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.runs import ResultFolder, Run
from pages.widgets.server import presence, shared
from pages.widgets.session import keys, knobs, lesson

SEED = "seed"  # the knob of the seed
PENDING = ("waiting", "running")
HOME = "reconstructions"


@dataclass(frozen=True)
class Wanted:
    """The spec and the run that the knobs describe, or `error`, one line on why they cannot be trained."""

    spec: RunSpec | None = None
    run: Run | None = None
    error: str = ""

    @property
    def finished(self) -> bool:
        """True if that run is trained."""
        return self.run is not None and state(self.run) == "finished"


def choose(key: str) -> None:
    """Make a run the active one, and this session one of its watchers.

    A job that waits or trains is stopped when all of its watchers have left or pressed Stop.
    """
    st.session_state[keys.RUN] = key
    shared.queue().join(key, presence.session())


def open_run_of(key: str) -> None:
    """Make a run from a list the active one and set the knobs to its spec. If it was evicted, the header says so."""
    st.session_state.pop(keys.NOTICE, None)
    try:
        values = knobs.of_spec(runs.open_run(key, shared.cache()).spec)
    except AecoreError as error:
        st.session_state[keys.NOTICE] = f"{error}; it may have made room for newer ones."
        return
    choose(key)
    st.session_state.update(values)


def state(run: ResultFolder) -> str:
    """State reconciled with the lease: 'running' without a live worker is 'failed'."""
    return shared.queue().state_of(run)


def wanted() -> Wanted:
    """The spec that the knobs describe, with its run."""
    try:
        spec = knobs.current_spec()
        return Wanted(spec, runs.run_of(spec, shared.cache()))
    except AecoreError as error:
        return Wanted(error=str(error))


def pending() -> Run | None:
    """The active run while it waits or trains, else None."""
    key = st.session_state.get(keys.RUN)
    run = runs.open_run(key, shared.cache()) if key else None
    return run if run and state(run) in PENDING else None


def shown() -> Run | None:
    """The run that the page draws: the active one, else the last readable one, else the demonstration that the page has
    opened; None if none of them is readable."""
    opened = demonstrations.keys().get(st.session_state.get(keys.OPENED, ""))
    for key in (st.session_state.get(keys.RUN), st.session_state.get(keys.LAST_GOOD), opened):
        run = runs.open_run(key, shared.cache()) if key else None
        if run and run.readable:
            if key == st.session_state.get(keys.RUN):
                st.session_state[keys.LAST_GOOD] = key
            run.touch()
            return run
    return None


def is_demonstration() -> bool:
    """True if the page draws one of the demonstrations, or nothing yet."""
    return shown_key() in (None, *demonstrations.keys().values())


def shown_key() -> str | None:
    """The key of the run that the page draws."""
    run = shown()
    return run.key if run else None


def train() -> None:
    """Callback of Train: submit the training unless the run is finished, and make it the active run. If that run is on
    show already, the next seed that is not trained takes its place."""
    lesson.enforce()
    st.session_state.pop(keys.NOTICE, None)
    want = wanted()
    if want.spec and want.run and want.finished and want.run.key == shown_key() and not lesson.locks(SEED):
        st.session_state[SEED] = _next_seed(want.spec)
        want = wanted()
    if want.spec is None or want.run is None:
        st.session_state[keys.NOTICE] = want.error
        return
    try:
        if not want.finished:
            shared.queue().submit(jobs.TrainTask(want.spec), presence.session())
        choose(want.run.key)
    except AecoreError as error:
        st.session_state[keys.NOTICE] = str(error)


def _next_seed(spec: RunSpec) -> int:
    """The first seed after that of `spec` whose run is not finished."""
    seed = spec.seed
    while True:
        seed = (seed + 1) % (MAX_SEED + 1)
        if runs.run_of(spec.replace(seed=seed), shared.cache()).state != "finished":
            return seed


def stop() -> None:
    """Callback of Stop: leave the active run, whose training ends with its last watcher."""
    run = pending()
    if not run:
        return
    st.session_state.pop(keys.NOTICE, None)
    shared.queue().stop(run.key, presence.session())
    ticket = shared.queue().ticket(run.key)
    if ticket is None:
        st.session_state[keys.NOTICE] = "Another server trains this run, and it is stopped there."
    elif ticket.watchers and not ticket.ended:
        st.session_state[keys.NOTICE] = (
            f"Others watch this training, too ({len(ticket.watchers)}): it goes on until they leave. "
            f"A tab that was closed or reloaded counts for {presence.GRACE_SECONDS:.0f} s more."
        )


def expected_seconds(spec: RunSpec) -> float | None:
    """Estimated seconds of a training on this machine; None for a spec that does not fit its data set."""
    return _expected(spec.canonical_json(), spec)


@st.cache_resource(ttl=10, show_spinner=False, max_entries=200)
def _expected(said: str, _spec: RunSpec) -> float | None:
    try:
        return estimate.expected_seconds(_spec, shared.cache())
    except AecoreError:
        return None
