"""What a training costs before it is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from aecore.jobs import estimate
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run

SPEC = RunSpec(dataset="digits", hidden=(50,), coding_size=10, epochs=4)


def finished(cache: Path, spec: RunSpec, seconds: float) -> None:
    run = Run(cache / "runs" / runs.run_key(spec))
    run.begin(spec)
    files.write_json(run.folder / "metrics.json", {"seconds": seconds})
    run.mark("DONE")


def test_multiply_adds_of_a_dense_network_are_its_kernels() -> None:
    assert estimate.multiply_adds(SPEC, (8, 8)) == 2 * (64 * 50 + 50 * 10)
    assert estimate.multiply_adds(SPEC.replace(decoder_hidden=(20, 30)), (8, 8)) == 64 * 50 + 500 + 200 + 600 + 30 * 64


def test_strides_cost_less_than_pools_and_rows_more_than_vectors() -> None:
    pools = SPEC.replace(architecture="convolutional", hidden=(8, 16))
    assert estimate.multiply_adds(pools.replace(downsampling="stride"), (28, 28)) < estimate.multiply_adds(
        pools, (28, 28)
    )
    recurrent = SPEC.replace(architecture="recurrent")
    assert estimate.multiply_adds(recurrent, (8, 8)) == 2 * 8 * 4 * (50 * (50 + 8) + 10 * (10 + 50))


@pytest.mark.parametrize("more", [{"epochs": 40}, {"hidden": (4000, 4000)}, {"dataset": "fashion-mnist"}])
def test_more_work_takes_longer(tmp_path: Path, more: dict) -> None:
    assert estimate.expected_seconds(SPEC.replace(**more), tmp_path) > estimate.expected_seconds(SPEC, tmp_path)


def test_muon_pays_for_its_matrices_and_for_nothing_else(tmp_path: Path) -> None:
    muon = SPEC.replace(optimizer="muon", hidden=(500,))
    dear, cheap = (estimate.expected_seconds(muon.replace(batch_size=size), tmp_path) for size in (16, 256))
    plain = [estimate.expected_seconds(muon.replace(optimizer="adam", batch_size=size), tmp_path) for size in (16, 256)]
    assert dear - plain[0] == pytest.approx(16 * (cheap - plain[1]), rel=0.1) and cheap > plain[1]
    more = {
        spec.tied: estimate.expected_seconds(spec, tmp_path)
        - estimate.expected_seconds(spec.replace(optimizer="adam"), tmp_path)
        for spec in (muon, muon.replace(tied=True))
    }
    assert 0.4 < more[True] / more[False] < 1  # the decoder's kernels are the encoder's
    spatial = muon.replace(architecture="convolutional", hidden=(8,), bottleneck="spatial")
    assert estimate.expected_seconds(spatial, tmp_path) == estimate.expected_seconds(
        spatial.replace(optimizer="adam"), tmp_path
    )
    assert estimate.matrices(SPEC.replace(architecture="recurrent"), (8, 8)) == 2 * [
        (8, 200),
        (50, 200),
        (50, 40),
        (10, 40),
    ]


def test_layers_first_one_by_one_take_longer(tmp_path: Path) -> None:
    assert estimate.expected_seconds(SPEC.replace(schedule="layerwise"), tmp_path) > estimate.expected_seconds(
        SPEC, tmp_path
    )


def test_what_ended_here_sets_the_pace(tmp_path: Path) -> None:
    before = estimate.expected_seconds(SPEC, tmp_path)
    usual = estimate.expected_seconds(SPEC.replace(seed=1), tmp_path)
    finished(tmp_path, SPEC.replace(seed=1), 3 * usual)
    assert estimate.expected_seconds(SPEC, tmp_path) == pytest.approx(3 * before)
    finished(tmp_path, SPEC.replace(architecture="recurrent"), 1000 * usual)  # another kind says nothing
    assert estimate.expected_seconds(SPEC, tmp_path) == pytest.approx(3 * before)


@pytest.mark.parametrize("slower", [1.0, 7.0])
def test_so_many_epochs_fit_and_no_more(tmp_path: Path, slower: float) -> None:
    finished(tmp_path, SPEC, slower * estimate.expected_seconds(SPEC, tmp_path))
    long = SPEC.replace(epochs=1000)
    budget = slower * 3.0  # most of it is gone before the first epoch
    fitting = estimate.epochs_within(long, budget, tmp_path)
    assert 1 <= fitting < 1000 * budget / estimate.expected_seconds(long, tmp_path)
    assert estimate.expected_seconds(SPEC.replace(epochs=fitting), tmp_path) <= budget
    assert estimate.expected_seconds(SPEC.replace(epochs=fitting + 1), tmp_path) > budget
    assert estimate.epochs_within(long, slower * 1.0, tmp_path) == 0
