"""Codings as bits: which run makes them, what a code is decoded from, how far codes are apart, what buckets hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecore.analysis import hashing, metrics
from aecore.errors import RunError, SpecError
from aecore.figures import LIGHT
from aecore.figures.bits import bit_balance
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.runs import Run

SPEC = RunSpec(dataset="digits", coding_size=3, coding_activation="sigmoid", noise_on="coding", noise_rate=5.0)


def a_run(folder: Path, **changes: object) -> Run:
    run = runs.run_of(SPEC.replace(**changes), folder)
    run.begin(run_spec := SPEC.replace(**changes))
    assert run.spec == run_spec
    return run


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, True), ({"noise_rate": 0.0}, False), ({"noise_on": "input"}, False), ({"coding_activation": "tanh"}, True)],
)
def test_noise_on_the_codings_makes_a_hash(changes: dict, expected: bool) -> None:
    assert SPEC.replace(**changes).hashes is expected


@pytest.mark.parametrize(
    ("activation", "middle", "low", "high"),
    [("sigmoid", 0.5, [0, 0, 0], [1, 1, 1]), ("tanh", 0, [-1, -1, -1], [1, 1, 1]), ("relu", 0, [0, -2, -1], [2, 4, 0])],
)
def test_a_bit_is_decoded_from_the_ends_of_its_activation(
    activation: str, middle: float, low: list, high: list, tmp_path: Path
) -> None:
    run = a_run(tmp_path, coding_activation=activation)
    codings = np.array([[1, 4, -1], [3, -2, -1], [0, 4, -1]], np.float32)
    set_bits = hashing.bits(codings, 0.0)
    found = hashing.levels(run, codings, set_bits)
    assert hashing.threshold(run.spec) == middle
    assert found.tolist() == [low, high]
    assert hashing.decodable(~set_bits, found)[0].tolist() == [low[0], low[1], high[2]]


def test_decided_counts_what_lies_near_an_end() -> None:
    ends = np.array([[0, -1], [1, 1]], np.float32)
    assert hashing.decided(np.array([[0.05, 0.85], [0.5, -1.15]]), ends) == 0.75
    assert hashing.decided(np.array([[0.5, 0.0]]), ends) == 0


def test_bits_are_cut_at_the_threshold_and_must_be_numbers() -> None:
    assert hashing.bits(np.array([[[0.5], [0.51]]]), 0.5).tolist() == [[False, True]]
    with pytest.raises(RunError, match="the codings contain NaN or infinite values .*; train"):
        hashing.bits(np.array([[0.1, np.nan]]), 0.5)


@pytest.mark.parametrize("d", [1, 8, 19, 256])
def test_codes_survive_text_and_bytes(d: int) -> None:
    codes = np.random.default_rng(d).random((7, d)) < 0.5
    assert np.array_equal(np.stack([hashing.parse(hashing.text(code), d) for code in codes]), codes)
    packed = hashing.pack_bits(codes)
    assert packed.shape == (7, -(-d // 8)) and packed.dtype == np.uint8
    assert [[packed[i, k >> 3] >> (k & 7) & 1 for k in range(d)] for i in range(7)] == codes.tolist()
    assert hashing.hamming(codes[2], codes).tolist() == [int((code ^ codes[2]).sum()) for code in codes]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("01", "bits: got 2, allowed: 3, one a coding of this run"),
        ("", "bits: got 0, allowed: 3, one a coding of this run"),
        ("01x", "bits: got the character 'x', allowed: 0 and 1"),
        ("0١1", "bits: got the character '١', allowed: 0 and 1"),
        ("010101010", "bits: got 9, allowed: 3, one a coding of this run"),
    ],
)
def test_a_link_with_no_code_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(SpecError) as refused:
        hashing.parse(text, 3)
    assert str(refused.value) == said


def test_buckets_know_their_class() -> None:
    codes = np.array([[1, 0], [1, 0], [0, 0], [1, 0], [1, 1], [0, 0]], bool)
    labels = np.array([7, 2, 5, 7, 2, 5])
    found = hashing.statistics(codes, labels, largest=2)
    assert found.distinct == 3 == metrics.distinct_codes(codes)
    assert found.balance.tolist() == [pytest.approx(4 / 6), pytest.approx(1 / 6)]
    assert [hashing.text(bucket.code) for bucket in found.buckets] == ["10", "00"]
    assert [bucket.members.tolist() for bucket in found.buckets] == [[0, 1, 3], [2, 5]]
    assert [(bucket.label, bucket.purity) for bucket in found.buckets] == [(7, pytest.approx(2 / 3)), (5, 1.0)]
    nameless = hashing.statistics(codes, None).buckets
    assert [bucket.label for bucket in nameless] == [None] * 3 and np.isnan(nameless[0].purity)


def test_bits_that_never_change_are_grey() -> None:
    chart = bit_balance(np.array([0.5, 0.99, 0.0, 0.03]), LIGHT)
    assert list(chart.data[0].marker.color) == [LIGHT.main, LIGHT.guide, LIGHT.guide, LIGHT.main]
    assert list(chart.data[0].y) == [0.5, 0.99, 0.0, 0.03] and chart.layout.xaxis.dtick == 1
    assert bit_balance(np.full(256, 0.5), LIGHT).layout.xaxis.dtick is None
