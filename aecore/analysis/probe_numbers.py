"""The numbers that say what a run is worth: what each means, which direction is good, what it is set beside.

The one table of them: the page, the command line and its JSON say what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aecore.specs.probe import ProbeSpec
from aecore.store.files import read_json
from aecore.store.runs import Run


@dataclass(frozen=True)
class Number:
    """A number of a probe's result, or one for each coding.

    `better`: 'higher', 'lower', or 'neither' where it depends on what the run is for. `kind`: 'error' (four decimals),
    'share' (three), 'percent', 'nats', 'nats each' (a list) or 'count'.
    `pca`, `pixels`: under which name the result holds the same number of PCA codings of the same size and of the raw
    pixels; empty where there is none.
    """

    name: str
    title: str
    explanation: str
    better: str
    kind: str
    pca: str = ""
    pixels: str = ""


NUMBERS = (
    Number(
        "val_mse",
        "Error (MSE)",
        "Mean squared error of a reconstructed value on validation data, from clean inputs and without chance.",
        "lower",
        "error",
        pca="pca_mse",
    ),
    Number(
        "gain_over_pca",
        "Gain over PCA",
        "By how many percent the error is below that of PCA with as many components, the best linear code.",
        "higher",
        "percent",
    ),
    Number(
        "knn_accuracy",
        "kNN accuracy",
        "Share of validation samples whose nearest training codings (5 unless set) vote for their class: do classes "
        "lie together?",
        "higher",
        "share",
        pca="pca_knn_accuracy",
        pixels="pixels_knn_accuracy",
    ),
    Number(
        "logistic_accuracy",
        "Logistic probe",
        "Share of validation samples whose class a logistic regression on the standardised codings finds: do planes "
        "part the classes?",
        "higher",
        "share",
        pca="pca_logistic_accuracy",
        pixels="pixels_logistic_accuracy",
    ),
    Number(
        "trustworthiness",
        "Trustworthiness",
        "1 when the 15 nearest neighbours among the codings are near among the pixels too; chance is about .5.",
        "higher",
        "share",
        pca="pca_trustworthiness",
    ),
    Number(
        "bucket_precision",
        "Bucket precision",
        "With each coding cut to one bit: of the samples that share a sample's hash, the share of its class.",
        "higher",
        "share",
        pca="pca_bucket_precision",
    ),
    Number(
        "bit_balance",
        "Bit balance",
        "1 when each bit is set for half of the samples, 0 when no bit ever changes.",
        "higher",
        "share",
        pca="pca_bit_balance",
    ),
    Number(
        "distinct_codes",
        "Distinct hashes",
        "How many different bit patterns the validation samples have.",
        "higher",
        "count",
        pca="pca_distinct_codes",
    ),
    Number(
        "val_bce",
        "Cross-entropy",
        "Binary cross-entropy of a reconstructed value on validation data, in nats, from clean inputs.",
        "lower",
        "error",
    ),
    Number(
        "rounded_accuracy",
        "Rounded accuracy",
        "Share of values on the same side of 0.5 as the original; all black scores .73 on Fashion-MNIST.",
        "higher",
        "share",
    ),
    Number(
        "active_dimensions",
        "Active codings",
        "How many codings vary from sample to sample (variance above 0.01); the others carry nothing.",
        "higher",
        "count",
    ),
    Number(
        "silent_share",
        "Nearly silent",
        "Share of activations nearer to 0 than 0.1: the higher, the sparser the code; 1 is one that says nothing.",
        "neither",
        "share",
    ),
    Number(
        "mean_activation",
        "Mean activation",
        "Mean of all codings: a KL or MSE penalty aims at its target; without a penalty any mean will do.",
        "neither",
        "share",
    ),
    Number(
        "dead_units",
        "Dead units",
        "Codings nearer to 0 than 0.01 for every validation sample: switched off. Those stuck at another value are "
        "not counted here, and not active either.",
        "lower",
        "count",
    ),
    Number(
        "elbo",
        "ELBO",
        "A lower bound of a sample's log-likelihood in nats: minus the cross-entropy summed over the values (codings "
        "drawn once from their distribution), minus the KL divergence.",
        "higher",
        "nats",
    ),
    Number(
        "kl",
        "KL divergence",
        "Nats by which a sample's distribution of codings differs from the normal one, summed over the codings: what "
        "the code tells of a sample, and its price in the ELBO; 0 is a collapsed one.",
        "neither",
        "nats",
    ),
    Number(
        "kl_per_dimension",
        "KL of each coding",
        "The same for each coding alone, the most telling first: one at 0 is the same for every sample, and unused.",
        "neither",
        "nats each",
    ),
)
BY_NAME: Mapping[str, Number] = {number.name: number for number in NUMBERS}


def ranked(values: Sequence[float], text: Callable[[float], str]) -> str:
    """Many values in a few words, the largest first: all of up to four, of more the first three and the last."""
    shown = [text(value) for value in sorted(values, reverse=True)]
    return ", ".join(shown if len(shown) <= 4 else [*shown[:3], "…", shown[-1]])


def missing(found: Mapping[str, Any]) -> dict[str, list[str]]:
    """{why: titles of the numbers that a probe's result does not have for that reason}."""
    titles: dict[str, list[str]] = {}
    for number in NUMBERS:
        if found.get(number.name) is None:
            titles.setdefault(found["reasons"].get(number.name, "not measured"), []).append(number.title)
    return titles


def about() -> dict[str, dict[str, Any]]:
    """{name: title, explanation, the direction that is good, names of the compared numbers}, as JSON types."""
    return {
        number.name: {
            "title": number.title,
            "explanation": number.explanation,
            "better": number.better,
            "compare": [name for name in (number.pca, number.pixels) if name],
        }
        for number in NUMBERS
    }


def result(run: Run) -> dict[str, Any] | None:
    """`metrics.json` of the run's finished probe; None where there is none yet."""
    work = run.derived(ProbeSpec())
    return read_json(work.folder / "metrics.json", {}) if work.state == "finished" else None
