"""Pretraining: what an encoder that never saw a label is worth to a classifier that sees few."""

import dataclasses

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore import datasets, figures, jobs
from aecore.analysis import pretraining
from aecore.analysis.pretraining import ArmComparison
from aecore.errors import AecoreError
from aecore.specs.pretraining import ARMS, DEFAULTS, LABELS, MAX_SEEDS, PretrainSpec, require_labels
from aecore.store import experiments
from aecore.store.experiments import Experiment, Row
from aecore.store.runs import Run
from aecore.text import duration_text
from pages.widgets.basics import charts, controls, notice
from pages.widgets.frame import header, shell
from pages.widgets.jobs import panel
from pages.widgets.server import presence, shared
from pages.widgets.session import active_run, keys

shell.enter()

TRAINERS = {"sgd": "SGD", "adam": "Adam"}
RATES = {"sgd": 0.02, "adam": 0.003}
MAX_EPOCHS = 200


def main() -> None:
    run = active_run.shown()
    if run is None:
        header.draw(None, "", [])
        return
    head, bar = st.container(), st.container(horizontal=True, vertical_alignment="bottom")
    try:
        spec = _controls(bar, run)
    except AecoreError as error:
        with head:
            header.draw(run, _sentence(), [])
        notice.warning(str(error))
        return
    rows = experiments.rows_like(spec, shared.cache())
    judged = pretraining.compare_arms(rows)
    with head:
        header.draw(run, _sentence(), [_number(verdict) for verdict in judged[:3]])
    busy = _busy(spec)
    _buttons(bar, run, spec, busy)
    _failure(spec)
    if busy:
        work, drawn = _open(busy), len(_open(busy).rows)
        panel.wait(work, "", changed=lambda: len(work.rows) != drawn)
    _results(spec, rows, judged)


def _sentence() -> str:
    return (
        "This network saw no label. Its encoder starts a classifier that gets a few labelled images; its rival is the "
        "same classifier from random weights, with the same images, batches and epochs."
    )


def _number(verdict: ArmComparison) -> header.Number:
    return header.Number(
        f"{verdict.labels:,} labels",
        pretraining.points(verdict.difference),
        f"± {100 * verdict.margin:.1f} points",
        {"helps": True, "hurts": False, "open": None}[verdict.outcome],
        help="Accuracy of the pretrained classifier minus that of its rival: mean over the seeds, and half the width "
        "of its 95 % interval. Grey: the seeds leave open whether there is a difference.",
    )


