"""State of the sidebar's knobs: conversion of presets, runs and links to widget values, and of those to a `RunSpec`.

A knob is a field of `RunSpec` whose name stands in `MAIN` or `ADVANCED`. Its value is in `st.session_state` under that
name, bound to the query parameter of the same name. The variant provides the other fields and the knobs' defaults.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from aecore import datasets, presets
from aecore.errors import AecoreError, SpecError
from aecore.specs import composition
from aecore.specs.run import RunSpec
from aecore.text import counted
from pages.widgets.session import keys

MAIN = ("dataset", "coding_size", "noise_rate", "sparsity_weight", "penalty_weight", "kl_weight", "epochs", "seed")
ADVANCED = (
    "hidden",
    "activation",
    "coding_activation",
    "output_activation",
    "loss",
    "optimizer",
    "learning_rate",
    "optimizer_arguments",
    "decay",
    "warmup",
    "batch_size",
    "normalization",
    "noise",
    "sparsity",
    "sparsity_target",
)
NAMES = MAIN + ADVANCED
LABELS = {name: RunSpec.settings()[name].label for name in NAMES}
DEFAULT_VARIANT = "stacked"

# Standard deviations of noise on the input of the coding layer; those on the input are declared by `RunSpec`.
CODING_NOISE_RATES = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0)


def read_link() -> tuple[dict[str, Any], list[str]]:
    """The knobs a link names, in the words of the command line or of the page, and lines that say what is junk."""
    values: dict[str, Any] = {}
    junk = []
    if keys.VARIANT in st.query_params:
        name = _by_title(st.query_params[keys.VARIANT], {name: p.title for name, p in presets.PRESETS.items()})
        if name in presets.PRESETS:
            values["variant"] = name
        else:
            junk.append(f"variant: got {name!r:.40}, which is none of those in the list")
    for name in NAMES:
        if name in st.query_params:
            try:
                values[name] = widget_value(name, _from_link(name, st.query_params[name]))
            except AecoreError as error:
                junk.append(str(error))
    return values, junk


def restore(values: dict[str, Any]) -> None:
    """Set knobs from a link or a run, before their widgets exist.

    On a session's first script run a widget prefers its query parameter to the state and drops one it cannot read. So
    the link is rewritten in the words of the widgets, and the script reruns if that changed it.
    """
    start = defaults(values.get("variant", DEFAULT_VARIANT)) | {"variant": DEFAULT_VARIANT}
    words = {name: in_words(name, value) for name, value in values.items() if value != start[name]}
    st.session_state.update(values)
    if any(st.query_params.get(name) != words.get(name) for name in ("variant", *NAMES)):
        for name in ("variant", *NAMES):
            if name in words:
                st.query_params[name] = words[name]
            elif name in st.query_params:
                del st.query_params[name]
        st.rerun()


def in_words(name: str, value: Any) -> str:
    """A knob's value as its widget writes it, on the page and in the link."""
    if name == "variant":
        return presets.get(value).title
    if name == "dataset":
        return datasets.info(value).title
    if off_at_0(name):
        return "off" if value == 0 else f"{value:g}"
    return str(value)


def off_at_0(name: str) -> bool:
    """True for a knob whose 0 is written as "off"."""
    return RunSpec.settings()[name].off_at_0 is not None


def _from_link(name: str, text: str) -> Any:
    if name == "dataset":
        return datasets.info(_by_title(text, {name: datasets.info(name).title for name in datasets.names()})).name
    return RunSpec.parse(name, 0 if text == "off" else text)


def _by_title(text: str, titles: dict[str, str]) -> str:
    return next((name for name, title in titles.items() if title == text), text)


def widget_value(name: str, value: Any) -> Any:
    """A spec field as its widget holds it."""
    return ", ".join(map(str, value)) if name == "hidden" else value


def defaults(variant: str) -> dict[str, Any]:
    """Every knob's value for a preset."""
    spec = presets.get(variant).spec
    return {name: widget_value(name, getattr(spec, name)) for name in NAMES}


