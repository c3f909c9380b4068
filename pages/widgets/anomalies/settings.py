"""The choice of the anomalies, and the training of a run that has not seen them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from aecore import datasets, jobs
from aecore.analysis import anomalies
from aecore.datasets import Data
from aecore.datasets.base import class_name
from aecore.specs.anomalies import AnomalySpec
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.basics.notice import plain
from pages.widgets.jobs import panel
from pages.widgets.server import shared
from pages.widgets.session import active_run, controls, keys

KINDS = {"dataset": "Another data set", "class": "One class", "noise": "Noise"}
MOST_NOISE = 1.0


def draw(run: Run, data: Data) -> AnomalySpec:
    """Draw the controls and return the test that they describe."""
    info, bar = data.info, st.container(horizontal=True, vertical_alignment="center")
    others = anomalies.others(info)
    offered = {"class": data.validation_labels is not None, "dataset": bool(others), "noise": True}
    kind = controls.segments(
        bar, "Anomalies", {name: text for name, text in KINDS.items() if offered[name]}, keys.AGAINST
    )
    settings: dict[str, Any] = {"against": kind}
    options: dict[str, Any] = {"label_visibility": "collapsed", "width": 220}
    if kind == "class":
        names = [class_name(info.classes, label) for label in range(len(info.classes))]
        first = run.spec.leave_out[0] if run.spec.leave_out else 0
        name = controls.choice(bar.selectbox, "Class", names, key=keys.ANOMALY_CLASS, index=first, **options)
        settings["label"] = names.index(name)
    elif kind == "dataset":
        settings["dataset"] = controls.choice(
            bar.selectbox,
            "Data set",
            others,
            key=keys.ANOMALY_DATA,
            format_func=lambda name: datasets.info(name).title,
            **options,
        )
    else:
        settings["noise_rate"] = controls.number(
            bar.slider, "Standard deviation of the noise", 0.05, MOST_NOISE, 0.3, key=keys.ANOMALY_NOISE, step=0.05
        )
    return AnomalySpec(**settings)


def title(spec: AnomalySpec, data: Data) -> str:
    """The anomalies in words, such as 'Bag' or 'Small digits'."""
    if spec.against == "class":
        return class_name(data.info.classes, spec.label)
    return datasets.info(spec.dataset).title if spec.against == "dataset" else "with noise"


def leave_out(run: Run, spec: AnomalySpec, data: Data) -> None:
    """Where the run was trained on the anomalous class, say so and offer the same run without it."""
    if spec.against != "class":
        return
    name = class_name(data.info.classes, spec.label)
    if spec.label in run.spec.leave_out:
        st.caption(f"This run was trained without {plain(name)}: it has never seen one.")
        return
    st.caption(f"This run was trained on {plain(name)}, too, so it has learned to reconstruct it.")
    without = run.spec.replace(leave_out=(*run.spec.leave_out, spec.label))
    if len(without.leave_out) == len(data.info.classes):
        return
    other = runs.run_of(without, shared.cache())
    if panel.is_pending(other):
        panel.wait(other, f"The same without {name}")
    elif other.readable:
        label = f"Show the run trained without {plain(name)}"
        st.button(label, key="open_without", on_click=active_run.open_run_of, args=(other.key,))
    else:
        panel.offer(jobs.TrainTask(without), f"Train the same without {plain(name)}", key="train_without")
