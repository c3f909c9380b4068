"""Points in space near a plane: what a linear autoencoder with two codings can learn, and PCA does exactly.

The formula is that of `generate_3d_data` in A. Géron, "Hands-On Machine Learning", 2nd edition, chapters 8 and 17;
with its seed the training points are the book's.
"""

from __future__ import annotations

import numpy as np

from aecore.datasets.base import Data, DatasetInfo

SEED = 4
POINTS = 60
NOISE = 0.1
SLOPES = 0.1, 0.3

INFO = DatasetInfo(
    name="plane-3d",
    title="Points near a plane",
    description="An arc of noisy points in space that almost lie in a plane: 60 to train on, 60 to validate.",
    shape=(3,),
    n_train=POINTS,
    n_validation=POINTS,
    classes=(),
    unit_range=False,
    fingerprint="c809b3dfaf25494c",
)


def read() -> Data:
    """Training points centred on the origin; validation points are the generator's next, moved as far."""
    random = np.random.RandomState(SEED)  # NumPy's frozen generator: the same points in every version
    train, validation = _points(random), _points(random)
    centre = train.mean(axis=0)
    return Data(INFO, _settled(train - centre), _settled(validation - centre))


def _points(random: np.random.RandomState) -> np.ndarray:
    """POINTS points (n, 3): x and y on a noisy arc, z = 0.1 x + 0.3 y and noise."""
    angle = random.rand(POINTS) * 3 * np.pi / 2 - 0.5
    x = np.cos(angle) + np.sin(angle) / 2 + NOISE * random.randn(POINTS) / 2
    y = np.sin(angle) * 0.7 + NOISE * random.randn(POINTS) / 2
    z = SLOPES[0] * x + SLOPES[1] * y + NOISE * random.randn(POINTS)
    return np.stack([x, y, z], axis=1)


def _settled(points: np.ndarray) -> np.ndarray:
    """Rounded, so that the last bits of a machine's sine do not change the fingerprint."""
    return points.round(6).astype(np.float32)
