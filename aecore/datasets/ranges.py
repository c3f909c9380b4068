"""Ranges of sample values, with the roundings by which scaled samples leave them.

scikit-learn's `MinMaxScaler` computes in the precision of its input: in float32 a column whose mean is ten times its
spread leaves [0, 1] by up to 16 units in the last place, other columns by one or two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

UNIT = 0.0, 1.0
ROUNDING = 32 * float(np.finfo(np.float32).eps)  # share of a range's width by which values may leave it
ROUNDING_FLOAT16 = 2 * float(np.finfo(np.float16).eps)


@dataclass(frozen=True)
class Range:
    """A range of values, and by how much a value outside may be a rounding of one inside."""

    low: float
    high: float
    tolerance: float

    def contains(self, samples: np.ndarray) -> bool:
        """True if all values lie in the range, up to the tolerance."""
        return bool(self.low - self.tolerance <= samples.min() and samples.max() <= self.high + self.tolerance)

    def clipped(self, samples: np.ndarray) -> np.ndarray:
        """Samples whose values within the tolerance lie in the range; values farther outside are as they were."""
        below = (samples < self.low) & (samples >= self.low - self.tolerance)
        above = (samples > self.high) & (samples <= self.high + self.tolerance)
        if not below.any() and not above.any():
            return samples
        return np.where(below, samples.dtype.type(self.low), np.where(above, samples.dtype.type(self.high), samples))


def around(bounds: tuple[float, float], samples: np.ndarray, dtype: Any = np.float32) -> Range:
    """The range `bounds` for samples that were computed in `dtype`.

    The tolerance is a share of the width; of the largest absolute value where a bound is infinite.
    """
    low, high = bounds
    width = high - low if math.isfinite(high - low) else float(np.abs(samples).max())
    return Range(low, high, width * (ROUNDING_FLOAT16 if dtype == np.float16 else ROUNDING))


def words(samples: np.ndarray) -> str:
    """The smallest and the largest value, 'from 0 to 1.0000153', with all digits of a float32."""
    low, high = (str(np.float32(value)).removesuffix(".0") for value in (samples.min(), samples.max()))
    return f"from {low} to {high}"
