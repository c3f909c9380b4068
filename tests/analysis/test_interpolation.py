"""Interpolation: what must hold for any two, three or twelve codings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aecore.analysis import interpolation
from aecore.errors import AecoreError

VALUES = st.floats(-50, 50, width=32)


@st.composite
def several(draw: st.DrawFn, count: int) -> list[np.ndarray]:
    d = draw(st.integers(1, 12))
    return [draw(arrays(np.float32, d, elements=VALUES)) for _ in range(count)]


@given(several(2), st.integers(2, 40), st.sampled_from(["straight", "spherical"]))
def test_both_ends_are_exact(ends: list[np.ndarray], n: int, path: interpolation.Path) -> None:
    a, b = ends
    walk = interpolation.interpolate(a, b, n, path)
    assert walk.shape == (n, len(a)) and walk.dtype == np.float32 and np.isfinite(walk).all()
    assert np.array_equal(walk[0], a) and np.array_equal(walk[-1], b)
    back = interpolation.interpolate(b, a, n, path)
    assert np.allclose(walk, back[::-1], atol=1e-3)


@given(several(2), st.integers(3, 20))
def test_a_straight_walk_takes_equal_steps(ends: list[np.ndarray], n: int) -> None:
    steps = np.diff(interpolation.lerp(ends[0], ends[1], n).astype(np.float64), axis=0)
    assert np.allclose(steps, (ends[1].astype(np.float64) - ends[0]) / (n - 1), atol=1e-4)


@given(several(2), st.integers(3, 20), st.floats(0.5, 20))
def test_a_spherical_walk_stays_on_the_sphere_in_equal_angles(ends: list[np.ndarray], n: int, radius: float) -> None:
    assume(all(np.linalg.norm(end) > 1 for end in ends))
    a, b = (radius * end / np.linalg.norm(end) for end in ends)
    turn = interpolation.angle(a, b)
    assume(turn is not None and 0.01 < turn < 3.1)  # nearly opposite: a sine of which float32 leaves little
    assert turn
    walk = interpolation.slerp(a, b, n).astype(np.float64)
    assert np.allclose(np.linalg.norm(walk, axis=1), radius, rtol=1e-4)
    cosines = (walk[1:] * walk[:-1]).sum(axis=1) / radius**2
    assert np.allclose(cosines, np.cos(turn / (n - 1)), atol=1e-4)


@pytest.mark.parametrize(
    ("a", "b"), [([0, 0], [3, 4]), ([1, 2], [2, 4]), ([1, 2], [-2, -4]), ([1, 2], [1, 2]), ([5], [7])]
)
def test_where_no_arc_is_defined_the_walk_is_straight(a: list[float], b: list[float]) -> None:
    one, other = np.array(a, np.float32), np.array(b, np.float32)
    assert interpolation.angle(one, other) is None
    assert np.array_equal(interpolation.slerp(one, other, 7), interpolation.lerp(one, other, 7))


def test_the_arc_of_a_quarter() -> None:
    half = interpolation.slerp(np.array([2.0, 0.0]), np.array([0.0, 2.0]), 3)[1]
    assert np.allclose(half, np.sqrt(2))


@given(several(3))
def test_taking_away_and_adding_the_same_changes_nothing(codings: list[np.ndarray]) -> None:
    a, b, c = codings
    assert np.array_equal(interpolation.arithmetic(a, b, b)[0], a)
    assert np.allclose(interpolation.arithmetic(a, a, c)[0], c, atol=1e-4)
    assert np.allclose(interpolation.arithmetic(a, b, c)[0], a - b + c, atol=1e-4)


def test_class_means_are_the_means_in_the_order_of_the_classes() -> None:
    codings = np.array([[1, 2], [10, 20], [3, 4], [30, 40]], np.float16)
    assert interpolation.class_means(codings, np.array([7, 2, 7, 2])).tolist() == [[20, 30], [2, 3]]


@settings(max_examples=40)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 6), st.integers(0, 6), st.integers(0, 99))
def test_a_larger_grid_keeps_its_corners_and_what_it_was_given(
    r: int, c: int, down: int, right: int, seed: int
) -> None:
    grid = np.random.default_rng(seed).normal(size=(r, c, 3)).astype(np.float32)
    rows, columns = r + down, c + right
    larger = interpolation.enlarged_grid(grid, rows, columns).reshape(rows, columns, 3)
    for i in (0, -1):
        for j in (0, -1):
            # A grid of one row has the same coding at its upper and its lower end.
            assert np.allclose(larger[i, j], grid[i, j], atol=1e-6)
    places = interpolation.grid_positions((r, c), rows, columns)
    if (r == 1 or (rows - 1) % (r - 1) == 0) and (c == 1 or (columns - 1) % (c - 1) == 0) and r > 1 and c > 1:
        assert np.allclose(larger.reshape(-1, 3)[places], grid.reshape(-1, 3), atol=1e-6)
    assert larger.min() >= grid.min() - 1e-6 and larger.max() <= grid.max() + 1e-6


def test_the_books_grid() -> None:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    larger = interpolation.enlarged_grid(grid, 5, 7)
    assert larger.shape == (35, 1)
    places = interpolation.grid_positions((3, 4), 5, 7)
    assert places == [0, 2, 4, 6, 14, 16, 18, 20, 28, 30, 32, 34]
    assert larger[places].ravel().tolist() == list(range(12))
    assert larger[8] == (0 + 1 + 4 + 5) / 4  # the middle of four


@pytest.mark.parametrize(
    "call",
    [
        lambda: interpolation.lerp(np.zeros(2), np.zeros(3), 5),
        lambda: interpolation.slerp(np.zeros((2, 2)), np.zeros((2, 2)), 5),
        lambda: interpolation.lerp(np.zeros(2), np.ones(2), 1),
        lambda: interpolation.class_means(np.zeros((4, 2)), np.zeros(3)),
        lambda: interpolation.arithmetic(np.zeros(2), np.zeros(2), np.zeros(3)),
        lambda: interpolation.enlarged_grid(np.zeros((3, 4, 2)), 2, 7),
        lambda: interpolation.enlarged_grid(np.zeros((3, 4)), 5, 7),
    ],
)
def test_what_does_not_belong_together_is_refused_in_one_line(call: object) -> None:
    with pytest.raises(AecoreError, match="got .* allowed: ") as error:
        call()  # type: ignore[operator]
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("factor", [1e19, 3.4e38, 2.0**-120, 1e-41])
def test_huge_and_tiny_codings_are_joined_by_finite_ones(factor: float) -> None:
    a, b = (np.array(z, np.float32) * np.float32(factor) for z in ([1, -1, 0.5], [-1, 1, 1]))
    for path in ("straight", "spherical"):
        steps = interpolation.interpolate(a, b, 5, path)  # type: ignore[arg-type]
        assert np.isfinite(steps).all() and (steps[0] == a).all() and (steps[-1] == b).all()
    assert np.isfinite(interpolation.arithmetic(a, b, -b)).all()
