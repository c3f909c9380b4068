"""Short defaults end below PCA with knobs turned: three cells of the grid that `tests.bench.defaults` prints."""

from __future__ import annotations

from typing import Any

import pytest

from aecore import presets
from tests.bench import defaults


@pytest.mark.parametrize(
    ("variant", "settings", "most"),
    [
        ("stacked", {"coding_size": 2}, 0.85),
        ("vanilla", {"coding_size": 100}, 0.99),
        ("denoising", {"coding_size": 30, "noise_rate": 0.5}, 0.8),
    ],
)
def test_a_default_with_a_knob_turned_ends_below_pca(variant: str, settings: dict[str, Any], most: float) -> None:
    measured = defaults.measure(presets.get(variant).spec.replace(**settings))
    assert measured.ratio < most
    assert measured.silent == 0


def test_pca_of_noisy_images_is_that_of_scikit_learn() -> None:
    """Fitted on noisy training images, applied to noisy validation images, compared with the clean ones."""
    from sklearn.decomposition import PCA

    from aecore import datasets
    from aecore.datasets import as_float

    spec = presets.get("denoising").spec.replace(dataset="digits", noise_rate=0.5)
    train, validation = (images.reshape(len(images), -1) for images in defaults.noisy(spec))
    clean = as_float(datasets.load("digits").validation).reshape(validation.shape)
    for components in (1, 5):
        pca = PCA(components, svd_solver="full").fit(train)
        error = ((pca.inverse_transform(pca.transform(validation)) - clean) ** 2).mean()
        assert defaults.noisy_pca_errors(spec)[components] == pytest.approx(error, rel=1e-3)


def test_the_grid_turns_every_knob_of_a_variant() -> None:
    rows = {variant: [name for name, _ in defaults.cells(variant, (1, 30), False)] for variant in presets.VARIANTS}
    assert rows["stacked"] == ["1 coding", "30 codings"]
    assert "noise 0.5" in rows["denoising"] and "as it is" in rows["denoising-convolutional"]
    assert len([name for name in rows["sparse-l1"] if name.startswith("weight")]) == defaults.MIDDLE
