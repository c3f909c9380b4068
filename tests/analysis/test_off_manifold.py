from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from aecore import datasets
from aecore.analysis import inference, latent_axes, off_manifold
from aecore.analysis.off_manifold import ReferenceSet
from aecore.datasets.base import Data, DatasetInfo
from aecore.errors import AecoreError, RunError
from aecore.presets import demonstrations
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.files import FORMAT
from aecore.store.runs import Run

DRAWS = np.random.default_rng(0)


def half(path: Path, nodes: list, **constants: np.ndarray) -> None:
    graph = helper.make_graph(
        nodes,
        "half",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def make(folder: Path, train: np.ndarray, held_out: np.ndarray, coding: str = "plain") -> tuple[Run, Data]:
    """A run whose encoder changes nothing and whose decoder keeps two of three numbers within 0 to 1, and in place of
    the third writes 0: what a variational run does with a coding that it gave up."""
    folder.mkdir()
    inference.clear()
    half(folder / "encoder.onnx", [helper.make_node("Identity", ["x"], ["y"])])
    half(
        folder / "decoder.onnx",
        [helper.make_node("Clip", ["x", "low", "high"], ["c"]), helper.make_node("Mul", ["c", "mask"], ["y"])],
        low=np.float32(0),
        high=np.float32(1),
        mask=np.array([1, 1, 0], np.float32),
    )
    spec = {"format": FORMAT, "key": folder.name, "spec": RunSpec(coding=coding, coding_size=3).to_dict()}
    (folder / "spec.json").write_text(json.dumps(spec))
    np.save(folder / "codings.npy", held_out)
    np.save(folder / "codings_train.npy", train.astype(np.float16))
    info = DatasetInfo("made", "Made", "", (3,), len(train), len(held_out), (), True, "")
    labels = np.minimum(np.arange(len(train)) % 10, 2)  # classes 0 and 1 a tenth each, class 2 the rest
    return Run(folder), Data(info, train, held_out, labels, labels[: len(held_out)])


def square(n: int) -> np.ndarray:
    """Codings over the unit square, the third one silent."""
    return (DRAWS.random((n, 3)) * [1, 1, 0]).astype(np.float32)


@pytest.mark.parametrize("name", ["variational-2", "stacked", "convolutional"])
def test_far_codings_score_worse_than_held_out_ones(name: str) -> None:
    run = runs.open_run(demonstrations.keys()[name])
    if not run.readable:
        pytest.skip(f"no demonstration run {name} here")
    reference = off_manifold.reference_set(run, datasets.load(run.spec.dataset))
    codings = np.asarray(run.array("codings"), np.float32)
    draws = np.random.default_rng(1).standard_normal((200, codings.shape[1]))
    far = off_manifold.diagnose(run, reference, codings.mean(axis=0) + 4 * codings.std(axis=0) * draws)
    held_out = off_manifold.diagnose(run, reference, codings[3::10])  # mostly others than in the reference set
    assert np.median(far.distance) > 3 * np.median(held_out.distance)
    assert np.median(far.drift) > 3 * np.median(held_out.drift)
    assert np.mean(held_out.level == 0) > 0.8
    assert np.mean(far.level == 2) > 0.75
    assert (held_out.density is None) == (name != "variational-2")
    if held_out.density is not None:
        assert np.median(far.density) < np.median(held_out.density)


def test_training_codes_are_found_again_under_their_numbers(tmp_path: Path) -> None:
    run, data = make(tmp_path / "run", square(40), square(30))
    reference = off_manifold.reference_set(run, data)
    assert reference.codes == pytest.approx(data.numbered(reference.numbers), abs=1e-3)
    assert (reference.labels == data.labels_of(reference.numbers)).all()
    places = off_manifold.diagnose(run, reference, reference.codes[::-1])
    assert places.nearest.tolist() == list(range(40))[::-1]
    assert places.distance.max() == 0


def test_classes_take_turns_and_wide_codings_send_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, data = make(tmp_path / "run", square(1000), square(30))
    monkeypatch.setattr(off_manifold, "MOST_NUMBERS", 180)
    assert np.bincount(off_manifold.reference_set(run, data).labels).tolist() == [20, 20, 20]
    monkeypatch.setattr(off_manifold, "MOST_NUMBERS", 1)
    assert len(off_manifold.reference_set(run, data).codes) == 1


def test_drift_is_what_encoding_again_moves(tmp_path: Path) -> None:
    run, data = make(tmp_path / "run", square(500), square(30))
    reference = off_manifold.reference_set(run, data)
    places = off_manifold.diagnose(run, reference, np.array([[0.5, 0.5, 0], [0.5, 3, 0], [4, 5, 0]], np.float32))
    assert places.drift == pytest.approx([0, 2, 5], abs=1e-6)
    assert places.level.tolist() == [0, 2, 2]


def test_a_silent_coding_counts_where_the_decoder_was_not_taught_to_ignore_it(tmp_path: Path) -> None:
    moved = np.array([[0.5, 0.5, 1.5]], np.float32)
    found = {}
    for coding in ("plain", "variational"):
        run, data = make(tmp_path / coding, square(500), square(30), coding)
        reference = off_manifold.reference_set(run, data)
        assert reference.active.tolist() == [True, True, False]
        found[coding] = off_manifold.diagnose(run, reference, moved)
    assert found["plain"].level == 2 and found["plain"].distance > 1.5
    assert found["variational"].level == 0 and found["variational"].drift == 0
    assert found["variational"].density == pytest.approx(math.exp(-0.25))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_plain_coding_is_silent_beside_the_others_only(tmp_path: Path, scale: float) -> None:
    run, data = make(tmp_path / "run", square(50) * scale, square(30) * np.float32(scale))
    reference = off_manifold.reference_set(run, data)
    assert reference.active.tolist() == [
        axis.active for axis in sorted(latent_axes.axes(run), key=lambda axis: axis.coding)
    ]
    assert reference.active.tolist() == [True, True, False] and off_manifold.COLLAPSED not in reference.verdicts


def test_what_counts_as_in_use() -> None:
    codings = np.random.default_rng(3).normal(size=(500, 3)) * [0.05, 0.005, 0.0005]
    assert latent_axes.active(codings, variational=False).tolist() == [True, True, False]
    assert latent_axes.active(codings, variational=True).tolist() == [False] * 3
    assert latent_axes.active(20 * codings, variational=True).tolist() == [True, False, False]
    assert latent_axes.active(1e-6 * codings, variational=False).tolist() == [False] * 3


def test_a_collapsed_run_says_so(tmp_path: Path) -> None:
    run, data = make(tmp_path / "run", square(50) * 0, square(30) * 0, "variational")
    reference = off_manifold.reference_set(run, data)
    places = off_manifold.diagnose(run, reference, np.ones((1, 3), np.float32))
    assert set(reference.verdicts) == {off_manifold.COLLAPSED}
    assert np.isfinite([places.distance_ratio, places.drift_ratio]).all()


def plain_reference(prior: int | None = None) -> ReferenceSet:
    """One code at the origin of a plane, beyond which 1 is usual."""
    codes = np.zeros((1, 2), np.float32)
    return ReferenceSet(np.array([7], np.int32), codes, None, np.array([True, True]), 1.0, 1.0, prior)


@pytest.mark.parametrize(("away", "level"), [(0.9, 0), (1.1, 1), (1.9, 1), (2.1, 2)])
def test_levels_follow_the_worse_of_distance_and_drift(away: float, level: int) -> None:
    z, still = np.array([[away, 0]]), np.zeros((1, 2))
    assert off_manifold.diagnose_encoded(plain_reference(), z).level == level
    assert off_manifold.diagnose_encoded(plain_reference(), still, encoded=z).level == level
    assert off_manifold.diagnose_encoded(plain_reference(), still, encoded=still * np.nan).level == 2


def test_what_the_prior_hardly_draws_is_rare_and_far_only_by_distance_or_drift() -> None:
    reference = plain_reference(prior=2)
    near, rare = (np.array([[0.0, value]]) for value in (0.5, 3.8))
    wide = ReferenceSet(**{**vars(reference), "distance": 10.0})
    places = [off_manifold.diagnose_encoded(wide, z) for z in (near, rare)]
    assert [place.level.item() for place in places] == [0, 0]
    assert [place.verdict.item() for place in places] == [0, off_manifold.RARE]
    assert "prior" in reference.verdicts[off_manifold.RARE]
    drifted = off_manifold.diagnose_encoded(wide, rare, encoded=rare - 3)
    assert drifted.level == drifted.verdict == off_manifold.diagnose_encoded(reference, rare).verdict == 2


def test_no_image_with_training_codes_around_it_is_made_up() -> None:
    run = runs.open_run(demonstrations.keys()["variational-2"])
    if not run.readable:
        pytest.skip("no demonstration run variational-2 here")
    reference = off_manifold.reference_set(run, datasets.load(run.spec.dataset))
    places = off_manifold.diagnose(run, reference, np.asarray(run.array("codings"), np.float32))
    assert places.density is not None
    near = (places.density < off_manifold.UNLIKELY) & (places.distance_ratio < 1.5)
    assert near.sum() > 5 and (places.level[near] <= 1).all()
    nearest = near & (places.distance_ratio < 0.9)
    assert nearest.any() and (places.verdict[nearest] == off_manifold.RARE).all()


def test_prior_tail_probability_agrees_with_closed_forms() -> None:
    squares = np.array([0, 1e-9, 0.5, 1, 3, 40, 1e5])
    halves = squares / 2
    expected = {
        1: [math.erfc(math.sqrt(half)) for half in halves],
        2: np.exp(-halves),
        4: np.exp(-halves) * (1 + halves),
        6: np.exp(-halves) * (1 + halves + halves**2 / 2),
    }
    for dimensions, values in expected.items():
        assert off_manifold.prior_tail_probability(squares, dimensions) == pytest.approx(values, abs=1e-9)


def test_prior_tail_probability_holds_for_wide_codings() -> None:
    assert off_manifold.prior_tail_probability(np.array([0, 2001, 6003, 1e5]), 2001) == pytest.approx(
        [1, 0.4958, 0, 0], abs=1e-3
    )


@pytest.mark.parametrize("z", [np.zeros(2), np.zeros((1, 3)), np.array([[0, np.nan]]), np.array([[0, np.inf]])])
def test_codings_that_are_none_are_refused(z: np.ndarray) -> None:
    with pytest.raises(AecoreError, match="^codings: got .*, allowed: "):
        off_manifold.diagnose_encoded(plain_reference(), z)


def test_a_run_that_diverged_is_refused(tmp_path: Path) -> None:
    codings = square(30)
    codings[3] = np.nan
    run, data = make(tmp_path / "run", square(50), codings)
    with pytest.raises(RunError, match="NaN or infinite values .*; train it again"):
        off_manifold.reference_set(run, data)


def test_a_huge_coding_among_the_held_out_ones_makes_no_other_one_near(tmp_path: Path) -> None:
    codings = square(30)
    codings[3] = 1e20  # its square leaves float32
    run, data = make(tmp_path / "run", square(50), codings)
    reference = off_manifold.reference_set(run, data)
    assert np.isfinite([reference.distance, reference.drift]).all()
    z = np.array([[0.5, 0.5, 0], [1e30, 0, 0], [3e38, -3e38, 0], [1e-42, 1e-42, 0]], np.float32)
    assert off_manifold.diagnose(run, reference, z).level.tolist() == [0, 2, 2, 0]


@pytest.mark.parametrize("factor", [1e19, 3e38, 2.0**-100])
def test_sliders_and_random_codings_of_huge_and_tiny_ones_are_finite(tmp_path: Path, factor: float) -> None:
    codings = square(40) * np.float32(factor)
    codings[:, 0] /= 8
    run, _ = make(tmp_path / "run", square(50), codings)
    assert [axis.coding for axis in latent_axes.axes(run)] == [1, 0, 2]
    assert all(math.isfinite(axis.low) and axis.low < axis.high for axis in latent_axes.axes(run))
    for temperature in (0, 1, 3):
        assert np.isfinite(latent_axes.sample(run, 20, temperature=temperature)).all()
    draws = latent_axes.sample(run, 20, temperature=1)
    assert np.isin(draws[:, 1], codings[:, 1]).all()
