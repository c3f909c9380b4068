"""Ranges of a data set's values as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aecore.datasets import Data

SAMPLED = 5000  # training samples
MOST = 200  # rows


def ranges(data: Data) -> pd.DataFrame:
    """Table of smallest, median and largest value of the first training samples: of each column or feature, up to
    `MOST`; of all pixels of images."""
    x = np.asarray(data.train[:SAMPLED])
    names = list(data.info.columns)
    x = x.reshape(-1, 1) if data.info.is_image else x.reshape(-1, x.shape[-1])
    if data.info.is_image:
        names = ["pixels"]
    elif not names:
        names = [f"{'feature' if data.info.sequences else 'column'} {i + 1}" for i in range(x.shape[1])]
    x = x[:, :MOST]
    quantiles = np.quantile(x, (0, 0.5, 1), axis=0)
    return pd.DataFrame(
        {"values": names[:MOST], "smallest": quantiles[0], "median": quantiles[1], "largest": quantiles[2]}
    )
