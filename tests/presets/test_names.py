"""Names of runs in words."""

from __future__ import annotations

from pathlib import Path

from aecore.presets.names import run_label, run_name
from aecore.specs.run import RunSpec
from tests import made


def test_a_name_tells_family_codings_and_epochs_and_a_label_the_error_too(cache: Path) -> None:
    run = made.write(RunSpec(dataset="digits", coding_size=1, epochs=5), cache)
    assert run_name(run) == "Stacked · 1 coding · 5 epochs"
    assert run_label(run) == "Stacked · 1 coding · 5 epochs · .0500"
