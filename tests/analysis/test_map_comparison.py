"""Two maps of the same samples: what moved, what stayed among its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from aecore.analysis import map_comparison
from aecore.errors import AecoreError
from aecore.specs.run import RunSpec

SQUARE = np.array([[0, 0], [4, 0], [4, 2], [0, 2]], np.float32)


def test_a_move_is_measured_in_sides_of_the_first_map() -> None:
    there = SQUARE.copy()
    there[1] = [4, 1]
    there[2] = [7, 6]
    assert map_comparison.displacement(SQUARE, there).tolist() == pytest.approx([0, 0.25, 1.25, 0])
    assert map_comparison.displacement(SQUARE * 100, there * 100) == pytest.approx(
        map_comparison.displacement(SQUARE, there)
    )


def test_points_that_all_lie_on_one_have_no_side_to_divide_by() -> None:
    same = np.zeros((5, 2))
    assert map_comparison.displacement(same, same).tolist() == [0] * 5
    assert map_comparison.chance_displacement(same, same) == 0


def test_unrelated_maps_move_as_far_as_a_random_pairing() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 3000, 2))
    chance = map_comparison.chance_displacement(a, b)
    assert np.median(map_comparison.displacement(a, b)) == pytest.approx(chance, rel=0.05)
    assert map_comparison.chance_displacement(a, a) > 10 * np.median(map_comparison.displacement(a, a + 0.001))
    assert map_comparison.chance_displacement(a, b) == chance


def test_neighbours_are_counted_whatever_their_order() -> None:
    a = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3]])
    b = np.array([[3, 1, 2], [4, 0, 5], [7, 8, 9]])
    assert map_comparison.shared_neighbours(a, b).tolist() == pytest.approx([1, 1 / 3, 0])
    assert map_comparison.shared_neighbours(a[:, :0], b[:, :0]).tolist() == [0, 0, 0]


def test_ties_count_in_favour_of_shared_neighbours() -> None:
    same = np.zeros((6, 2))
    a, b = (np.array([[j for j in order if j != i][:2] for i in range(6)]) for order in (range(6), range(5, -1, -1)))
    assert map_comparison.shared_neighbours(a, b).min() == 0
    assert map_comparison.shared_neighbours(a, b, (same, same)).tolist() == [1] * 6
    x, y = np.random.default_rng(0).normal(size=(2, 200, 3))
    near, others = (np.argsort(np.linalg.norm(z[:, None] - z, axis=2), axis=1)[:, 1:11] for z in (x, x + 0.3 * y))
    without = map_comparison.shared_neighbours(near, others)
    assert 0.2 < without.mean() < 0.9
    np.testing.assert_array_equal(map_comparison.shared_neighbours(near, others, (x, x + 0.3 * y)), without)
    line = np.array([[0.0], [1], [-1], [3], [9]])  # of two equally near to the first, one is nearer in the other space
    one, two = np.array([[1], [0], [0], [1], [3]]), np.array([[2], [0], [0], [1], [3]])
    shared = map_comparison.shared_neighbours(one, two, (line, line * [[1], [1.5], [1], [1], [1]]))
    assert shared.tolist() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("function", [map_comparison.displacement, map_comparison.shared_neighbours])
def test_maps_of_other_samples_are_refused(function) -> None:
    with pytest.raises(AecoreError, match="got shapes .* allowed"):
        function(np.zeros((4, 2)), np.zeros((5, 2)))


def test_better_than_counts_ties_half() -> None:
    errors = np.array([0.1, 0.2, 0.2, 0.4])
    assert map_comparison.share_larger(errors, 0.05) == 1
    assert map_comparison.share_larger(errors, 0.2) == 0.5
    assert map_comparison.share_larger(errors, 0.9) == 0
    assert np.isnan(map_comparison.share_larger(errors[:0], 0.1))


def test_only_a_hashing_run_has_bits() -> None:
    spec = RunSpec(dataset="digits", coding_activation="sigmoid")
    assert map_comparison.code_bits(spec, np.array([0.1, 0.9])) is None
    hashing = spec.replace(noise_on="coding", noise_rate=5.0)
    assert map_comparison.code_bits(hashing, np.array([0.1, 0.9])).tolist() == [False, True]
