"""`AnomalySpec`: which samples a run's reconstruction error is to give away as anomalies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aecore.specs.base import MAX_SEED, Derived, setting

_USED_BY = {"class": "label", "dataset": "dataset", "noise": "noise_rate"}


@dataclass(frozen=True)
class AnomalySpec(Derived):
    """Settings of a test of anomaly detection. Construction validates and raises `SpecError` with one line; defaults
    are frozen. Of `label`, `dataset` and `noise_rate` only the one that `against` uses is kept."""

    kind: ClassVar[str] = "anomalies"

    against: str = setting(
        "class",
        "the anomalies: validation samples of one class, against the others; the validation samples of another data "
        "set; or the validation samples with noise",
        choices=("class", "dataset", "noise"),
    )
    label: int = setting(0, "against class only: number of the class", low=0, high=9999)
    dataset: str = setting("digits", "against dataset only: name of the other data set", max_length=80)
    noise_rate: float = setting(
        0.3, "against noise only: standard deviation of the Gaussian noise", low=0, high=100.0, above_low=True
    )
    k: int = setting(5, "nearest training codings whose mean distance is the score of kNN", low=1, high=100)
    n_train: int = setting(
        10_000, "training samples of kNN and isolation forest, the first ones", low=10, high=1_000_000
    )
    seed: int = setting(42, "seed of the noise, the forest and the bootstrap", low=0, high=MAX_SEED)

    def __post_init__(self) -> None:
        super().__post_init__()
        for against, name in _USED_BY.items():
            if against != self.against:
                self._set(name, self.settings()[name].default)
