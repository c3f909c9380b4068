"""Declared fields: what follows from a declaration, and that every field of every spec has one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, given, settings

from aecore.errors import SpecError
from aecore.specs import composition
from aecore.specs.base import Derived, Setting, Spec, setting
from aecore.specs.map import MapSpec
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.probe import ProbeSpec
from aecore.specs.run import RunSpec
from aecore.specs.stability import StabilitySpec
from tests.strategies import run_specs, values_of

SPECS: tuple[type[Spec], ...] = (RunSpec, MapSpec, ProbeSpec, StabilitySpec, PretrainSpec)
DECLARED = [(spec, declared) for spec in SPECS for declared in spec.settings().values()]
READ_ELSEWHERE = {"dataset", "autoencoder"}


@dataclass(frozen=True)
class WithAxis(RunSpec):
    """A spec with one more axis, declared as any other."""

    temperature: float = setting(0.0, "of the softmax", low=0, high=2, off_at_0=("noisy_validation",))


@dataclass(frozen=True)
class Small(Derived):
    kind: ClassVar[str] = "small"

    shape: str = setting("round", "of the thing", choices=("round", "square"))
    size: float = setting(1.0, "of the thing", low=0, high=3, above_low=True)
    sides: tuple[int, ...] = setting((3,), "numbers of sides", low=1, high=9, min_items=1, max_items=2)
    name: str = setting("", "its name", max_length=5)


def test_a_new_axis_is_one_field() -> None:
    """Read, validated, written, hashed, labelled, and switched off at 0."""
    axis = WithAxis.settings()["temperature"]
    assert (axis.label, axis.allowed, axis.kind) == ("Temperature", "0 to 2", float)
    spec = WithAxis.from_dict({"temperature": "0.5"})
    assert spec.temperature == 0.5 and spec.to_dict()["temperature"] == 0.5
    assert spec.canonical_json() == '{"temperature":0.5}'
    assert WithAxis(temperature=0).key("f") == RunSpec().key("f") != spec.key("f")
    assert "noisy_validation" in composition.unused(WithAxis(noise_rate=0.5))
    assert "noisy_validation" not in composition.unused(spec.replace(noise_rate=0.5))
    with pytest.raises(SpecError, match=r"^temperature: got 3\.0, allowed: 0 to 2$"):
        spec.replace(temperature=3)


@pytest.mark.parametrize("spec", SPECS)
def test_every_field_is_declared(spec: type[Spec]) -> None:
    assert {field.name for field in dataclasses.fields(spec)} - READ_ELSEWHERE <= set(spec.settings())


@pytest.mark.parametrize(("spec", "declared"), DECLARED, ids=lambda value: getattr(value, "name", ""))
def test_every_declaration_has_label_help_and_what_is_allowed(spec: type[Spec], declared: Setting) -> None:
    assert declared.label and declared.help and not declared.help.endswith(".") and "\n" not in declared.help
    assert declared.allowed or declared.read or declared.name in READ_ELSEWHERE
    assert set(declared.off_at_0 or ()) <= set(spec.settings())
    for text in (declared.tooltip, declared.disabled_tooltip):
        assert not text or text.endswith(".")
    if declared.stops:
        assert [declared.parse(stop) for stop in declared.stops] == sorted(declared.stops)


def test_the_strategy_draws_every_field() -> None:
    changed: set[str] = set()

    @settings(max_examples=600, phases=[Phase.generate], database=None, derandomize=True)
    @given(run_specs())
    def collect(spec: RunSpec) -> None:
        defaults = {name: declared.default for name, declared in RunSpec.settings().items()}
        changed.update(name for name, default in defaults.items() if getattr(spec, name) != default)

    collect()
    assert changed == set(RunSpec.settings())


@pytest.mark.parametrize(
    ("name", "bad", "allowed"),
    [
        ("shape", "flat", "round, square"),
        ("size", 0, "above 0, up to 3"),
        ("size", float("nan"), "above 0, up to 3"),
        ("sides", (), "1 to 2 numbers of 1 to 9, such as 300,100"),
        ("sides", (3, 10), "1 to 2 numbers of 1 to 9, such as 300,100"),
        ("name", "too long", "text of up to 5 characters"),
        ("name", 1, "text of up to 5 characters"),
    ],
)
def test_a_refusal_says_what_was_received_and_what_is_allowed(name: str, bad: Any, allowed: str) -> None:
    with pytest.raises(SpecError) as raised:
        Small(**{name: bad})
    assert str(raised.value).startswith(f"{name}: got ") and str(raised.value).endswith(f", allowed: {allowed}")


def test_text_is_read_as_its_kind() -> None:
    small = Small.from_dict({"shape": " Square ", "size": "2", "sides": "4, 5", "name": " Ab "})
    assert small == Small("square", 2.0, (4, 5), "Ab")
    assert Small.from_dict(small.to_dict()) == small
    assert small.canonical_json() == '{"name":"Ab","shape":"square","sides":[4,5],"size":2.0}'


def test_a_new_edition_has_new_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Small().key("run")
    monkeypatch.setattr(Small, "edition", 2)
    assert Small().key("run") != before


@given(values_of(WithAxis.settings()["temperature"]))
def test_a_new_axis_is_drawn_by_the_strategies(temperature: float) -> None:
    assert WithAxis(temperature=temperature).temperature == temperature


@given(values_of(Small.settings()["size"]))
def test_values_of_a_declaration_are_accepted(size: float) -> None:
    assert Small(size=size).size == size
