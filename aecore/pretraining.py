"""Unsupervised pretraining: an experiment as a value, its folder, and what its numbers say.

An autoencoder sees every training image and no label. Its encoder then becomes the lower part of a classifier that
is given a few labels, and is compared with the same classifier from random weights. The experiment's folder,
`cache/pretraining/<key>/`:

    spec.json      format version, key, the autoencoder's run and spec, the experiment's spec
    status.json    state, message, fraction, eta (seconds left)
    results.json   rows [labels, seed, arm, accuracy], written anew after every training; presented (how many samples
                   the classifiers were trained on so far) and the seconds that took
    DONE | STOPPED written last
"""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from aecore import datasets, fields, runs
from aecore.datasets import DatasetInfo
from aecore.errors import RunError, SpecError
from aecore.fields import require
from aecore.optimizers import MAX_LEARNING_RATE, OPTIMIZERS
from aecore.runs import FORMAT, Work, read_json, write_json
from aecore.spec import MAX_BATCH_SIZE, MAX_EPOCHS, MAX_WIDTH, RunSpec, digest

ARMS = {"scratch": "from scratch", "pretrained": "pretrained", "frozen": "encoder frozen"}
LABELS = (100, 500, 5000)
MAX_COUNTS = 8
MAX_SEEDS = 10
# 97.5 % quantiles of Student's t distribution with 1, 2, … 9 degrees of freedom, for two to ten seeds.
T_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


class Row(NamedTuple):
    """What one training came to: the share of the validation samples that the classifier puts into their class."""

    labels: int
    seed: int
    arm: str
    accuracy: float


@dataclass(frozen=True)
class PretrainSpec:
    """What to compare. Construction validates and raises `SpecError` with one line; defaults are frozen.

    For every number of labels and every seed three classifiers of one architecture (the encoder, a hidden dense
    layer, softmax) get the same labelled images in the same batches for equally many epochs:

    - 'scratch' starts from random weights, and everything is trained;
    - 'pretrained' starts from the autoencoder's weights: first only the head is trained, then everything;
    - 'frozen' starts from the autoencoder's weights too, and only the head is ever trained.

    Parameters
    ----------
    autoencoder : the run whose encoder is used; trained first where it is not there yet.
    labels : how many labelled training images the classifiers get, as equally many of each class as there are.
    seeds : how often each is repeated: another draw of labelled images, other random weights, another order. Seeds
        count from 1, so more of them keep the first ones.
    epochs : of each arm, over its labelled images.
    frozen_epochs : so many of the pretrained arm's epochs train the head only.
    head : units of the classifier's hidden layer (selu).
    batch_size, optimizer, learning_rate : of the classifiers; the optimizer starts afresh when the encoder thaws.
    """

    autoencoder: RunSpec
    labels: tuple[int, ...] = LABELS
    seeds: int = 5
    epochs: int = 20
    frozen_epochs: int = 10
    head: int = 20
    batch_size: int = 32
    optimizer: str = "sgd"
    learning_rate: float = 0.02

    def __post_init__(self) -> None:
        for name, kind in _TYPES.items():
            object.__setattr__(self, name, fields.coerced(name, kind, getattr(self, name)))
        object.__setattr__(self, "labels", tuple(sorted(set(self.labels))))
        counts = len(self.labels)
        require(
            1 <= counts <= MAX_COUNTS, "labels", f"{counts} numbers", f"1 to {MAX_COUNTS} numbers with commas between"
        )
        require(self.optimizer in OPTIMIZERS, "optimizer", self.optimizer, ", ".join(OPTIMIZERS))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            require(low <= value <= high, name, value, f"{low:,} to {high:,}")
        fits = 0 < self.learning_rate <= MAX_LEARNING_RATE
        require(fits, "learning_rate", self.learning_rate, f"above 0, up to {MAX_LEARNING_RATE:g}")
        below = self.frozen_epochs < self.epochs
        require(below, "frozen_epochs", self.frozen_epochs, f"0 to {self.epochs - 1}, fewer than epochs")

    def check(self, info: DatasetInfo) -> None:
        """Raise `SpecError` where the data set cannot serve this experiment."""
        require_labels(info)
        for n in self.labels:
            allowed = f"{len(info.classes)} (one of each class) to {info.n_train:,}, with commas between"
            require(len(info.classes) <= n <= info.n_train, "labels", n, allowed)

    @property
    def settings(self) -> dict[str, Any]:
        """Every field but the autoencoder, as JSON types."""
        return {name: list(value) if name == "labels" else value
                for name, value in vars(self).items() if name != "autoencoder"}  # fmt: skip

    @classmethod
    def from_settings(cls, autoencoder: RunSpec, values: dict[str, Any]) -> PretrainSpec:
        """Build a spec from JSON types or text; unknown names and bad values raise `SpecError`."""
        for name in values:
            if name not in DEFAULTS:
                raise SpecError(f"unknown pretraining setting {name!r}; allowed: {', '.join(DEFAULTS)}")
        return cls(autoencoder, **values)

    def canonical_json(self) -> str:
        """JSON of the settings that differ from their frozen defaults: sorted, without spaces."""
        changed = {name: value for name, value in self.settings.items() if value != DEFAULTS[name]}
        return json.dumps(changed, sort_keys=True, separators=(",", ":"))

    @property
    def key(self) -> str:
        """The experiment's name: 16 hexadecimal digits of its settings and the autoencoder's run key."""
        return digest("pretraining", self.canonical_json(), runs.run_key(self.autoencoder))

    def describe(self, folder: Path) -> None:
        """Write `spec.json`: what the folder holds or is going to hold."""
        autoencoder = json.loads(self.autoencoder.canonical_json())
        write_json(
            folder / "spec.json",
            {
                "format": FORMAT,
                "key": self.key,
                "run": runs.run_key(self.autoencoder),
                "autoencoder": autoencoder,
                "pretraining": self.settings,
            },
        )

    def presented(self) -> int:
        """How many samples all classifiers together are trained on with the encoder at work: what takes the time."""
        return self.seeds * sum(self.labels) * (2 * self.epochs - self.frozen_epochs)


