"""`RunSpec` refuses values outside their range in one line that names the field, the value and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from aecore.errors import SpecError
from aecore.specs.run import Phase, RunSpec

DEFAULTS = {name: declared.default for name, declared in RunSpec.settings().items()}

NAN, INFINITY, HUGE = float("nan"), float("inf"), 10**400
NUMBERS = [name for name, value in DEFAULTS.items() if type(value) in (int, float)]
OPEN = ("dataset", "optimizer_arguments")  # checked against registries
CHOICES = [name for name, value in DEFAULTS.items() if type(value) is str and name not in OPEN]
MAY_BE_ZERO = {"kl_weight", "noise_rate", "sparsity_weight", "penalty_weight", "warmup", "seed"}


def _short(value: Any) -> str:
    return f"{value!r:.30}"


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value", [-1, HUGE, 1e308, NAN, INFINITY, -INFINITY, "nan", "", "many", None, [], {}, True, False], ids=_short
)
def test_a_bad_number_is_refused(name: str, value: Any) -> None:
    _refused(name, value, **{name: value})


@pytest.mark.parametrize("name", sorted(set(NUMBERS) - MAY_BE_ZERO))
def test_zero_is_refused_where_it_means_nothing(name: str) -> None:
    _refused(name, None, **{name: 0})


@pytest.mark.parametrize("name", [n for n in NUMBERS if type(DEFAULTS[n]) is int])
def test_half_an_epoch_is_refused(name: str) -> None:
    _refused(name, 2.5, **{name: 2.5})
    _refused(name, "2.5", **{name: "2.5"})


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize(
    "value", ["nonsense", "", "re\nlu", "x" * 10_000, 0, -1, HUGE, NAN, None, True, ["relu"]], ids=_short
)
def test_an_unknown_choice_is_refused(name: str, value: Any) -> None:
    _refused(name, value, **{name: value})


@pytest.mark.parametrize("name", [n for n, value in DEFAULTS.items() if type(value) is bool])
@pytest.mark.parametrize("value", ["maybe", "", 2, -1, NAN, None, []])
def test_a_bad_switch_is_refused(name: str, value: Any) -> None:
    _refused(name, value, **{name: value})


@pytest.mark.parametrize("name", ["hidden", "decoder_hidden", "dense_hidden"])
@pytest.mark.parametrize(
    "value",
    [0, -1, HUGE, NAN, INFINITY, None, True, "wide", [0], [-1], [HUGE], [NAN], [2.5], [None], [100] * 9, {"a": 1}],
    ids=_short,
)
def test_bad_layers_are_refused(name: str, value: Any) -> None:
    _refused(name, value, **{name: value})


@pytest.mark.parametrize(
    ("optimizer", "text"),
    [
        ("sgd", "momentum"),
        ("sgd", "momentum="),
        ("sgd", "momentum=fast"),
        ("sgd", "momentum=1"),
        ("sgd", "momentum=-0.1"),
        ("sgd", "momentum=nan"),
        ("sgd", "momentum=0.1 momentum=0.2"),
        ("sgd", "nesterov=0.5"),
        ("sgd", "rho=0.9"),
        ("adam", "momentum=0.9"),
        ("adadelta", "=1"),
        ("adam", "x" * 10_000),
        ("adam", None),
        ("adam", 0.9),
    ],
    ids=_short,
)
def test_optimizer_arguments_that_the_optimizer_does_not_have_are_refused(optimizer: str, text: Any) -> None:
    _refused("optimizer_arguments", None, optimizer=optimizer, optimizer_arguments=text)


def test_equal_optimizer_arguments_are_the_same_run_however_they_are_written() -> None:
    texts = ("momentum=0.90, nesterov=1", " Nesterov=1.0  momentum=9e-1 ")
    one, other = (RunSpec(optimizer="sgd", optimizer_arguments=text) for text in texts)
    assert one == other
    assert one.optimizer_arguments == "momentum=0.9 nesterov=1"


@pytest.mark.parametrize("value", ["nonsense", "", 0, None, ["contractive"]], ids=_short)
def test_a_penalty_that_no_variant_brings_is_refused(value: Any) -> None:
    _refused("penalty", None, penalty=value, penalty_weight=1.0)


PHASE = {"epochs": 1, "optimizer": "sgd", "learning_rate": 0.1, "loss": "mse"}


@pytest.mark.parametrize(
    "change",
    [{name: bad} for name in PHASE for bad in (0, -1, HUGE, NAN, INFINITY, None, "nonsense", [], True)]
    + [{"momentum": 0.9}, {"epochs": 2.5}, {"optimizer_arguments": "rho=0.9"}],
    ids=_short,
)
def test_a_bad_phase_is_refused(change: dict[str, Any]) -> None:
    phases = [{**PHASE, **change}, PHASE]
    _refused("phases", None, schedule="layerwise", phases=phases)
    if set(change) <= set(PHASE):
        _refused("phases", None, schedule="layerwise", phases=[Phase(**phase) for phase in phases])


@pytest.mark.parametrize("value", [0, -1, NAN, "nonsense", "{", "[1]", [1], [PHASE] * 5, {"epochs": 1}])
def test_phases_that_are_none_are_refused(value: Any) -> None:
    _refused("phases", None, schedule="layerwise", phases=value)


@pytest.mark.parametrize("build", [RunSpec.from_dict, lambda values: RunSpec().replace(**values)])
def test_an_unknown_setting_is_refused(build: Any) -> None:
    with pytest.raises(SpecError) as raised:
        build({"codings": 3})
    assert "codings" in str(raised.value)
    assert "coding_size" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("output_activation", {"loss": "bce", "output_activation": "linear"}),
        ("hidden", {"architecture": "convolutional", "hidden": ()}),
        ("hidden", {"architecture": "recurrent", "hidden": ()}),
        ("tied", {"architecture": "convolutional", "tied": True}),
        ("tied", {"coding": "variational", "tied": True}),
        ("decoder_hidden", {"tied": True, "decoder_hidden": (50,)}),
        ("schedule", {"tied": True, "schedule": "layerwise"}),
        ("schedule", {"architecture": "recurrent", "schedule": "layerwise"}),
        ("schedule", {"coding": "variational", "schedule": "layerwise"}),
        ("decoder_hidden", {"decoder_hidden": (50,), "schedule": "layerwise"}),
        ("phases", {"schedule": "layerwise", "phases": (Phase(1, "sgd", 0.1, "mse"),)}),
        ("decoder_hidden", {"architecture": "convolutional", "hidden": (8, 16), "decoder_hidden": (16,)}),
        ("sparsity", {"sparsity": "kl", "sparsity_weight": 0.1}),
        ("sparsity", {"sparsity": "kl", "sparsity_weight": 0.1, "coding": "variational"}),
        ("bottleneck", {"architecture": "convolutional", "bottleneck": "spatial", "coding": "variational"}),
        ("noise_rate", {"noise": "dropout", "noise_rate": 0.96}),
        ("normalization", {"schedule": "layerwise", "normalization": "batch"}),
    ],
    ids=str,
)
def test_choices_that_exclude_each_other_are_refused(name: str, values: dict[str, Any]) -> None:
    _refused(name, None, **values)


def _refused(name: str, received: Any, **values: Any) -> None:
    """`values` raise SpecError: one line that starts with the field, says what was received and what is allowed."""
    with pytest.raises(SpecError) as raised:
        RunSpec(**values)
    message = str(raised.value)
    assert message.startswith(f"{name}: got ")
    assert "allowed: " in message
    assert len(message.splitlines()) == 1
    assert len(message) < 300
    if received is not None and isinstance(received, str | int) and not isinstance(received, bool):
        assert repr(received)[:20].strip("'") in message
