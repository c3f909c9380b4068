"""Table of the scores of a test of anomaly detection as CSV, a row a sample.

Columns: `set`, 'ordinary' or 'anomaly'; `id`, the sample's number in its data set; `class` where it has one; each
score; `rank`, 1 for the highest score of the autoencoder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from aecore.analysis.anomaly_samples import Samples
from aecore.export.codings import csv as as_csv


def csv(test: Samples, scores: Mapping[str, np.ndarray], names: Iterable[str]) -> bytes:
    """The table of the scores with these names, `autoencoder` among them."""
    import pandas as pd

    columns: dict[str, object] = {
        "set": np.where(test.is_anomaly, "anomaly", "ordinary"),
        "id": test.numbers,
        "class": _classes(test),
        **{name: scores[name] for name in names},
    }
    order = np.argsort(-scores["autoencoder"], kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(1, len(order) + 1)
    return as_csv(pd.DataFrame(columns | {"rank": rank}))


def _classes(test: Samples) -> list[str]:
    """The class names of all samples; '' for one without a label."""
    names = np.full(len(test.numbers), "", dtype=object)
    for flag, data in ((False, test.data), (True, test.source)):
        chosen = test.is_anomaly == flag
        labels = data.labels_of(test.numbers[chosen])
        if labels is not None:
            names[chosen] = [data.info.classes[label] for label in labels]
    return names.tolist()
