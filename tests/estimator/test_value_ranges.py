"""Values of the training data that a rounding moved out of their range: they are clipped and decide nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler

from aecore import AecoreError, Autoencoder, RunSpec
from aecore.worker.training import arrays

pytestmark = pytest.mark.usefixtures("eager")
EPS = float(np.finfo(np.float32).eps)
UNIT = np.random.default_rng(0).random((20, 6))


def small(**changes: Any) -> Autoencoder:
    settings = {"hidden": (4,), "coding_size": 2, "optimizer": "sgd", "learning_rate": 0.01, "epochs": 1}
    return Autoencoder(**{"random_state": 0, **settings, **changes})


def scaled(seed: int, dtype: str, bounds: tuple[int, int]) -> np.ndarray:
    """Measurements of any number and offset, scaled by scikit-learn in that precision."""
    random = np.random.default_rng(seed)
    n, d = random.integers(2, 60), random.integers(1, 12)
    offset = 0 if dtype == "float16" else random.uniform(-10, 10)
    x = random.normal(offset, 10 ** random.uniform(0, 3), (n, d))
    return MinMaxScaler(bounds).fit_transform(x.astype(dtype))


@pytest.mark.parametrize(
    ("bounds", "preset", "expected"),
    [
        ((0, 1), "stacked", ("bce", "sigmoid")),
        ((-1, 1), RunSpec(loss="mse", output_activation="tanh"), ("mse", "tanh")),
        ((0, 255), RunSpec(loss="mse", output_activation="relu"), ("mse", "relu")),
    ],
)
def test_a_rounding_out_of_the_range_decides_nothing(
    bounds: tuple[int, int], preset: Any, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(arrays, "fit_arrays", lambda spec, x, report: seen.append(x) or (_Untrained(), []))
    outside = 0
    for seed in range(200):
        dtype = ("float32", "float32", "float64", "float16")[seed % 4]
        x = scaled(seed, dtype, bounds)
        outside += x.min() < bounds[0] or x.max() > bounds[1]
        spec = Autoencoder(preset).fit(x).spec_
        assert (spec.loss, spec.output_activation) == expected, (seed, dtype, x.min(), x.max())
        assert bounds[0] <= seen[-1].min() and (seen[-1].max() <= bounds[1] or expected[1] == "relu")
        np.testing.assert_allclose(seen[-1], x, atol=0.002 * bounds[1])
        if bounds == (0, 1):
            Autoencoder(preset, loss="bce").fit(x)
    assert outside > 10


class _Untrained:
    coding_shape = (1,)

    def get_weights(self) -> list[np.ndarray]:
        return []


def test_what_is_clipped_while_training_is_clipped_in_transform_and_score() -> None:
    inside = UNIT.astype(np.float32)
    inside[0, :2] = 0, 1
    outside = inside.copy()
    outside[0, :2] = -3 * EPS, 1 + 3 * EPS
    models = [small().fit(x) for x in (inside, outside)]
    assert {model.spec_ for model in models} == {models[0].spec_}
    for model in models:
        np.testing.assert_array_equal(model.transform(inside), model.transform(outside))
        assert model.score(inside) == model.score(outside)
        far = np.where(outside > 1, 2, outside)  # is encoded as it is
        assert not np.array_equal(model.transform(far)[0], model.transform(inside)[0])
        np.testing.assert_array_equal(model.transform(far)[1:], model.transform(inside)[1:])


@pytest.mark.parametrize(("value", "shown"), [(1.00001, "1.00001"), (1.0004, "1.0004"), (-1e-5, "from -1e-05 to")])
def test_a_refusal_shows_what_is_out_of_range(value: float, shown: str) -> None:
    x = UNIT.copy()
    x[3, 2] = value
    for dtype in (np.float32, np.float64):
        with pytest.raises(
            AecoreError, match=rf"loss: got 'bce' and values .*{shown}.*, allowed: X scaled to \[0, 1\]"
        ):
            small(loss="bce").fit(x.astype(dtype))
        assert small().fit(x.astype(dtype)).spec_.loss == "mse"
