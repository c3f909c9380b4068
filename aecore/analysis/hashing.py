"""A hashing run's codings as bits: noise before the codings' activation left them no choice but one of two values.

Each validation sample has a code of d bits; samples with the same code share a *bucket*. Semantic hashing looks for
similar samples by their codes: the same one, or one at a small Hamming distance (Salakhutdinov and Hinton 2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aecore.errors import RunError, SpecError
from aecore.store.runs import Run

NEAR = 0.1  # of the way between the two values of a bit: closer to either counts as decided
SQUASHED = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}  # what noise drives these activations to


@dataclass(frozen=True)
class Bucket:
    """Samples that share a code: `code` (d,) bool, `members` (count,) their positions, and of their labels the most
    frequent one with its share; None and NaN without labels."""

    code: np.ndarray
    members: np.ndarray
    label: int | None
    purity: float


@dataclass(frozen=True)
class Statistics:
    """What n codes of d bits are like.

    `balance` (d,) is the share of samples in which a bit is set: .5 tells most about a sample, 0 or 1 nothing.
    `distinct` counts the different codes, `buckets` are the largest ones, largest first.
    """

    balance: np.ndarray
    distinct: int
    buckets: list[Bucket]


def threshold(run: Run) -> float:
    """Above it a coding is a set bit: the middle of the coding's activation."""
    return 0.5 if run.spec.coding_activation == "sigmoid" else 0.0


def bits(codings: np.ndarray, threshold: float) -> np.ndarray:
    """(n, d) bool of codings (n, ...). Raises `RunError` for codings that are not finite."""
    flat = np.asarray(codings, np.float32).reshape(len(codings), int(np.prod(np.shape(codings)[1:])))
    if not np.isfinite(flat).all():
        raise RunError("codings: got values that are not finite, allowed: numbers; the training diverged")
    return flat > threshold


def levels(run: Run, codings: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """What a bit that is not set, and one that is, is decoded from: (2, d) float32.

    0 and 1 for a sigmoid, −1 and 1 for tanh; any other activation has no such ends, so each coding has its mean over
    the samples on that side, or the threshold where there are none. `codings` and `bits` are (n, d).
    """
    if run.spec.coding_activation in SQUASHED and not run.spec.variational:
        ends = np.array(SQUASHED[run.spec.coding_activation], np.float32)
        return np.repeat(ends[:, None], bits.shape[1], axis=1)
    codings = np.asarray(codings, np.float32).reshape(bits.shape)
    counts = np.stack([(~bits).sum(axis=0), bits.sum(axis=0)])
    sums = np.stack([(codings * ~bits).sum(axis=0), (codings * bits).sum(axis=0)])
    return np.where(counts > 0, sums / np.maximum(counts, 1), threshold(run)).astype(np.float32)


def decided(codings: np.ndarray, levels: np.ndarray) -> float:
    """The share of all codings (n, d) that lie within `NEAR` of one of the two `levels` (2, d)."""
    codings = np.asarray(codings, np.float32).reshape(len(codings), -1)
    reach = NEAR * np.abs(levels[1] - levels[0])
    return float(np.mean((np.abs(codings - levels[0]) <= reach) | (np.abs(codings - levels[1]) <= reach)))


def decodable(bits: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Codings (n, d) float32 that stand for these bits (n, d): exactly the `levels` (2, d)."""
    return np.where(bits, levels[1], levels[0]).astype(np.float32)


def pack_bits(bits: np.ndarray) -> np.ndarray:
    """(n, d) bool as (n, ⌈d / 8⌉) uint8; a code's first bit is the lowest of its first byte, unused ones are 0."""
    return np.packbits(bits, axis=1, bitorder="little")


def hamming(code: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """How many bits of `code` (d,) differ in each row of `bits` (n, d): (n,) int."""
    return np.count_nonzero(bits != code, axis=1)


def text(code: np.ndarray) -> str:
    """A code (d,) as a link writes it: '0110…'."""
    return "".join("1" if bit else "0" for bit in code)


def parse(text: str, d: int) -> np.ndarray:
    """The code (d,) bool that a link names. Raises `SpecError` for another length or other characters."""
    other = next((sign for sign in text if sign not in "01"), None)
    if other is not None:
        raise SpecError(f"bits: got the character {other!r}, allowed: 0 and 1")
    if len(text) != d:
        raise SpecError(f"bits: got {len(text)}, allowed: {d}, one a coding of this run")
    return np.array([sign == "1" for sign in text], bool)


def statistics(bits: np.ndarray, labels: np.ndarray | None, largest: int = 10) -> Statistics:
    """What the codes `bits` (n, d) of samples with `labels` (n,) are like, with the `largest` buckets."""
    codes, buckets, counts = np.unique(pack_bits(bits), axis=0, return_inverse=True, return_counts=True)
    found = []
    for bucket in np.argsort(-counts, kind="stable")[:largest]:
        members = np.flatnonzero(buckets.ravel() == bucket)
        found.append(Bucket(bits[members[0]], members, *_commonest(labels, members)))
    return Statistics(bits.mean(axis=0), len(codes), found)


def _commonest(labels: np.ndarray | None, members: np.ndarray) -> tuple[int | None, float]:
    if labels is None:
        return None, float("nan")
    values, counts = np.unique(labels[members], return_counts=True)
    return int(values[counts.argmax()]), float(counts.max() / len(members))
