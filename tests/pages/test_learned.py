"""A run that is no better than the mean sample says so under its name, on every page."""

from __future__ import annotations

from pathlib import Path

import pytest

from aecore.store import files, runs
from tests.pages.conftest import PAGES, Open, key, texts

SAID = "This run learned nothing: its error .2000 is no better than that of the mean image"


@pytest.mark.parametrize("page", PAGES)
def test_a_run_that_learned_nothing_says_so(visit: Open, cache: Path, page: str) -> None:
    run = runs.open_run(key("denoising"), cache)
    files.write_json(run.folder / "metrics.json", {**run.metrics, "val_mse": 0.2})
    (run.folder / "DONE").unlink()
    run.mark("DONE")
    app = visit(page, run=run.key)
    assert not app.exception and SAID in texts(app) and "less noise" in texts(app)
    app = visit(page, run=key("stacked"))
    assert not app.exception and "learned nothing" not in texts(app)
