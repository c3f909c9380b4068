"""Values of the sidebar's knobs, converted from presets, runs and links, and to a `RunSpec`.

A knob is a field of `RunSpec` whose name is in `MAIN` or `ADVANCED`. Its value is in `st.session_state` under that
name, bound to the query parameter of the same name. The variant provides the other fields and the knobs' defaults.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from aecore import datasets, presets
from aecore.datasets import own
from aecore.errors import AecoreError, SpecError
from aecore.specs import composition
from aecore.specs.fields import did_you_mean, require
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
    "leave_out",
)
NAMES = MAIN + ADVANCED
LABELS = {name: RunSpec.settings()[name].label for name in NAMES}
DEFAULT_VARIANT = "stacked"
MAX_CHARS = 80  # of the text of a knob
OWN_SEPARATOR = " · "  # between the title of an uploaded data set, which is not unique, and its name

# Slider stops of the noise on the input of the coding layer; those of the noise on the samples are in `RunSpec`.
CODING_NOISE_RATES = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0)


def from_text(name: str, text: str) -> Any:
    """The widget's value for a text in the notation of the command line or of the widget. Raises an `AecoreError`."""
    if name == "variant":
        variant = _by_title(text, {name: preset.title for name, preset in presets.PRESETS.items()})
        if variant not in presets.PRESETS:
            near = did_you_mean(text, (*presets.PRESETS, *(preset.title for preset in presets.PRESETS.values())))
            raise SpecError(f"variant: got {text!r:.40}, which is none of those in the list{near}")
        return variant
    if name == "dataset":
        own_name = text.rsplit(OWN_SEPARATOR, 1)[-1]  # before it stands the title
        if own.is_own(own_name):
            return datasets.info(own_name).name
        return datasets.info(_by_title(text, {name: datasets.info(name).title for name in datasets.names()})).name
    value = widget_value(name, RunSpec.parse(name, 0 if text == "off" else text))
    if isinstance(value, str):
        require(len(value) <= MAX_CHARS, name, value, f"text of up to {MAX_CHARS} characters")
    return value


def lacking(variant: str) -> set[str]:
    """Names of the knobs that a variant does not have."""
    spec = presets.get(variant).spec
    has = {"penalty_weight": spec.penalty != "none", "kl_weight": spec.variational}
    return {name for name, present in has.items() if not present}


def restore(values: dict[str, Any]) -> None:
    """Set knobs from a link or a run, before their widgets exist.

    In a session's first script run a widget prefers its query parameter to the state, and drops one that it cannot
    read. So the link is rewritten in the widgets' notation, and the script reruns if that changed the link.
    """
    start = defaults(values.get("variant", DEFAULT_VARIANT)) | {"variant": DEFAULT_VARIANT}
    words = {name: in_words(name, value) for name, value in values.items() if value != start[name]}
    st.session_state.update(values)
    if any(st.query_params.get_all(name) != ([words[name]] if name in words else []) for name in ("variant", *NAMES)):
        for name in ("variant", *NAMES):
            if name in words:
                st.query_params[name] = words[name]
            elif name in st.query_params:
                del st.query_params[name]
        st.rerun()


def in_words(name: str, value: Any) -> str:
    """A knob's value as the text that its widget writes on the page and into the link."""
    if name == "variant":
        return presets.get(value).title
    if name == "dataset":
        return f"{_title(value)}{OWN_SEPARATOR}{value}" if own.is_own(value) else _title(value)
    if off_at_0(name):
        return "off" if value == 0 else f"{value:g}"
    return str(value)


def _title(dataset: str) -> str:
    try:
        return datasets.info(dataset).title
    except AecoreError:
        return "deleted data"


def off_at_0(name: str) -> bool:
    """True for a knob whose 0 is written as "off"."""
    return RunSpec.settings()[name].off_at_0 is not None


def _by_title(text: str, titles: dict[str, str]) -> str:
    return next((name for name, title in titles.items() if title == text), text)


