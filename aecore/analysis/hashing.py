"""Semantic hashing: the codings of a hashing run as bits, its buckets, and Hamming distances.

Noise before the codings' activation drives each coding to one of two values, a bit. Samples with the same d bits share
a *bucket*; similar samples have the same bits or bits at a small Hamming distance (Salakhutdinov and Hinton 2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aecore.analysis.activations import ACTIVATION_RANGES
from aecore.errors import RunError, SpecError
from aecore.specs.run import RunSpec
from aecore.store.runs import Run

NEAR = 0.1  # largest distance of a decided coding from a bit's value, as a share of the two values' distance


@dataclass(frozen=True)
class Bucket:
    """Samples that share a code: `code` (d,) bool, `members` (count,) their positions, `label` the most frequent of
    their labels and `purity` its share; None and NaN without labels."""

    code: np.ndarray
    members: np.ndarray
    label: int | None
    purity: float


@dataclass(frozen=True)
class Statistics:
    """Statistics of n codes of d bits.

    `balance` (d,) is the share of samples in which each bit is set: most informative at .5, constant at 0 and 1.
    `distinct` is the number of different codes, `buckets` are the largest ones, largest first.
    """

    balance: np.ndarray
    distinct: int
    buckets: list[Bucket]


def threshold(spec: RunSpec) -> float:
    """The value above which a coding is a set bit: .5 for a sigmoid, else 0."""
    return 0.5 if spec.coding_activation == "sigmoid" else 0.0


def bits(codings: np.ndarray, threshold: float) -> np.ndarray:
    """(n, d) bool of codings (n, ...). Raises `RunError` for codings that are not finite."""
    flat = np.asarray(codings, np.float32).reshape(len(codings), int(np.prod(np.shape(codings)[1:])))
    if not np.isfinite(flat).all():
        raise RunError(
            "the codings contain NaN or infinite values (the training diverged); train the run again with a smaller "
            "learning rate"
        )
    return flat > threshold


def levels(run: Run, codings: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """The codings that stand for a bit that is not set and for one that is: (2, d) float32.

    The ends of a bounded activation (0 and 1 for a sigmoid, −1 and 1 for tanh); for any other one, each coding's mean
    over the samples on that side of the threshold, or the threshold without such samples. `codings` and `bits` are
    (n, d).
    """
    ends = np.array(ACTIVATION_RANGES[run.spec.coding_activation], np.float32)
    if np.isfinite(ends).all() and not run.spec.variational:
        return np.repeat(ends[:, None], bits.shape[1], axis=1)
    codings = np.asarray(codings, np.float32).reshape(bits.shape)
    counts = np.stack([(~bits).sum(axis=0), bits.sum(axis=0)])
    sums = np.stack([(codings * ~bits).sum(axis=0), (codings * bits).sum(axis=0)])
    return np.where(counts > 0, sums / np.maximum(counts, 1), threshold(run.spec)).astype(np.float32)


def decided(codings: np.ndarray, levels: np.ndarray) -> float:
    """The share of all codings (n, d) that are close (`NEAR`) to one of the two `levels` (2, d)."""
    codings = np.asarray(codings, np.float32).reshape(len(codings), -1)
    reach = NEAR * np.abs(levels[1] - levels[0])
    return float(np.mean((np.abs(codings - levels[0]) <= reach) | (np.abs(codings - levels[1]) <= reach)))


def decodable(bits: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The codings (n, d) float32 that stand for `bits` (n, d), of the two `levels` (2, d)."""
    return np.where(bits, levels[1], levels[0]).astype(np.float32)


def pack_bits(bits: np.ndarray) -> np.ndarray:
    """(n, d) bool as (n, ⌈d / 8⌉) uint8; a code's first bit is the lowest of its first byte, unused ones are 0."""
    return np.packbits(bits, axis=1, bitorder="little")


def hamming(code: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """The Hamming distance (n,) int between `code` (d,) and each row of `bits` (n, d)."""
    return np.count_nonzero(bits != code, axis=1)


def text(code: np.ndarray) -> str:
    """A code (d,) as text, for links: '0110…'."""
    return "".join("1" if bit else "0" for bit in code)


def parse(text: str, d: int) -> np.ndarray:
    """The code (d,) bool from its text. Raises `SpecError` for another length or other characters."""
    other = next((sign for sign in text if sign not in "01"), None)
    if other is not None:
        raise SpecError(f"bits: got the character {other!r}, allowed: 0 and 1")
    if len(text) != d:
        raise SpecError(f"bits: got {len(text)}, allowed: {d}, one a coding of this run")
    return np.array([sign == "1" for sign in text], bool)


def statistics(bits: np.ndarray, labels: np.ndarray | None, largest: int = 10) -> Statistics:
    """The statistics of `bits` (n, d) of samples with `labels` (n,), with the `largest` buckets."""
    codes, buckets, counts = np.unique(pack_bits(bits), axis=0, return_inverse=True, return_counts=True)
    largest_buckets = []
    for bucket in np.argsort(-counts, kind="stable")[:largest]:
        members = np.flatnonzero(buckets.ravel() == bucket)
        largest_buckets.append(Bucket(bits[members[0]], members, *_most_frequent(labels, members)))
    return Statistics(bits.mean(axis=0), len(codes), largest_buckets)


def _most_frequent(labels: np.ndarray | None, members: np.ndarray) -> tuple[int | None, float]:
    if labels is None:
        return None, float("nan")
    values, counts = np.unique(labels[members], return_counts=True)
    return int(values[counts.argmax()]), float(counts.max() / len(members))
