"""Conversion to field values: NumPy's and other types of numbers, the notation of numbers as text, near misses."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from aecore.__main__ import main
from aecore.classroom.lessons import Lesson
from aecore.errors import AecoreError, SpecError
from aecore.specs import fields
from aecore.specs.base import Spec
from aecore.specs.map import MapSpec
from aecore.specs.phases import Phase
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.probe import ProbeSpec
from aecore.specs.run import RunSpec

FINGERPRINT = "0123456789abcdef"
PRETRAINING = PretrainSpec(RunSpec())
WHOLE_TYPES = (int, np.int8, np.uint8, np.int16, np.int64, np.uint64, float, np.float16, np.float32, np.float64)
WHOLE_TYPES += (np.longdouble, Fraction, Decimal, str, np.str_, np.array)  # the last: an array without dimensions
FLOAT_TYPES = (float, np.float16, np.float32, np.float64, np.longdouble, Fraction, Decimal, str, np.array)

# Not whole, not numbers, or numbers only to int() and float().
NOT_WHOLE: list[Any] = [4.7, np.float16(4.7), np.float32(4.7), np.float64(4.7), np.longdouble(4.7), np.array(4.7)]
NOT_WHOLE += [Fraction(9, 2), Decimal("4.7"), "4.7", "4.0", np.nan, np.float32(np.inf), Decimal("NaN"), "nan", "inf"]
NOT_A_NUMBER: list[Any] = [True, np.True_, np.array(True), b"4", np.bytes_(b"4"), 4j, np.complex64(4), None, {}, {4}]
NOT_A_NUMBER += [np.timedelta64(4), np.timedelta64(4, "ns"), np.datetime64(4, "ns"), np.array([4]), [4], np.ma.masked]
NOT_A_NUMBER += ["", "+4", "0x10", "1_000", "１００", "٤", "--4", "4-", "4,", "4 4", "four"]


@pytest.mark.parametrize("kind", WHOLE_TYPES, ids=lambda kind: kind.__name__)
def test_a_whole_number_of_any_type_is_the_same_setting(kind: Any) -> None:
    plain, other = RunSpec(coding_size=8, seed=3), RunSpec().replace(coding_size=kind(8), seed=kind(3))
    assert type(other.coding_size) is int and type(RunSpec.parse("epochs", kind(8))) is int
    assert (plain, plain.key(FINGERPRINT)) == (other, other.key(FINGERPRINT))
    for spec, name in ((MapSpec(method="umap"), "n_neighbors"), (ProbeSpec(), "k"), (PRETRAINING, "seeds")):
        one, two = spec.replace(**{name: 8}), spec.replace(**{name: kind(8)})
        assert one == two and one.key("run") == two.key("run") and type(getattr(two, name)) is int


@pytest.mark.parametrize("kind", FLOAT_TYPES, ids=lambda kind: kind.__name__)
def test_a_float_of_any_type_is_the_same_setting(kind: Any) -> None:
    for text in ("0.5", "0.002"):
        plain, other = (RunSpec(learning_rate=value) for value in (float(text), kind(_exactly(kind, text))))
        assert type(other.learning_rate) is float
        assert other.canonical_json() == plain.canonical_json() and other.key(FINGERPRINT) == plain.key(FINGERPRINT)
    assert RunSpec(learning_rate=kind(1)) == RunSpec(learning_rate=1)
    assert MapSpec(method="tsne", perplexity=kind(20)).key("run") == MapSpec(method="tsne", perplexity=20).key("run")


@pytest.mark.parametrize("value", [*NOT_WHOLE, *NOT_A_NUMBER], ids=fields.shown)
@pytest.mark.parametrize(("spec", "name"), [(RunSpec(), "coding_size"), (MapSpec(), "n"), (PRETRAINING, "head")])
def test_what_is_not_whole_is_refused_whatever_its_type(spec: Spec, name: str, value: Any) -> None:
    _refused(name, lambda: spec.replace(**{name: value}))
    _refused(name, lambda: type(spec).parse(name, value))


@pytest.mark.parametrize(
    "value",
    [*NOT_A_NUMBER, np.nan, np.float32(np.nan), np.inf, np.float16(-np.inf), Decimal("Infinity")],
    ids=fields.shown,
)
@pytest.mark.parametrize("name", ["learning_rate", "noise_rate", "warmup"])
def test_what_is_no_finite_number_is_refused(name: str, value: Any) -> None:
    _refused(name, lambda: RunSpec(**{name: value}))


@pytest.mark.parametrize(
    "value",
    [
        (100, 50),
        [np.int64(100), np.uint8(50)],
        np.array([100, 50]),
        np.array([100, 50], np.float32),
        np.array(["100", "50"]),
        np.array([100, np.int16(50)], object),
        range(100, 0, -50),
        (Fraction(100), Decimal(50)),
        "100,50",
        "100, 50",
        " 100 , 50 ",
        "100 50",
        np.str_("100,50"),
    ],
    ids=fields.shown,
)
def test_layers_of_any_type_are_the_same_setting(value: Any) -> None:
    spec = RunSpec(hidden=value)
    assert spec.hidden == (100, 50) and set(map(type, spec.hidden)) == {int}
    assert spec.key(FINGERPRINT) == RunSpec(hidden=(100, 50)).key(FINGERPRINT)


@pytest.mark.parametrize("value", [8, np.int64(8), np.array(8), np.float32(8), Fraction(8), "8", [8], np.array([8])])
def test_one_layer_needs_no_list(value: Any) -> None:
    assert RunSpec(hidden=value).hidden == (8,)
    assert RunSpec(hidden=np.array([], int)).hidden == RunSpec(hidden="").hidden == ()


BAD_LISTS = ["-5", "100,-50", "100-50-", "100-50", "100,,50", "100,", ",100", "+5", "100 +50", "1e2", "0x10", "１００"]
BAD_LISTS += ["1_000", "100;50", "100.5", "(100)", "−5", "0", "5000", "100,50,0"]


@pytest.mark.parametrize("text", BAD_LISTS)
def test_signs_and_other_notations_are_refused_on_the_command_line_in_links_and_lessons(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _refused("hidden", lambda: RunSpec.parse("hidden", text))
    _refused("hidden", lambda: Lesson("A lesson", knobs={"variant": "stacked", "hidden": text}))
    assert main(["train", "stacked", "--set", f"hidden={text}"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("aecore: hidden: got ") and line.count("\n") == 1
    if text not in ("0", "5000", "100,50,0"):
        _refused("labels", lambda: PRETRAINING.replace(labels=text))


@pytest.mark.parametrize(
    "value", [[4.7], np.array([4.7]), [True], np.array([True]), [[8]], np.eye(2, dtype=int), {8: 1}, {8}, b"88", [None]]
)
def test_layers_that_are_none_are_refused(value: Any) -> None:
    _refused("hidden", lambda: RunSpec(hidden=value))


@pytest.mark.parametrize(
    "text", ["+0.5", "1_0.5", "０.5", "0,5", "0.5.", "e-3", "0x1p-1", "inf", "nan", "1e", "0.5 0.5"]
)
def test_other_notations_of_a_float_are_refused(text: str) -> None:
    _refused("warmup", lambda: RunSpec.parse("warmup", text))
    _refused("optimizer_arguments", lambda: RunSpec(optimizer="sgd", optimizer_arguments=f"momentum={text}"))


@pytest.mark.parametrize("text", ["0.5", ".5", "5e-1", "5E-01", "0.50", " 0.5 ", "50e-2"])
def test_usual_notations_of_a_float_are_read(text: str) -> None:
    assert RunSpec.parse("warmup", text) == 0.5


def test_switches_and_texts_of_numpy() -> None:
    spec = RunSpec(tied=np.True_, activation=np.str_("ReLU"), optimizer_arguments=np.str_("beta_1=0.5"))
    assert spec == RunSpec(tied=True, activation="relu", optimizer_arguments="beta_1=0.5")
    assert type(spec.tied) is bool and {type(spec.activation), type(spec.optimizer_arguments)} == {str}
    assert type(MapSpec(layer=np.str_("hidden_1")).layer) is str


def test_phases_of_numpys_numbers() -> None:
    phases = [Phase(np.int64(3), "sgd", np.float32(0.1), "bce"), {**vars(Phase(2, "sgd", 0.1, "mse")), "epochs": 2.0}]
    spec = RunSpec(schedule="layerwise", phases=phases)
    plain = RunSpec(schedule="layerwise", phases=(Phase(3, "sgd", 0.1, "bce"), Phase(2, "sgd", 0.1, "mse")))
    assert spec.key(FINGERPRINT) == plain.key(FINGERPRINT) and json.dumps(spec.to_dict())
    _refused("phases", lambda: RunSpec(schedule="layerwise", phases=[Phase(np.float32(2.5), "sgd", 0.1, "bce")] * 2))


@pytest.mark.parametrize(
    "value",
    [10**5000, np.arange(10_000).reshape(100, 100), "x\ny" * 100, [[1.5] * 9] * 9],
    ids=lambda value: type(value).__name__,
)
def test_a_refused_value_is_shown_in_one_short_line(value: Any) -> None:
    for name in ("coding_size", "hidden", "optimizer_arguments", "phases"):
        assert len(_refused(name, lambda name=name: RunSpec(**{name: value}))) < 300


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("learning_rate", np.inf, "above 0, up to 10"),
        ("learning_rate", "inf", "above 0, up to 10"),
        ("learning_rate", 0, "above 0, up to 10"),
        ("learning_rate", "fast", "a number, above 0, up to 10"),
        ("noise_rate", -1, "0 to 100"),
        ("hidden", "-5", "got '-5', allowed: 0 to 8 numbers of 1 to 4,096, such as 300,100"),
        ("coding_size", 4.7, "a whole number, 1 to 2,048"),
        ("seed", 2**31, "0 to 2,147,483,647"),
        ("phases", [Phase(0, "sgd", 0.1, "bce")], "epochs of 1 to 1,000"),
        ("phases", [Phase(1, "sgd", 0, "bce")], "learning_rate above 0, up to 10"),
        (
            "phases",
            [Phase(1, "sdg", 0.1, "bce")],
            "sgd, adam, adamw, nadam, rmsprop, adadelta, muon; did you mean sgd?",
        ),
        ("optimizer", "adma", "sgd, adam, adamw, nadam, rmsprop, adadelta, muon; did you mean adam?"),
        ("optimizer_arguments", "bta_1=0.5", "global_clipnorm; did you mean beta_1?"),
        ("activation", "RELUU", "sigmoid; did you mean relu?"),
    ],
)
def test_a_refusal_says_the_true_range_or_what_is_near(name: str, value: Any, allowed: str) -> None:
    message = _refused(name, lambda: RunSpec(**{name: value}))
    assert "allowed: " in message and message.endswith(allowed)


def test_a_mistyped_name_is_answered_with_the_nearest() -> None:
    assert fields.did_you_mean("denoising_dropout", ["denoising", "denoising-dropout"]).endswith("denoising-dropout?")
    assert fields.did_you_mean("conv", ["stacked", "convolutional"]) == "; did you mean convolutional?"
    assert fields.did_you_mean("", ["stacked"]) == fields.did_you_mean("xyzzy", ["stacked"]) == ""
    with pytest.raises(SpecError, match="unknown run setting 'epoch'; allowed: .*; did you mean epochs?"):
        RunSpec().replace(epoch=3)


def _exactly(kind: Any, text: str) -> Any:
    """What `kind` is made from, without the rounding of a float before it."""
    return text if kind in (Decimal, Fraction, str) else float(text)


def _refused(name: str, make: Any) -> str:
    """The message with which `make` raises: one line that begins with the field's name."""
    with pytest.raises(AecoreError) as raised:
        make()
    message = str(raised.value)
    assert message.startswith(f"{name}: got ") and "allowed: " in message and "\n" not in message
    return message
