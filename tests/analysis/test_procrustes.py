"""Procrustes against SciPy's, and what it must undo."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import procrustes as reference

from aecore.analysis.procrustes import procrustes
from aecore.errors import AecoreError

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(60, 2)) * [3, 1] + [5, -2]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_turning_mirroring_scaling_and_shifting_are_undone(k: int) -> None:
    points = RNG.normal(size=(40, k)) + 7
    turn, _ = np.linalg.qr(RNG.normal(size=(k, k)))
    for mirror in (1, -1):
        moved = 0.02 * points @ (turn * mirror) - 100
        aligned, distance = procrustes(points, moved)
        np.testing.assert_allclose(aligned, points, atol=1e-8)
        assert distance == pytest.approx(0, abs=1e-9)


def test_distance_is_scipys_disparity_and_symmetric() -> None:
    other = POINTS @ [[0, 1], [1, 0]] + RNG.normal(size=POINTS.shape)
    aligned, distance = procrustes(POINTS, other)
    assert distance == pytest.approx(reference(POINTS, other)[2]) and 0.01 < distance < 0.9
    assert procrustes(other, POINTS)[1] == pytest.approx(distance)
    left = ((aligned - POINTS) ** 2).sum() / ((POINTS - POINTS.mean(axis=0)) ** 2).sum()
    assert left == pytest.approx(distance)  # the share of the spread that stays unexplained
    assert procrustes(POINTS, RNG.normal(size=POINTS.shape))[1] > 0.8


def test_the_alignment_is_the_best_of_its_kind() -> None:
    other = POINTS + RNG.normal(size=POINTS.shape)
    aligned, _ = procrustes(POINTS, other)
    best = ((aligned - POINTS) ** 2).sum()
    c, s = np.cos(0.02), np.sin(0.02)
    middle = aligned.mean(axis=0)
    for worse in ((aligned - middle) @ [[c, -s], [s, c]] + middle, (aligned - middle) * 1.01 + middle, aligned + 0.01):
        assert ((worse - POINTS) ** 2).sum() > best


def test_a_map_without_spread() -> None:
    one_place = np.full_like(POINTS, 0.1)
    aligned, distance = procrustes(POINTS, one_place)
    assert distance == 1 and np.allclose(aligned, POINTS.mean(axis=0))
    assert procrustes(one_place, POINTS)[1] == 1
    assert procrustes(one_place, one_place + 3)[1] == 0
    assert procrustes(POINTS[:1], POINTS[1:2])[1] == 0


@pytest.mark.parametrize("other", [POINTS[:-1], POINTS[:, :1], POINTS[:, 0], np.full_like(POINTS, np.nan), POINTS[:0]])
def test_bad_input(other: np.ndarray) -> None:
    with pytest.raises(AecoreError, match="maps: got .*, allowed: "):
        procrustes(POINTS, other)
    if not len(other):
        with pytest.raises(AecoreError):
            procrustes(other, other)


@pytest.mark.parametrize("factor", [2.0**120, 1e38, 2.0**-120, 2.0**900, 2.0**-900])
def test_huge_and_tiny_maps_are_aligned_as_others(factor: float) -> None:
    other = RNG.normal(size=POINTS.shape)
    aligned, distance = procrustes(POINTS, other)
    for reference_unit, moved_unit in ((factor, 1.0), (1.0, factor), (factor, factor)):
        result, same = procrustes(POINTS * reference_unit, other * moved_unit)
        assert same == pytest.approx(distance, rel=1e-9)
        np.testing.assert_allclose(result / reference_unit, aligned, rtol=1e-9, atol=1e-9)
