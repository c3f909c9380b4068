"""Points in space near a plane, which a linear autoencoder with two codings, or PCA, reconstructs.

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
    """Training points centred on the origin, and validation points with the same shift."""
    random = np.random.RandomState(SEED)  # NumPy's frozen generator: the same points in every version
    train, validation = _points(random), _points(random)
    centre = train.mean(axis=0)
    return Data(INFO, _rounded(train - centre), _rounded(validation - centre))


def _points(random: np.random.RandomState) -> np.ndarray:
    """POINTS points (n, 3): x and y on a noisy arc, z = 0.1 x + 0.3 y and noise."""
    angle = random.rand(POINTS) * 3 * np.pi / 2 - 0.5
    x = np.cos(angle) + np.sin(angle) / 2 + NOISE * random.randn(POINTS) / 2
    y = np.sin(angle) * 0.7 + NOISE * random.randn(POINTS) / 2
    z = SLOPES[0] * x + SLOPES[1] * y + NOISE * random.randn(POINTS)
    return np.stack([x, y, z], axis=1)


def _rounded(points: np.ndarray) -> np.ndarray:
    """Points rounded, so that the last bits of sines, which differ between machines, do not change the fingerprint."""
    return points.round(6).astype(np.float32)
