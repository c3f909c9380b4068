"""Table of the numbers in a probe's result: title, explanation, good direction, and the numbers to compare them with.

The page, the command line and its JSON take titles and explanations from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aecore.specs.probe import ProbeSpec
from aecore.store.files import read_json
from aecore.store.runs import Run


@dataclass(frozen=True)
class ProbeNumber:
    """A number of a probe's result, or one for each coding.

    `better`: 'higher', 'lower', or 'neither' where it depends on the purpose of the run. `kind`: 'error' (four
    decimals), 'share' (three), 'percent', 'nats', 'nats each' (a list) or 'count'.
    `pca`, `pixels`: names of the same number for PCA codings of the same size and for the raw pixels; empty without
    such a number.
    """

    name: str
    title: str
    explanation: str
    better: str
    kind: str
    pca: str = ""
    pixels: str = ""


NUMBERS = (
    ProbeNumber(
        "val_mse",
        "Error (MSE)",
        "Mean squared error of a reconstructed value on validation data, from clean inputs and without chance.",
        "lower",
        "error",
        pca="pca_mse",
    ),
    ProbeNumber(
        "gain_over_pca",
        "Gain over PCA",
        "By how many percent the error is below that of PCA with as many components, the best linear code.",
        "higher",
        "percent",
    ),
    ProbeNumber(
        "knn_accuracy",
        "kNN accuracy",
        "Share of validation samples whose nearest training codings (5 unless set) vote for their class: do classes "
        "lie together?",
        "higher",
        "share",
        pca="pca_knn_accuracy",
        pixels="pixels_knn_accuracy",
    ),
    ProbeNumber(
        "logistic_accuracy",
        "Logistic probe",
        "Share of validation samples whose class a logistic regression on the standardised codings finds: do planes "
        "part the classes?",
        "higher",
        "share",
        pca="pca_logistic_accuracy",
        pixels="pixels_logistic_accuracy",
    ),
    ProbeNumber(
        "trustworthiness",
        "Trustworthiness",
        "1 when the 15 nearest neighbours among the codings are near among the pixels too; chance is about .5.",
        "higher",
        "share",
        pca="pca_trustworthiness",
    ),
    ProbeNumber(
        "bucket_precision",
        "Bucket precision",
        "With each coding cut to one bit: of the samples that share a sample's hash, the share of its class.",
        "higher",
        "share",
        pca="pca_bucket_precision",
    ),
    ProbeNumber(
        "bit_balance",
        "Bit balance",
        "1 when each bit is set for half of the samples, 0 when no bit ever changes.",
        "higher",
        "share",
        pca="pca_bit_balance",
    ),
    ProbeNumber(
        "distinct_codes",
        "Distinct hashes",
        "How many different bit patterns the validation samples have.",
        "higher",
        "count",
        pca="pca_distinct_codes",
    ),
    ProbeNumber(
        "val_bce",
        "Cross-entropy",
        "Binary cross-entropy of a reconstructed value on validation data, in nats, from clean inputs.",
        "lower",
        "error",
    ),
    ProbeNumber(
        "rounded_accuracy",
        "Rounded accuracy",
        "Share of values on the same side of 0.5 as the original; all black scores .73 on Fashion-MNIST.",
        "higher",
        "share",
    ),
    ProbeNumber(
        "active_dimensions",
        "Active codings",
        "How many codings vary from sample to sample (variance above 0.01); the others carry nothing.",
        "higher",
        "count",
    ),
    ProbeNumber(
        "silent_share",
        "Nearly silent",
        "Share of activations nearer to 0 than 0.1: the higher, the sparser the code; 1 is one that says nothing.",
        "neither",
        "share",
    ),
    ProbeNumber(
        "mean_activation",
        "Mean activation",
        "Mean of all codings: a KL or MSE penalty aims at its target; without a penalty any mean will do.",
        "neither",
        "share",
    ),
    ProbeNumber(
        "dead_units",
        "Dead units",
        "Codings nearer to 0 than 0.01 for every validation sample: switched off. Those stuck at another value are "
        "not counted here, and not active either.",
        "lower",
        "count",
    ),
    ProbeNumber(
        "elbo",
        "ELBO",
        "A lower bound of a sample's log-likelihood in nats: minus the cross-entropy summed over the values (codings "
        "drawn once from their distribution), minus the KL divergence.",
        "higher",
        "nats",
    ),
    ProbeNumber(
        "kl",
        "KL divergence",
        "Nats by which a sample's distribution of codings differs from the normal one, summed over the codings: what "
        "the code tells of a sample, and its price in the ELBO; 0 is a collapsed one.",
        "neither",
        "nats",
    ),
    ProbeNumber(
        "kl_per_dimension",
        "KL of each coding",
        "The same for each coding alone, the most telling first: one at 0 is the same for every sample, and unused.",
        "neither",
        "nats each",
    ),
)


def ranked(values: Sequence[float], text: Callable[[float], str]) -> str:
    """Values as text, the largest first: all of up to four, of more the first three and the last."""
    shown = [text(value) for value in sorted(values, reverse=True)]
    return ", ".join(shown if len(shown) <= 4 else [*shown[:3], "…", shown[-1]])


def missing(metrics: Mapping[str, Any]) -> dict[str, list[str]]:
    """{reason: titles of the numbers missing for that reason} of a probe's result."""
    titles: dict[str, list[str]] = {}
    for number in NUMBERS:
        if metrics.get(number.name) is None:
            titles.setdefault(metrics["reasons"].get(number.name, "not measured"), []).append(number.title)
    return titles


def about() -> dict[str, dict[str, Any]]:
    """{name: title, explanation, good direction, names of the numbers to compare with}, as JSON types."""
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
    """`metrics.json` of the run's finished probe; None without one."""
    work = run.derived(ProbeSpec())
    return read_json(work.folder / "metrics.json", {}) if work.state == "finished" else None
