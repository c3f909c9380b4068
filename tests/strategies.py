"""Hypothesis strategies: `run_specs()` draws specs that are valid and that their data set can serve."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from aecore import datasets
from aecore.specs.base import Setting
from aecore.specs.optimizers import ARGUMENTS, OPTIMIZERS
from aecore.specs.phases import LOSSES, MAX_EPOCHS, Phase
from aecore.specs.run import MAX_DROPOUT, MAX_WIDTH, RunSpec

SETTINGS = RunSpec.settings()
LAYERS = ("hidden", "decoder_hidden")  # drawn as the architecture allows


@st.composite
def run_specs(
    draw: st.DrawFn,
    *,
    datasets_from: tuple[str, ...] = tuple(datasets.names()),
    max_width: int = MAX_WIDTH,
    max_layers: int = SETTINGS["hidden"].max_items,
    max_epochs: int = MAX_EPOCHS,
) -> RunSpec:
    """A valid spec. Fields that its composition does not use are drawn too: `RunSpec` is to drop them.

    `datasets_from`, `max_width`, `max_layers` and `max_epochs` keep it small enough to be trained. Every field is drawn
    from its declaration; those that depend on others are then drawn anew, or set to what the others allow.
    """
    info = datasets.info(draw(st.sampled_from(datasets_from)))
    highest = {"coding_size": max_width, "epochs": max_epochs, "dense_hidden": max_width}
    rest = {name: one for name, one in SETTINGS.items() if one.read is None and name not in ("dataset", *LAYERS)}
    values = {name: draw(values_of(one, highest.get(name), max_layers)) for name, one in rest.items()}

    architecture = values["architecture"] if info.is_image else "dense"
    style = draw(st.sampled_from(("free", "tied", "layerwise"))) if architecture == "dense" else "free"
    plain = style != "free" or (architecture == "convolutional" and values["bottleneck"] == "spatial")
    values |= {"dataset": info.name, "architecture": architecture, "tied": style == "tied"}
    values["coding"] = "plain" if plain else values["coding"]
    values["schedule"] = "layerwise" if style == "layerwise" else "joint"
    values["normalization"] = "none" if style == "layerwise" else values["normalization"]

    fewest = 0 if architecture == "dense" else 1
    most = min(max_layers, min(info.shape).bit_length() - 1) if architecture == "convolutional" else max_layers
    hidden = values["hidden"] = draw(_layers(fewest, most, max_width))
    if style == "free" and draw(st.booleans()):
        same = architecture == "convolutional"
        values["decoder_hidden"] = draw(_layers(len(hidden) if same else 0, len(hidden) if same else most, max_width))

    if values["noise"] == "dropout":
        values["noise_rate"] = draw(_off_or(MAX_DROPOUT))
    if values["sparsity"] == "kl" and values["sparsity_weight"] > 0:  # KL compares probabilities
        values |= {"coding_activation": "sigmoid"} if values["coding"] == "plain" else {"sparsity": "l1"}
    values["noise_clip"] &= info.unit_range
    values["leave_out"] = tuple({number % 3 for number in values["leave_out"]}) if info.classes else ()
    values["loss"] = values["loss"] if info.unit_range else "mse"
    if values["loss"] == "bce":
        values["output_activation"] = "sigmoid"
    outputs = (values["output_activation"] if info.unit_range else "", *(values["activation"] for _ in hidden))
    phases = draw(st.one_of(st.just(()), st.tuples(*[_phases(max_epochs)] * (len(hidden) + 1))))
    values["phases"] = tuple(
        phase if output == "sigmoid" else replace(phase, loss="mse")
        for phase, output in zip(phases, outputs, strict=False)
    )
    values["optimizer_arguments"] = draw(_arguments(values["optimizer"]))
    return RunSpec(**values)


def values_of(declared: Setting, highest: float | None = None, max_items: int | None = None) -> st.SearchStrategy[Any]:
    """Any value that a field takes by itself, as its declaration says; numbers up to `highest`, if given."""
    if declared.choices:
        return st.sampled_from(declared.choices)
    if declared.kind is bool:
        return st.booleans()
    assert declared.low is not None and declared.high is not None, f"{declared.name}: no choices and no range"
    high = min(declared.high, highest or declared.high)
    if declared.max_items:
        return _layers(declared.min_items, min(declared.max_items, max_items or declared.max_items), int(high))
    if declared.kind is int:
        return st.integers(int(declared.low), int(high))
    if declared.off_at_0 is not None:
        return _off_or(high)
    return st.floats(declared.low, high, exclude_min=declared.above_low)


def _layers(fewest: int, most: int, max_width: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, max_width), min_size=fewest, max_size=most).map(tuple)


def _off_or(most: float) -> st.SearchStrategy[float]:
    return st.one_of(st.just(0.0), st.floats(0, most))


def _arguments(optimizer: str) -> st.SearchStrategy[str]:
    """Arguments that every value of is harmless: the optimizer's own shares, up to a half."""
    names = [name for name, (_, high) in ARGUMENTS[optimizer].items() if 0.5 < high < 1]
    pairs = st.dictionaries(st.sampled_from(names), st.floats(0, 0.5), max_size=2)
    return pairs.map(lambda values: " ".join(f"{name}={value}" for name, value in values.items()))


@st.composite
def _phases(draw: st.DrawFn, max_epochs: int) -> Phase:
    optimizer = draw(st.sampled_from(OPTIMIZERS))
    epochs, loss = draw(st.integers(1, max_epochs)), draw(st.sampled_from(LOSSES))
    return Phase(epochs, optimizer, draw(values_of(SETTINGS["learning_rate"])), loss, draw(_arguments(optimizer)))
