"""What the sparsity page counts as dead and as stuck."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aecore.store import files, runs
from tests.pages.conftest import Open, key, texts


def test_dead_units_stay_at_zero_and_stuck_ones_elsewhere(visit: Open, cache: Path) -> None:
    run = runs.open_run(key("stacked"), cache)
    codings = np.array(run.array("codings"))
    codings[:, 0], codings[:, 1], codings[:, 2] = 0, 1, -1.758
    files.write_array(run.folder / "codings.npy", codings)  # as many bytes: the run is as whole as before
    app = visit("sparsity", run=run.key)
    (dead,) = (metric for metric in app.metric if metric.label == "Dead units")
    assert (dead.value, dead.delta) == ("1 of 6", "2 more stuck")
    assert "deviation below 0.01" in dead.help
    assert "used for both signs" in texts(app)


def test_units_that_all_change_are_neither(visit: Open) -> None:
    app = visit("sparsity", run=key("sparse-kl"))
    (dead,) = (metric for metric in app.metric if metric.label == "Dead units")
    assert (dead.value, dead.delta) == ("0 of 6", "")
    assert "pulls every unit's mean to the target" in texts(app)