def require_labels(info: DatasetInfo) -> None:
    """Raise `SpecError` for a data set without labels."""
    if not info.classes:
        raise SpecError(f"dataset: got {info.name!r}, which has no labels; allowed: a data set with labels")


class Experiment(Work):
    """A pretraining folder, see the module's docstring for its files."""

    @property
    def spec(self) -> PretrainSpec:
        values = read_json(self.folder / "spec.json", {})
        if values.get("format") != FORMAT or not {"autoencoder", "pretraining"} <= values.keys():
            raise RunError(f"pretraining {self.key}: unknown, or its description is damaged")
        return PretrainSpec.from_settings(RunSpec.from_dict(values["autoencoder"]), values["pretraining"])

    @property
    def rows(self) -> list[Row]:
        """The trainings done so far, in the order in which they were done."""
        return [Row(*row) for row in read_json(self.folder / "results.json", {}).get("rows", [])]

    @property
    def seconds_per_sample(self) -> float | None:
        """What training on one sample took; None before the first training ended."""
        found = read_json(self.folder / "results.json", {})
        return found["seconds"] / found["presented"] if found.get("presented") else None


def experiment_of(spec: PretrainSpec, cache: Path | None = None) -> Experiment:
    """The folder of that experiment, in whatever state ('missing' where nobody asked for it yet)."""
    return Experiment((cache or runs.cache_folder()) / "pretraining" / spec.key)


def experiments(autoencoder: RunSpec, cache: Path | None = None) -> list[Experiment]:
    """Every experiment with that autoencoder's encoder, whatever its state, the last one last."""
    run, folder = runs.run_key(autoencoder), (cache or runs.cache_folder()) / "pretraining"
    found = [Experiment(path) for path in folder.glob("[0-9a-f]*")]
    alike = [each for each in found if read_json(each.folder / "spec.json", {}).get("run") == run]
    return sorted(alike, key=lambda each: (each.status().get("started") or 0, each.key))


def rows_like(spec: PretrainSpec, cache: Path | None = None) -> list[Row]:
    """The trainings of every experiment that differs from `spec` in nothing but its labels and its number of seeds.

    A training depends on its own number of labels and its own seed alone, so these belong in one picture.
    """
    found: dict[tuple[int, int, str], Row] = {}
    for each in experiments(spec.autoencoder, cache):
        try:
            alike = dataclasses.replace(each.spec, labels=spec.labels, seeds=spec.seeds) == spec
        except (RunError, SpecError):
            continue
        for row in each.rows if alike else []:
            found[row[:3]] = row
    return [found[place] for place in sorted(found)]


