"""Knobs that change nothing as the others stand: for every variant, without a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import streamlit as st

from aecore import presets
from aecore.errors import AecoreError, SpecError
from aecore.specs.base import KEY_LENGTH
from aecore.specs.run import RunSpec
from aecore.store import runs
from pages.widgets.session import knobs

VARIANTS = (*presets.VARIANTS, "hubens-convolutional")
TURNED: dict[str, dict[str, Any]] = {"as it is": {}, "all on": {"noise_rate": 0.3, "sparsity_weight": 0.01}}
# Two values a knob, of which one at least is another than any variant's own.
OTHERS: dict[str, Sequence[Any]] = {
    "dataset": ("digits", "fashion-mnist-12k"),
    "coding_size": (3, 4),
    "noise_rate": (0.5, 0.4),
    "seed": (8, 9),
    "sparsity_weight": (0.02, 0.05),
    "penalty_weight": (0.03, 0.1),
    "kl_weight": (2.0, 3.0),
    "epochs": (8, 9),
    "hidden": ("12, 8", "9, 7"),
    "optimizer_arguments": ("momentum=0.5", "weight_decay=0.01"),
    "batch_size": (16, 17),
    "learning_rate": (0.05, 0.06),
    "warmup": (0.5, 0.4),
    "sparsity_target": (0.3, 0.4),
    "leave_out": ("3", "5, 7"),
    **{name: declared.choices for name, declared in RunSpec.settings().items() if declared.choices},
}


def asked(variant: str, values: dict[str, Any]) -> str:
    """The key of what would be trained, or why it cannot be."""
    try:
        return runs.run_key(knobs.from_values(variant, values))
    except AecoreError as error:
        return str(error)


def changes(variant: str, values: dict[str, Any], name: str, *, valid: bool = False) -> set[str]:
    """The keys of other runs (and, unless `valid`, the errors) to which one knob leads from `values`."""
    others = {asked(variant, {**values, name: value}) for value in OTHERS[name]} - {asked(variant, values)}
    return {key for key in others if len(key) == KEY_LENGTH} if valid else others


@pytest.mark.parametrize("turned", TURNED)
@pytest.mark.parametrize("variant", VARIANTS)
def test_unused_are_the_knobs_that_lead_to_no_other_run(
    monkeypatch: pytest.MonkeyPatch, variant: str, turned: str
) -> None:
    values = knobs.defaults(variant) | TURNED[turned]
    monkeypatch.setattr(st, "session_state", {"variant": variant, **values})
    spec, unused = presets.get(variant).spec, knobs.unused()
    for name in knobs.NAMES:
        if (name, spec.penalty) == ("penalty_weight", "none") or (name == "kl_weight" and spec.coding == "plain"):
            continue  # the sidebar has no such slider
        if name in unused:
            assert RunSpec.settings()[name].disabled_tooltip  # says on the page why
            assert not changes(variant, values, name, valid=True), name
        else:
            assert changes(variant, values, name), name


@pytest.mark.parametrize("text", ["-5", "100-50", "100,,50", "+5", "1e2", "0x10", "1_000", "１００"])
def test_another_notation_of_layers_in_a_link_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="hidden: got "):
        knobs.from_text("hidden", text)