def options(name: str, fixed: tuple[Any, ...], default: Any) -> list[Any]:
    """The stops of a slider: the usual ones, the preset's, and the current value, which a link may set freely."""
    current = st.session_state.get(name, default)
    return sorted({*fixed, default, current})


def variant() -> str:
    """Name of the selected variant or other preset."""
    return st.session_state.get(keys.VARIANT, DEFAULT_VARIANT)


def use_variant() -> None:
    """Callback of the variant: set every knob to the new variant's value; keep the data set if the variant fits it."""
    dataset = st.session_state.get(keys.DATASET)
    values = defaults(variant())
    if variant() in presets.VARIANTS and dataset in datasets.names():
        try:
            spec = presets.get(variant()).spec.replace(dataset=dataset)
            datasets.check(spec, datasets.info(dataset))
            values["dataset"] = dataset
        except AecoreError:
            pass
    st.session_state.update(values)


def of_spec(spec: RunSpec) -> dict[str, Any]:
    """Variant and knobs with which a run was trained."""
    values = {name: widget_value(name, getattr(spec, name)) for name in NAMES}
    return {"variant": preset_name(spec), **values}


def preset_name(spec: RunSpec) -> str:
    """The preset from which the knobs alone lead to `spec`; the nearest variant where there is none."""
    nearest = presets.variant_of(spec)
    for name in (nearest, *presets.PRESETS):
        try:
            if from_values(name, {knob: getattr(spec, knob) for knob in NAMES}) == spec:
                return name
        except SpecError:
            continue
    return nearest


def from_values(variant: str, values: dict[str, Any]) -> RunSpec:
    """The spec of a preset with its knobs turned to `values`."""
    return _turned(variant, tuple(values.items()))


@lru_cache(maxsize=1000)
def _turned(variant: str, values: tuple[tuple[str, Any], ...]) -> RunSpec:
    """Cached, because each script run needs it several times."""
    return presets.get(variant).spec.replace(**dict(values))


def values() -> dict[str, Any]:
    """The current value of every knob; the variant's for those that are not drawn, such as under a closed Advanced."""
    return {name: st.session_state.get(name, value) for name, value in defaults(variant()).items()}


def current_spec() -> RunSpec:
    """The spec of the current knobs; raises a `SpecError` with one line for knobs that do not fit each other."""
    return from_values(variant(), values())


def unused() -> set[str]:
    """The knobs without effect at the current settings, which the sidebar disables.

    Empty for a combination that is refused, so that every knob stays editable. `penalty_weight` is never among them,
    because it switches its regularization term on.
    """
    try:
        spec = from_values(variant(), values())
    except AecoreError:
        return set()
    return set(composition.unused(spec)) - {"penalty_weight"}


def differences(shown: RunSpec, wanted: RunSpec) -> str:
    """One short sentence on how the knobs differ from the shown run; '' where they agree."""
    ours, theirs = [], []
    if presets.title(shown) != presets.title(wanted):
        ours.append(presets.title(shown))
        theirs.append(presets.title(wanted))
    for name in NAMES:
        a, b = getattr(shown, name), getattr(wanted, name)
        if a != b:
            ours.append(_words(name, a))
            theirs.append(_words(name, b))
    if not ours:
        return "" if shown == wanted else "Another design than the knobs say."
    more = f" and {len(ours) - 3} more" if len(ours) > 3 else ""
    return f"Showing {', '.join(ours[:3])}; the knobs say {', '.join(theirs[:3])}{more}."


def _words(name: str, value: Any) -> str:
    if name == "dataset":
        return datasets.info(value).title
    if name in ("coding_size", "epochs"):
        return counted(value, {"coding_size": "coding", "epochs": "epoch"}[name])
    label = LABELS[name].lower()
    if off_at_0(name) and value == 0:
        return f"{label} off"
    return f"{label} {widget_value(name, value)}"
