"""The demonstration runs, which pages show before a run is trained or chosen. They are committed to the repository.

`python -m aecore demo` trains them. `keys` gives their keys without reading a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aecore import presets
from aecore.specs.map import MapSpec
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.run import RunSpec
from aecore.store import files, runs

MAX_BYTES = 27_000_000  # bytes of all demonstrations together, since they are in every clone of the repository
BEGIN, END = "# demonstration runs: begin", "# demonstration runs: end"
_HEADER = "# Written by `python -m aecore demo`: everything here is left out, but for the demonstration runs."
_ALL = tuple(MapSpec(method=method) for method in ("pca", "tsne", "umap"))
# Narrower than the variants' defaults where the weights would be most of the folder.
_NARROW = {"hidden": (64,)}


@dataclass(frozen=True)
class Demonstration:
    """A run for the first visit: a preset with some settings changed, the maps that are computed for it, the settings
    of the pretraining experiments with its encoder, and the title under which pages offer it ('': they do not)."""

    name: str
    preset: str
    settings: dict[str, Any] = field(default_factory=dict)
    maps: tuple[MapSpec, ...] = _ALL
    pretraining: tuple[dict[str, Any], ...] = ()
    title: str = ""

    @property
    def spec(self) -> RunSpec:
        """The spec of the run."""
        return presets.get(self.preset).spec.replace(**self.settings)

    @property
    def key(self) -> str:
        """The key of the run."""
        return runs.run_key(self.spec)

    @property
    def pretrainings(self) -> list[PretrainSpec]:
        """The specs of the pretraining experiments."""
        return [PretrainSpec.from_settings(self.spec, settings) for settings in self.pretraining]


DEMONSTRATIONS = (
    Demonstration("stacked", "stacked", title="Stacked"),
    Demonstration("linear", "linear", title="Linear"),
    # The classifiers are trained with the published optimizer, and with one that benefits less from pretraining.
    Demonstration(
        "convolutional",
        "convolutional",
        pretraining=({}, {"optimizer": "adam", "learning_rate": 0.003}),
        title="Convolutional",
    ),
    Demonstration("recurrent", "recurrent", title="Recurrent"),
    Demonstration("denoising-dropout", "denoising-dropout", _NARROW, title="Denoising"),
    Demonstration("sparse-kl", "sparse-kl", _NARROW, title="Sparse, KL"),
    Demonstration(
        "sparse-baseline", "sparse-kl", _NARROW | {"sparsity_weight": 0}, maps=(), title="Sparse, no penalty"
    ),
    # Two codings are a map already; the more epochs, the better the plane of pictures.
    Demonstration(
        "variational-2",
        "variational",
        {"coding_size": 2, "hidden": (100, 50), "epochs": 30},
        (MapSpec(method="none"), *_ALL),
        title="Variational, 2 codings",
    ),
    Demonstration("hashing", "hashing", _NARROW, title="Hashing"),
)


@cache
def keys() -> Mapping[str, str]:
    """{name of a demonstration: its run's key}."""
    return MappingProxyType({demonstration.name: demonstration.key for demonstration in DEMONSTRATIONS})


@cache
def spec(name: str) -> RunSpec:
    """The spec of a demonstration."""
    return next(demonstration.spec for demonstration in DEMONSTRATIONS if demonstration.name == name)


def committed(folder: Path) -> list[str]:
    """The keys that `folder`/.gitignore does not ignore; [] without such a file."""
    path = folder / ".gitignore"
    lines = path.read_text().splitlines() if path.exists() else []
    block = lines[lines.index(BEGIN) + 1 : lines.index(END)] if BEGIN in lines and END in lines else []
    return [line.removeprefix("!").removesuffix("/") for line in block]


def commit(folder: Path, allowed: Iterable[str]) -> None:
    """Write `folder`/.gitignore so that git tracks exactly the folders of these keys."""
    lines = [_HEADER, "*", "!.gitignore", BEGIN, *(f"!{key}/" for key in sorted(allowed)), END]
    lines += ["# Without this line git would enter the folders above and leave out what is in them.", "!*/**"]
    files.write_bytes(folder / ".gitignore", ("\n".join(lines) + "\n").encode())