def expected_seconds(spec: PretrainSpec, cache: Path | None = None) -> float | None:
    """Seconds the classifiers will take: from the last experiment with this encoder, else from its autoencoder's
    training (the decoder it does without weighs about as much as the smaller batches); None where nothing is known."""
    known = [seconds for each in experiments(spec.autoencoder, cache) if (seconds := each.seconds_per_sample)]
    if not known:
        run, n = runs.run_of(spec.autoencoder, cache), datasets.info(spec.autoencoder.dataset).n_train
        found = run.metrics
        known = [found["seconds"] / (found["epochs"] * n)] if found.get("seconds") and found.get("epochs") else []
    return known[-1] * spec.presented() if known else None


@dataclass(frozen=True)
class Verdict:
    """What the trainings with one number of labels say.

    `means` and `deviations`: {arm: mean accuracy, standard deviation (n - 1)} over the seeds. `difference`: mean over
    the seeds of pretrained minus scratch; both arms of a seed share labels, batches and the head's first weights, so
    differences are taken seed by seed. `margin`: half the width of their 95 % confidence interval, from Student's t
    distribution. `outcome`: 'helps' or 'hurts' where the interval leaves out 0, else 'open'.
    """

    labels: int
    seeds: int
    means: dict[str, float]
    deviations: dict[str, float]
    difference: float
    margin: float

    @property
    def outcome(self) -> str:
        return "open" if abs(self.difference) <= self.margin else "helps" if self.difference > 0 else "hurts"

    @property
    def words(self) -> str:
        """One plain sentence, in points of accuracy."""
        low, high = (points(self.difference + side * self.margin) for side in (-1, 1))
        told = f"{points(self.difference)} points (95 % interval {low} to {high})"
        return {
            "helps": f"pretraining helps: {told}",
            "hurts": f"pretraining hurts: {told}",
            "open": f"pretraining does not help as far as {self.seeds} seeds can show: {told}",
        }[self.outcome]


def verdicts(rows: Sequence[Row]) -> list[Verdict]:
    """One verdict for every number of labels for which at least two seeds have both arms."""
    return [verdict for n in sorted({row.labels for row in rows}) if (verdict := _verdict(n, rows))]


def _verdict(n: int, rows: Sequence[Row]) -> Verdict | None:
    found: dict[str, dict[int, float]] = {arm: {} for arm in ARMS}
    for row in rows:
        if row.labels == n:
            found[row.arm][row.seed] = row.accuracy
    pairs = sorted(found["scratch"].keys() & found["pretrained"].keys())
    if len(pairs) < 2:
        return None
    known = {arm: list(values.values()) for arm, values in found.items() if len(values) > 1}
    differences = [found["pretrained"][seed] - found["scratch"][seed] for seed in pairs]
    t = T_QUANTILES[min(len(pairs), MAX_SEEDS) - 2]
    return Verdict(
        labels=n,
        seeds=len(pairs),
        means={arm: statistics.fmean(values) for arm, values in known.items()},
        deviations={arm: statistics.stdev(values) for arm, values in known.items()},
        difference=statistics.fmean(differences),
        margin=t * statistics.stdev(differences) / math.sqrt(len(pairs)),
    )


def conclusion(found: Sequence[Verdict]) -> str:
    """What all verdicts together say, in one or two plain sentences; '' before the first."""
    told = []
    for outcome, words in (
        ("helps", "Pretraining helps with {}"),
        ("hurts", "Pretraining hurts with {}"),
        ("open", "Pretraining makes no difference that so few seeds could show with {}"),
    ):
        counts = [f"{verdict.labels:,}" for verdict in found if verdict.outcome == outcome]
        if counts:
            told.append(words.format(" and ".join(filter(None, [", ".join(counts[:-1]), counts[-1]]))) + " labels")
    return "".join(f"{sentence}. " for sentence in told).strip()


def accuracy_text(mean: float, deviation: float) -> str:
    """Mean and standard deviation in points of a hundred: '71.3 ± 0.8'."""
    return f"{100 * mean:.1f} ± {100 * deviation:.1f}"


def points(share: float) -> str:
    """A difference of accuracies in points of a hundred, with its sign: '+2.5', '−0.3'."""
    text = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text


_TYPES = {name: kind for name, kind in get_type_hints(PretrainSpec).items() if name != "autoencoder"}
_RANGES: dict[str, tuple[float, float]] = {
    "seeds": (2, MAX_SEEDS),
    "epochs": (1, MAX_EPOCHS),
    "frozen_epochs": (0, MAX_EPOCHS),
    "head": (1, MAX_WIDTH),
    "batch_size": (1, MAX_BATCH_SIZE),
}

DEFAULTS: dict[str, Any] = PretrainSpec(RunSpec()).settings
