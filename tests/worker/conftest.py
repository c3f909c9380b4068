"""Small trainings that several tests look at: the same spec is trained once a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aecore import presets
from aecore.specs.run import RunSpec
from aecore.store.runs import Run, run_key

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
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """`trained(variant, **changes)`: the finished run of that small spec, complete with model and ONNX."""
    from aecore.worker import training

    runs: dict[RunSpec, Run] = {}

    def run(variant: str, **changes: object) -> Run:
        spec = small_spec(variant, **changes)
        if spec not in runs:
            folder = tmp_path_factory.mktemp("runs") / run_key(spec)
            training.train(spec, folder, lambda: False)
            runs[spec] = Run(folder)
        return runs[spec]

    return run


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Run]]:
    """Like `trained`, but without saving the model and its halves, which no knob's test looks at: half the time."""
    from aecore.worker import training
    from aecore.worker.training import save

    runs: dict[RunSpec, Run] = {}

    def run(variant: str = "stacked", **changes: object) -> Run:
        spec = small_spec(variant, **changes)
        if spec not in runs:
            folder: Path = tmp_path_factory.mktemp("fits") / run_key(spec)
            training.train(spec, folder, lambda: False)
            runs[spec] = Run(folder)
        return runs[spec]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(save, "save_model", lambda model, path: None)
        patch.setattr(save, "export_half", lambda half, path: None)
        yield run