def _controls(bar: DeltaGenerator, run: Run) -> PretrainSpec:
    """The experiment that the controls ask for. Raises an `AecoreError` where the data or a number will not do."""
    info = datasets.info(run.spec.dataset)
    usual = [n for n in LABELS if n <= info.n_train] or [info.n_train]
    require_labels(info)
    text = bar.text_input(
        "Labelled images",
        key=keys.LABELS,
        bind="query-params",
        placeholder=", ".join(map(str, usual)),
        max_chars=60,
        width=200,
        help="One number or several, such as 50, 200; they join the picture. Every class gets its share.",
    )
    trainer = controls.segments(bar, "Trained by", TRAINERS, keys.TRAINER)
    with bar.popover("Settings", icon=":material/tune:"):
        seeds = st.slider(
            "Seeds",
            2,
            MAX_SEEDS,
            5,
            key=keys.SEEDS,
            bind="query-params",
            help="Repetitions with other labelled images, other random weights and another order.",
        )
        epochs = st.slider(
            "Epochs of each classifier",
            2,
            MAX_EPOCHS,
            DEFAULTS["epochs"],
            key=keys.CLASSIFIER_EPOCHS,
            bind="query-params",
            help="The pretrained one has its encoder frozen for the first half of them.",
        )
    asked = {"labels": text or usual, "seeds": seeds, "epochs": epochs, "frozen_epochs": epochs // 2}
    spec = PretrainSpec.from_settings(run.spec, {**asked, "optimizer": trainer, "learning_rate": RATES[trainer]})
    spec.check(info)
    return spec


def _busy(spec: PretrainSpec) -> str | None:
    """The key of the experiment that is waited for or under way: the one asked for, else the one of the controls."""
    run_keys = [key for key in (st.session_state.get(keys.ASKED_PRETRAINING), experiments.key_of(spec)) if key]
    return next((key for key in run_keys if active_run.state(_open(key)) in active_run.PENDING), None)


def _open(key: str) -> Experiment:
    return experiments.open_experiment(key, shared.cache())


def _buttons(bar: DeltaGenerator, run: Run, spec: PretrainSpec, busy: str | None) -> None:
    state = active_run.state(_open(experiments.key_of(spec)))
    bar.button(
        "Run",
        key="pretrain",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_ask,
        args=(spec,),
        disabled=state == "finished" or busy == experiments.key_of(spec),
    )
    ticket = shared.queue().ticket(busy) if busy else None
    mine = ticket is not None and presence.session() in ticket.watchers
    bar.button("Stop", key="pretrain_stop", disabled=not mine, on_click=_stop, args=(busy,))
    seconds = experiments.expected_seconds(spec, shared.cache())
    if state == "finished":
        told = "Done: this is the picture. Ask for another number of labels, or more seeds."
    elif busy == experiments.key_of(spec):
        told = "Under way; each training appears in the picture as soon as it is done."
    else:
        first = " Its autoencoder was stopped early and is trained to the end first." if run.state == "stopped" else ""
        told = f"About {duration_text(seconds)} on this machine.{first}" if seconds else f"Not run yet.{first}"
    st.caption(told)


def _ask(spec: PretrainSpec) -> None:
    st.session_state.pop(keys.NOTICE, None)
    try:
        shared.queue().submit(jobs.PretrainTask(spec), presence.session())
        st.session_state[keys.ASKED_PRETRAINING] = experiments.key_of(spec)
    except AecoreError as error:
        st.session_state[keys.NOTICE] = str(error)


def _stop(key: str) -> None:
    shared.queue().stop(key, presence.session())


def _failure(spec: PretrainSpec) -> None:
    work = _open(experiments.key_of(spec))
    waited_for = st.session_state.get(keys.ASKED_PRETRAINING) == experiments.key_of(spec)
    if waited_for and active_run.state(work) in ("failed", "damaged"):
        notice.error(f"No result: {work.status().get('message') or 'it ended early'}")


def _results(spec: PretrainSpec, rows: list[Row], judged: list[ArmComparison]) -> None:
    picture, words = st.columns([3, 2], gap="medium")
    with picture:
        charts.draw(
            lambda colours: figures.accuracy_by_labels(rows, colours, spec.labels),
            of=(repr(rows), spec.labels),
            key="accuracy",
            alt="Accuracy against the number of labels",
        )
        st.caption(
            "Each faint mark is one seed, each line goes through the means, each bar is a standard deviation. "
            f"{spec.epochs} epochs of {TRAINERS[spec.optimizer]} at {spec.learning_rate:g} each; the pretrained "
            f"encoder is frozen for the first {spec.frozen_epochs}, “encoder frozen” for all."
        )
    with words:
        st.markdown("###### Does pretraining help?")
        st.markdown(_verdict(spec, judged))
        if judged:
            st.markdown(_table(judged))
            st.caption(
                "Accuracy in %, mean ± standard deviation. Both classifiers of a seed share labels, batches and the "
                "first weights of their heads, so they are compared seed by seed; where the 95 % interval of the "
                "mean difference (Student's t) holds 0, the seeds leave the question open."
            )


def _verdict(spec: PretrainSpec, judged: list[ArmComparison]) -> str:
    if not judged:
        return "No answer yet: press Run. The first comparison needs two seeds."
    lines = [f"- **{verdict.labels:,} labels**: {verdict.words}." for verdict in judged]
    for trainer, name in TRAINERS.items():
        if trainer != spec.optimizer:
            other = dataclasses.replace(spec, optimizer=trainer, learning_rate=RATES[trainer])
            judged = pretraining.compare_arms(experiments.rows_like(other, shared.cache()))
            reached = ", ".join(f"{100 * verdict.means['scratch']:.1f}" for verdict in judged)
            told = f"from scratch it reaches {reached} %. {pretraining.conclusion(judged)}"
            lines += [f"- Trained by {name} instead, {told}"] if judged else []
    return "\n".join(lines)


def _table(judged: list[ArmComparison]) -> str:
    lines = [f"| labels | {' | '.join(ARMS.values())} |", "|---:" * (len(ARMS) + 1) + "|"]
    for verdict in judged:
        cells = [
            pretraining.accuracy_text(verdict.means[arm], verdict.deviations[arm]) if arm in verdict.means else "–"
            for arm in ARMS
        ]
        lines.append(f"| {verdict.labels:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


main()