def widget_value(name: str, value: Any) -> Any:
    """The widget's value for a value of a spec field."""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def defaults(variant: str) -> dict[str, Any]:
    """{knob: widget value} of a preset."""
    spec = presets.get(variant).spec
    return {name: widget_value(name, getattr(spec, name)) for name in NAMES}


def options(name: str, fixed: tuple[Any, ...], default: Any) -> list[Any]:
    """The stops of a slider: `fixed`, the preset's value, and the current one, which a link may set to any value."""
    current = st.session_state.get(name, default)
    return sorted({*fixed, default, current})


def variant() -> str:
    """Name of the selected variant or other preset."""
    return st.session_state.get(keys.VARIANT, DEFAULT_VARIANT)


def use_variant() -> None:
    """Callback of the variant's widget: set every knob to the new variant's value, but keep a data set that fits it."""
    dataset = st.session_state.get(keys.DATASET)
    values = defaults(variant())
    if variant() in presets.VARIANTS and dataset is not None:
        try:
            spec = presets.get(variant()).spec.replace(dataset=dataset)
            datasets.check(spec, datasets.info(dataset))
            values["dataset"] = dataset
        except AecoreError:
            pass
    st.session_state.update(values)


def of_spec(spec: RunSpec) -> dict[str, Any]:
    """{'variant' and knobs: widget value} with which a run was trained."""
    values = {name: widget_value(name, getattr(spec, name)) for name in NAMES}
    return {"variant": preset_name(spec), **values}


def describe(values: dict[str, Any], spec: RunSpec) -> bool:
    """True if a link's 'variant' and knobs, with the variant's values for the others, are those of `spec`."""
    knobs_of_link = {name: value for name, value in values.items() if name != "variant"}
    try:
        return from_values(values.get("variant", DEFAULT_VARIANT), knobs_of_link) == spec
    except AecoreError:
        return False


def preset_name(spec: RunSpec) -> str:
    """The preset whose fields other than knobs are those of `spec`; the nearest variant if there is none."""
    nearest = presets.variant_of(spec)
    for name in (nearest, *presets.PRESETS):
        try:
            if from_values(name, {knob: getattr(spec, knob) for knob in NAMES}) == spec:
                return name
        except SpecError:
            continue
    return nearest


def from_values(variant: str, values: dict[str, Any]) -> RunSpec:
    """The spec of a preset with its knobs set to `values`. Raises a `SpecError` for contradictory ones."""
    return _turned(variant, tuple(values.items()))


@lru_cache(maxsize=1000)
def _turned(variant: str, values: tuple[tuple[str, Any], ...]) -> RunSpec:
    """Cached, because each script run needs it several times."""
    return presets.get(variant).spec.replace(**dict(values))


def values() -> dict[str, Any]:
    """{knob: current value}; the variant's value for knobs without a widget, such as those under a closed Advanced."""
    return {name: st.session_state.get(name, value) for name, value in defaults(variant()).items()}


def current_spec() -> RunSpec:
    """The spec of the current knobs; raises a `SpecError` with one line for contradictory ones."""
    return from_values(variant(), values())


def unused() -> set[str]:
    """Names of the knobs without effect at the current settings; the sidebar disables them.

    Empty for an invalid combination, so that every knob stays editable. Never includes `penalty_weight`, which switches
    its regularization term on.
    """
    try:
        spec = from_values(variant(), values())
    except AecoreError:
        return set()
    return set(composition.unused(spec)) - {"penalty_weight"}


def differences(shown: RunSpec, wanted: RunSpec) -> str:
    """A sentence on the differences between the knobs and the shown run; '' if there are none."""
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
        return _title(value)
    if name in ("coding_size", "epochs"):
        return counted(value, {"coding_size": "coding", "epochs": "epoch"}[name])
    label = LABELS[name].lower()
    if off_at_0(name) and value == 0:
        return f"{label} off"
    return f"{label} {widget_value(name, value)}"
