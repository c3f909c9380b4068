"""`RunSpec`: round trips, golden keys, and which fields count for a key."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given

from aecore import datasets
from aecore.specs.run import Phase, RunSpec
from tests.strategies import run_specs

FINGERPRINT = "0123456789abcdef"
DEFAULTS = {name: declared.default for name, declared in RunSpec.settings().items()}

OPEN = ("dataset", "optimizer_arguments")  # checked against registries
CHOICES = [name for name, value in DEFAULTS.items() if type(value) is str and name not in OPEN]
MAY_BE_ZERO = {"kl_weight", "noise_rate", "sparsity_weight", "penalty_weight", "warmup", "seed"}

# What was trained under these keys is found again only while they stay: a failure here means a default was changed
# or a new field's default does not mean "as before". Mend the code, never the keys.
GOLDEN: dict[str, tuple[dict[str, Any], str]] = {
    "default": ({}, "7a113f0367e03775"),
    "every number": (
        {
            "dataset": "fashion-mnist",
            "hidden": (300, 100),
            "decoder_hidden": (50, 200),
            "activation": "relu",
            "coding": "variational",
            "coding_size": 10,
            "kl_weight": 0.5,
            "noise": "dropout",
            "noise_rate": 0.25,
            "noise_clip": True,
            "noisy_validation": True,
            "sparsity": "mse",
            "sparsity_weight": 0.125,
            "sparsity_target": 0.05,
            "loss": "mse",
            "output_activation": "linear",
            "optimizer": "rmsprop",
            "learning_rate": 0.001,
            "batch_size": 128,
            "epochs": 25,
            "seed": 7,
        },
        "d42f1de8aa1f7555",
    ),
    "convolutional": (
        {"architecture": "convolutional", "hidden": (16, 32), "bottleneck": "spatial", "upsampling": "nearest"},
        "329e91ee83f49aaf",
    ),
    "hashing": ({"coding_activation": "sigmoid", "noise_rate": 15.0, "noise_on": "coding"}, "4f741199c80ef763"),
    "tied": ({"tied": True}, "caf134f7aebefaf5"),
    "layer by layer": (
        {"schedule": "layerwise", "phases": (Phase(3, "sgd", 0.1, "bce"), Phase(2, "adam", 0.01, "mse"))},
        "e9ed79cc21b5fbe0",
    ),
    "modern": (
        {
            "normalization": "batch",
            "optimizer": "adamw",
            "optimizer_arguments": "weight_decay=0.01 beta_2=0.99",
            "decay": "cosine",
            "warmup": 0.05,
            "penalty": "contractive",
            "penalty_weight": 0.001,
        },
        "12b020d637afbf23",
    ),
    "strided": (
        {"architecture": "convolutional", "downsampling": "stride", "dense_hidden": (256,)},
        "e4a31c49a4d8918c",
    ),
    "without two classes": ({"leave_out": (8, 3)}, "d316d9fb4aa47af8"),
    "layer by layer, with arguments": (
        {"schedule": "layerwise", "phases": (Phase(3, "sgd", 0.1, "bce", "momentum=0.9"), Phase(2, "sgd", 0.1, "mse"))},
        "0a7769c56c8ddf16",
    ),
}


@given(run_specs())
def test_json_round_trip_gives_the_same_run(run_spec: RunSpec) -> None:
    again = RunSpec.from_dict(json.loads(json.dumps(run_spec.to_dict())))
    assert again == run_spec
    assert again.key(FINGERPRINT) == run_spec.key(FINGERPRINT)


@given(run_specs())
def test_canonical_json_alone_restores_the_spec(run_spec: RunSpec) -> None:
    assert RunSpec.from_dict(json.loads(run_spec.canonical_json())) == run_spec


@given(run_specs())
def test_a_link_or_the_command_line_may_give_every_field_as_text(run_spec: RunSpec) -> None:
    text = {name: json.dumps(v) if name == "phases" else _as_text(v) for name, v in run_spec.to_dict().items()}
    assert RunSpec().replace(**text) == run_spec


def _as_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@given(run_specs())
def test_strategy_draws_what_the_data_set_can_serve(run_spec: RunSpec) -> None:
    datasets.check(run_spec, datasets.info(run_spec.dataset))


@given(run_specs(), run_specs())
def test_keys_are_equal_exactly_where_specs_are(one: RunSpec, other: RunSpec) -> None:
    assert (one == other) == (one.key(FINGERPRINT) == other.key(FINGERPRINT))


@pytest.mark.parametrize("name", sorted(MAY_BE_ZERO))
def test_minus_zero_is_zero(name: str) -> None:
    values = {"coding": "variational", "noise": "dropout", "sparsity": "l2", "penalty": "contractive"}
    assert RunSpec(**values, **{name: -0.0}).key(FINGERPRINT) == RunSpec(**values, **{name: 0}).key(FINGERPRINT)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_keys(name: str) -> None:
    values, key = GOLDEN[name]
    assert RunSpec(**values).key(FINGERPRINT) == key


def test_golden_specs_give_every_field_somewhere() -> None:
    """And "default" omits them all, so that neither a changed default nor a changed spelling passes unseen."""
    given_somewhere = {name for values, _ in GOLDEN.values() for name in values}
    assert given_somewhere == set(DEFAULTS)


def test_key_is_the_same_in_every_process() -> None:
    code = (
        "import json, sys; from aecore.specs.run import RunSpec\n"
        "print(json.dumps([RunSpec.from_dict(v).key(sys.argv[1]) for v in json.load(sys.stdin)]))"
    )
    specs = [RunSpec(**values) for values, _ in GOLDEN.values()]
    here = [s.key(FINGERPRINT) for s in specs]
    for seed in ("0", "1", "4294967295"):
        there = subprocess.run(
            [sys.executable, "-c", code, FINGERPRINT],
            input=json.dumps([s.to_dict() for s in specs]),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(there.stdout) == here


def test_the_fingerprint_enters_the_key() -> None:
    assert RunSpec().key("a") != RunSpec().key("b")


@pytest.mark.parametrize(
    ("used", "unused"),
    [
        ({}, {"noise": "dropout", "noise_on": "coding", "noise_clip": True, "noisy_validation": True}),
        ({"noise_rate": 0.5, "noise_on": "coding"}, {"noise_clip": True, "noisy_validation": True}),
        ({}, {"sparsity": "l2", "sparsity_target": 0.3}),
        ({"sparsity_weight": 0.1}, {"sparsity_target": 0.3}),
        ({}, {"bottleneck": "spatial", "upsampling": "nearest", "kl_weight": 3.0}),
        ({"architecture": "convolutional", "bottleneck": "spatial"}, {"coding_size": 7, "dense_hidden": (9,)}),
        ({}, {"downsampling": "stride", "dense_hidden": (9,)}),
        ({"architecture": "recurrent"}, {"activation": "relu"}),
        ({"hidden": ()}, {"activation": "relu"}),
        ({"hidden": (300, 100)}, {"decoder_hidden": (100, 300)}),
        ({"coding": "variational"}, {"coding_activation": "linear"}),
        ({}, {"phases": (Phase(1, "sgd", 0.1, "mse"),)}),
        ({}, {"penalty": "contractive"}),
        ({}, {"penalty_weight": 0.1}),
        ({"architecture": "recurrent"}, {"normalization": "batch"}),
        ({"hidden": ()}, {"normalization": "layer"}),
    ],
    ids=str,
)
def test_fields_that_change_nothing_do_not_change_the_key(used: dict[str, Any], unused: dict[str, Any]) -> None:
    with_unused = RunSpec(**used, **unused)
    assert with_unused == RunSpec(**used)
    assert with_unused.key(FINGERPRINT) == RunSpec(**used).key(FINGERPRINT)


@pytest.mark.parametrize(
    "values",
    [
        {"noise_rate": 0.5, "noise": "dropout"},
        {"sparsity_weight": 0.1, "sparsity": "mse", "sparsity_target": 0.3},
        {"architecture": "convolutional", "upsampling": "nearest"},
        {"architecture": "convolutional", "downsampling": "stride"},
        {"architecture": "convolutional", "dense_hidden": (50,)},
        {"coding": "variational", "kl_weight": 3.0},
        {"hidden": (300, 100), "decoder_hidden": (300, 100)},
        {"penalty": "contractive", "penalty_weight": 0.1},
        {"normalization": "batch"},
        {"decay": "cosine"},
        {"warmup": 0.1},
        {"optimizer_arguments": "beta_1=0.5"},
    ],
    ids=str,
)
def test_the_same_fields_count_where_they_are_used(values: dict[str, Any]) -> None:
    key = RunSpec(**values).key(FINGERPRINT)
    for name in values:
        others = {other: value for other, value in values.items() if other != name}
        assert RunSpec(**others).key(FINGERPRINT) != key


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunSpec().epochs = 3  # type: ignore[misc]


def test_every_text_field_has_its_choices() -> None:
    """A new text field without a list of choices would take anything."""
    for name in CHOICES:
        assert getattr(RunSpec(), name) in RunSpec.settings()[name].choices
