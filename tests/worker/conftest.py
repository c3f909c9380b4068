"""Small trainings that several tests look at: each is trained once for all sessions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aecore import presets
from aecore.specs.run import RunSpec
from aecore.store.runs import Run
from tests import trained as trained_runs

SMALL: dict[str, dict[str, object]] = {
    "linear": {"hidden": (), "coding_size": 6},
    "vanilla": {"hidden": (), "coding_size": 6},
    "layerwise": {"hidden": (16, 10), "coding_size": 6},
    "convolutional": {"hidden": (4, 6), "coding_size": 6},
    "recurrent": {"hidden": (8,), "coding_size": 6},
    "denoising-convolutional": {"hidden": (4, 4)},
    "sparse-l1": {"hidden": (16,), "coding_size": 40},
    "sparse-kl": {"hidden": (16,), "coding_size": 40},
    "variational": {"hidden": (16, 12), "coding_size": 4},
    "beta-variational": {"hidden": (16, 12), "coding_size": 4},
    "hashing": {"hidden": (16,), "coding_size": 8},
}


def small_spec(variant: str, **changes: object) -> RunSpec:
    """A variant's short preset on the small digits, with few units, for one epoch."""
    sizes = SMALL.get(variant, {"hidden": (16,), "coding_size": 6})
    common = {"dataset": "digits", "epochs": 1, "batch_size": 64}
    return presets.VARIANTS[variant].spec.replace(**{**common, **sizes, **changes})


@pytest.fixture(scope="session")
def shelf(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of small runs that stay for later sessions."""
    return trained_runs.folder(pytestconfig, tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="session")
def trained(shelf: Path) -> Callable[..., Run]:
    """`trained(variant, **changes)`: the finished run of that small spec, complete with model and ONNX."""

    def run(variant: str, **changes: object) -> Run:
        return trained_runs.ensure(small_spec(variant, **changes), shelf / "whole", train)

    return run


@pytest.fixture(scope="session")
def fitted(shelf: Path) -> Callable[..., Run]:
    """Like `trained`, but without the ONNX files, which no knob's test looks at."""

    def run(variant: str = "stacked", **changes: object) -> Run:
        return trained_runs.ensure(small_spec(variant, **changes), shelf / "without-onnx", train_without_onnx)

    return run


def train(spec: RunSpec, run: Run) -> None:
    from aecore.worker import training

    training.train(spec, run.folder, lambda: False)


def train_without_onnx(spec: RunSpec, run: Run) -> None:
    from aecore.worker.training import save

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(save, "export_half", lambda *half: None)
        train(spec, run)
