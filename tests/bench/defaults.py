"""Validation error of the variants' short defaults against PCA with as many components, knob by knob and seed by seed.

    python -m tests.bench.defaults [--variants NAME ...] [--codings N ...] [--seeds N ...] [--beyond]

Each row is a variant with one knob turned: the coding size, or the noise rate or sparsity weight with 30 codings. It is
trained on the embedded images by `fit_arrays`, as the scikit-learn estimator does: the training of the app without
snapshots and files. MSE, its share of PCA's ("ratio": below 1 is better
than PCA), unused codings (variance below `metrics.ACTIVE_VARIANCE`) and quiet activations (nearer to 0 than
`metrics.SILENT`) are the worst of the seeds; times are medians, of processor time of the process and of wall clock.

A network that is trained from noisy images is judged by them: its error is that between a clean validation image and
its reconstruction from the noisy one, and PCA is fitted on noisy training images and applied to the same noisy
validation images; "clean" is the ratio on clean images. `--beyond` measures the rest of the knobs' stops, from which
`aecore.presets.limits` warns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from aecore import datasets, presets
from aecore.analysis import metrics
from aecore.analysis.corruption import corrupt
from aecore.datasets import as_float
from aecore.specs.run import RunSpec
from aecore.text import counted
from tests.bench.common import machine

CODINGS = (1, 2, 3, 5, 10, 30, 100)
SEEDS = (42, 43, 44)
SIZE = 30  # codings where another knob is turned
NOISE = (0.2, 0.5)
MORE_CODINGS = (50, 200, 300, 512)
MORE_NOISE = (0.7, 0.9)
PENALTIES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
KL_WEIGHTS = (0.1, 0.3, 0.5, 1.0, 2.0, 4.0, 8.0, 20.0)
SPARSITY_STOPS = tuple(float(stop) for stop in RunSpec.settings()["sparsity_weight"].stops if stop)
MIDDLE = len(SPARSITY_STOPS) // 2  # stops of the lower half of the slider, on which 0 is the first


@dataclass(frozen=True)
class Measured:
    """Errors, codings in use, and seconds of one training."""

    mse: float
    pca: float
    clean: float  # share of PCA's error on clean images
    active: int
    silent: int  # codings whose variance over the validation images is below `metrics.ACTIVE_VARIANCE`
    quiet: float  # share of activations below `metrics.SILENT`
    cpu: float
    wall: float

    @property
    def ratio(self) -> float:
        """Share of PCA's error."""
        return self.mse / self.pca if self.pca > 0 else float("inf")


def measure(spec: RunSpec) -> Measured:
    """Train `spec` and compare it with PCA."""
    from aecore.worker.training import arrays

    data = datasets.load(spec.dataset)
    cpu, wall = time.process_time(), time.perf_counter()
    model, _ = arrays.fit_arrays(spec, as_float(data.train))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    clean = as_float(data.validation)
    codings = arrays.encode(model, clean)
    width = codings.shape[1]
    error, pca = metrics.mse(clean, arrays.decode(model, codings)), metrics.pca_mse(pca_errors(spec.dataset), width)
    share = error / pca if pca > 0 else float("inf")
    if spec.corrupts_input:
        error = metrics.mse(clean, arrays.decode(model, arrays.encode(model, noisy(spec)[1])))
        pca = float(noisy_pca_errors(spec)[min(width, clean[0].size)])
    active = metrics.active_dimensions(codings)
    return Measured(error, pca, share, active, width - active, metrics.silent_share(codings), cpu, wall)


@cache
def pca_errors(dataset: str) -> np.ndarray:
    data = datasets.load(dataset)
    return metrics.pca_errors(data.train, data.validation)


def noisy(spec: RunSpec) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation images with the spec's noise, the same in every call."""
    data = datasets.load(spec.dataset)
    return corrupt(as_float(data.train), spec, seed=1), corrupt(as_float(data.validation), spec, seed=2)


