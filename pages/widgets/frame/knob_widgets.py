"""Widgets of the sidebar's knobs; labels, ranges, choices and help come from the declarations in `RunSpec`."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from aecore import datasets, presets
from aecore.errors import AecoreError
from aecore.presets import limits
from aecore.specs.run import RunSpec
from pages.widgets.basics import notice
from pages.widgets.session import keys, knobs, lesson, own_data

SMALLEST = 1e-5  # lower end of a number input whose setting has to be above 0


def draw() -> None:
    """Draw the variant, the data set, the main knobs and the expander with the others."""
    _variant_and_dataset()
    preset, unused = presets.get(knobs.variant()).spec, knobs.unused()
    _main(preset, unused)
    _advanced(preset, unused)


def _variant_and_dataset() -> None:
    names, preset = list(presets.PRESETS), presets.get(knobs.variant())
    own_data.settle(preset.spec.dataset)
    sets = [*datasets.names(), *own_data.names()]
    st.selectbox(
        "Variant",
        names,
        index=names.index(knobs.DEFAULT_VARIANT),
        format_func=partial(knobs.in_words, "variant"),
        key=keys.VARIANT,
        bind="query-params",
        disabled=lesson.locks("variant"),
        on_change=knobs.use_variant,
    )
    st.caption(preset.description)
    st.selectbox(
        RunSpec.settings()["dataset"].label,
        sets,
        index=sets.index(preset.spec.dataset),
        format_func=partial(knobs.in_words, "dataset"),
        key=keys.DATASET,
        bind="query-params",
        disabled=lesson.locks("dataset"),
        help="Real images unless it says otherwise. The full sets need a copy on this machine or a download.",
    )


def _main(preset: RunSpec, unused: set[str]) -> None:
    _knob("coding_size", preset, unused)
    if preset.noise_on == "coding":
        more = "Here it hits what enters the codings."
        _knob("noise_rate", preset, unused, tooltip=more, stops=knobs.CODING_NOISE_RATES)
    else:
        _knob("noise_rate", preset, unused, tooltip="The target stays clean. Off for a plain one.")
    _knob("sparsity_weight", preset, unused)
    lacking = knobs.lacking(knobs.variant())
    if "penalty_weight" not in lacking:
        _knob("penalty_weight", preset, unused, label=f"{preset.penalty.capitalize()} penalty weight")
    if "kl_weight" not in lacking:
        _knob("kl_weight", preset, unused)
    with st.container(horizontal=True, wrap=False, gap="small"):
        _knob("epochs", preset, unused)
        _knob("seed", preset, unused)


def _advanced(preset: RunSpec, unused: set[str]) -> None:
    """Draw the other knobs if the expander is open or one of them is in the link because it was changed.

    A closed expander draws none of them, since they would be sent with every page.
    """
    box = st.expander("Advanced", key="advanced", on_change="rerun")
    start = knobs.defaults(knobs.variant())
    if box.open or any(st.session_state.get(name, start[name]) != start[name] for name in knobs.ADVANCED):
        with box:
            for name in knobs.ADVANCED:
                layerwise = name == "normalization" and preset.schedule == "layerwise"
                _knob(name, preset, unused, disabled=layerwise)


def _knob(
    name: str,
    preset: RunSpec,
    unused: set[str],
    *,
    label: str = "",
    tooltip: str = "",
    stops: tuple[float, ...] = (),
    disabled: bool = False,
) -> None:
    """Draw the widget of one field: a slider over its stops, a list of its choices, a text or a number input.

    `label` and `stops` replace the declared ones; `tooltip` is appended to the declared one. Below it stands what
    `aecore.presets.limits` says of its value.
    """
    declared, default = RunSpec.settings()[name], knobs.widget_value(name, getattr(preset, name))
    label, stops = label or declared.label, stops or declared.stops
    help = " ".join(filter(None, (declared.tooltip, tooltip, declared.disabled_tooltip if name in unused else "")))
    options: dict[str, Any] = {
        "key": name,
        "bind": "query-params",
        "disabled": disabled or name in unused or lesson.locks(name),
        "help": help or None,
    }
    if stops:
        words = partial(knobs.in_words, name)
        st.select_slider(label, knobs.options(name, stops, default), value=default, format_func=words, **options)
    elif declared.choices:
        st.selectbox(label, declared.choices, index=declared.choices.index(default), **options)
    elif isinstance(default, str):
        st.text_input(label, default, max_chars=knobs.MAX_CHARS, **options)
    elif declared.low is not None and declared.high is not None:
        current = st.session_state.get(name, default)  # a link or a run may set any value that the setting allows
        low, high = min(SMALLEST, current) if declared.above_low else declared.low, declared.high
        if declared.kind is float:
            options |= {"step": declared.step, "format": "%g"}
        st.number_input(label, declared.kind(low), declared.kind(high), default, **options)
    if warning := _warning(name):
        notice.caption(warning, ":material/warning:")


def _warning(name: str) -> str:
    """What to expect of a training at the current value of this knob; "" for nothing in particular."""
    try:
        return limits.caution(knobs.current_spec(), name)
    except AecoreError:  # contradictory knobs, which the caption below Train explains
        return ""
