"""Controls of a pretraining experiment: its settings, Run and Stop, and its error."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore import datasets, jobs
from aecore.errors import AecoreError
from aecore.specs.pretraining import MAX_SEEDS, PretrainSpec, require_labels
from aecore.store import experiments
from aecore.store.experiments import Experiment
from aecore.store.runs import Run
from aecore.text import duration_text
from pages.widgets.basics import notice
from pages.widgets.jobs import panel
from pages.widgets.server import presence, shared
from pages.widgets.session import active_run, controls, keys

TRAINERS = {"sgd": "SGD", "adam": "Adam"}
RATES = {"sgd": 0.02, "adam": 0.003}
MAX_EPOCHS = 200


def experiment(bar: DeltaGenerator, run: Run) -> PretrainSpec:
    """Draw the settings in `bar` and return their `PretrainSpec`.

    Raises an `AecoreError` for data without labels or an invalid number of labels.
    """
    info = datasets.info(run.spec.dataset)
    usual = [n for n in PretrainSpec.settings()["labels"].default if n <= info.n_train] or [info.n_train]
    require_labels(info)
    text = controls.text(
        bar,
        "Labelled images",
        key=keys.LABELS,
        check=lambda text: PretrainSpec.from_settings(run.spec, {"labels": text}).check(info),
        placeholder=", ".join(map(str, usual)),
        max_chars=60,
        width=200,
        help="One number or several, such as 50, 200; they join the picture. Every class gets its share.",
    )
    trainer = controls.segments(bar, "Trained by", TRAINERS, keys.TRAINER)
    with bar.popover("Settings", icon=":material/tune:"):
        seeds = controls.number(
            st.slider,
            "Seeds",
            2,
            MAX_SEEDS,
            5,
            key=keys.SEEDS,
            help="Repetitions with other labelled images, other random weights and another order.",
        )
        epochs = controls.number(
            st.slider,
            "Epochs of each classifier",
            2,
            MAX_EPOCHS,
            PretrainSpec.settings()["epochs"].default,
            key=keys.CLASSIFIER_EPOCHS,
            help="The pretrained one has its encoder frozen for the first half of them.",
        )
    settings = {"labels": text or usual, "seeds": seeds, "epochs": epochs, "frozen_epochs": epochs // 2}
    spec = PretrainSpec.from_settings(run.spec, {**settings, "optimizer": trainer, "learning_rate": RATES[trainer]})
    spec.check(info)
    return spec


def pending(spec: PretrainSpec) -> Experiment | None:
    """The pending experiment: the one that the session submitted, else that of the controls; None if neither is
    pending."""
    submitted = st.session_state.get(keys.ASKED_PRETRAINING)
    works = [experiments.open_experiment(submitted, shared.cache())] if submitted else []
    works.append(experiments.experiment_of(spec, shared.cache()))
    return next(filter(panel.is_pending, works), None)


def buttons(bar: DeltaGenerator, run: Run, spec: PretrainSpec, busy: Experiment | None) -> None:
    """Draw Run and Stop in `bar`, and a line on the experiment of the controls; `busy` is the pending one."""
    state = active_run.state(experiments.experiment_of(spec, shared.cache()))
    is_busy = busy is not None and busy.key == experiments.key_of(spec)
    bar.button(
        "Run",
        key="pretrain",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_submit,
        args=(spec,),
        disabled=state == "finished" or is_busy,
    )
    ticket = shared.queue().ticket(busy.key) if busy else None
    mine = ticket is not None and presence.session() in ticket.watchers
    bar.button("Stop", key="pretrain_stop", disabled=not mine, on_click=_stop, args=(busy.key if busy else "",))
    seconds = experiments.expected_seconds(spec, shared.cache())
    if state == "finished":
        text = "Done: this is the picture. Ask for another number of labels, or more seeds."
    elif is_busy:
        text = "Under way; each training appears in the picture as soon as it is done."
    else:
        first = " Its autoencoder was stopped early and is trained to the end first." if run.state == "stopped" else ""
        text = f"About {duration_text(seconds)} on this machine.{first}" if seconds else f"Not run yet.{first}"
    st.caption(text)


def _submit(spec: PretrainSpec) -> None:
    st.session_state.pop(keys.NOTICE, None)
    try:
        shared.queue().submit(jobs.PretrainTask(spec), presence.session())
        st.session_state[keys.ASKED_PRETRAINING] = experiments.key_of(spec)
    except AecoreError as error:
        st.session_state[keys.NOTICE] = str(error)


def _stop(key: str) -> None:
    shared.queue().stop(key, presence.session())


def failure(spec: PretrainSpec) -> None:
    """Draw the error of the experiment that the session submitted, if it failed."""
    work = experiments.experiment_of(spec, shared.cache())
    submitted = st.session_state.get(keys.ASKED_PRETRAINING) == experiments.key_of(spec)
    if submitted and active_run.state(work) in ("failed", "damaged"):
        notice.error(f"No result: {work.status().get('message') or 'it ended early'}")