def noisy_pca_errors(spec: RunSpec) -> np.ndarray:
    """MSE between clean validation images and PCA's reconstructions of noisy ones, by number of components."""
    fields = ("dataset", "noise", "noise_rate", "noise_clip")
    return _noisy_pca_errors(RunSpec(**{name: getattr(spec, name) for name in fields}))


@cache
def _noisy_pca_errors(spec: RunSpec) -> np.ndarray:
    train, validation = (images.reshape(len(images), -1) for images in noisy(spec))
    clean = as_float(datasets.load(spec.dataset).validation).reshape(validation.shape)
    center, axes = metrics.principal_axes(train)
    target, scores = (clean - center) @ axes, (validation - center) @ axes
    # Axes are orthonormal: a component replaces the square of the target's coordinate by that of the difference.
    change = np.mean(np.square(scores - target) - np.square(target), axis=0, dtype=np.float64)
    start = np.mean(np.sum(np.square(clean - center), axis=1), dtype=np.float64)
    return (start + np.concatenate([[0.0], np.cumsum(change)])) / len(center)


def cells(variant: str, codings: Sequence[int], beyond: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """(what is turned, settings) of each row of a variant."""
    spec = presets.get(variant).spec
    size = {} if spec.spatial else {"coding_size": SIZE}
    if not spec.spatial:
        for number in MORE_CODINGS if beyond else codings:
            yield counted(number, "coding"), {"coding_size": number}
    if spec.spatial or (not beyond and spec.coding_size not in codings):
        yield "as it is", {}
    if spec.corrupts_input:
        for rate in MORE_NOISE if beyond else NOISE:
            yield f"noise {rate:g}", {**size, "noise_rate": rate}
    if spec.sparsity_weight:
        for weight in SPARSITY_STOPS[MIDDLE:] if beyond else SPARSITY_STOPS[:MIDDLE]:
            yield f"weight {weight:g}", {**size, "sparsity_weight": weight}
    if beyond and spec.penalty_weight:
        for weight in PENALTIES:
            yield f"penalty {weight:g}", {"penalty_weight": weight}
    if beyond and spec.variational:
        for weight in KL_WEIGHTS:
            yield f"KL {weight:g}", {"kl_weight": weight}


def row(variant: str, settings: dict[str, Any], seeds: Sequence[int]) -> list[Measured]:
    """One measurement a seed."""
    return [measure(presets.get(variant).spec.replace(**settings, seed=seed)) for seed in seeds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="+", default=list(presets.VARIANTS), choices=list(presets.VARIANTS))
    parser.add_argument("--codings", nargs="*", type=int, default=list(CODINGS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--beyond", action="store_true", help="the rest of the knobs' stops")
    args = parser.parse_args()
    print(f"Short defaults against PCA, seeds {', '.join(map(str, args.seeds))}\n{machine()}\n")
    head = f"{'variant':<25}{'knob':<28}{'MSE':>7}{'PCA':>7}{'ratio':>7}{'clean':>7}"
    head += f"{'unused':>9}{'quiet':>7}{'CPU s':>7}{'wall s':>8}"
    print(head, flush=True)
    for variant in args.variants:
        for name, settings in cells(variant, args.codings, args.beyond):
            measured = row(variant, settings, args.seeds)
            worst = max(measured, key=lambda one: one.mse)
            unused = max(one.silent for one in measured)
            cpu, wall = (statistics.median(getattr(one, kind) for one in measured) for kind in ("cpu", "wall"))
            print(
                f"{variant:<25}{name:<28}{worst.mse:>7.4f}{worst.pca:>7.4f}{worst.ratio:>7.2f}{worst.clean:>7.2f}"
                f"{f'{unused}/{unused + min(one.active for one in measured)}':>9}"
                f"{max(one.quiet for one in measured):>7.2f}{cpu:>7.1f}{wall:>8.1f}"
                f"{'  above PCA' if worst.ratio >= 1 else ''}",
                flush=True,
            )


if __name__ == "__main__":
    main()
