"""What a preset and a variant are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aecore.specs.run import RunSpec

GERON = "A. Géron, Hands-On Machine Learning, 2nd edition, chapter 17"
HUBENS = "N. Hubens, Introduction to Autoencoders"

# What short presets share: the book's stacked network, with an optimizer that needs fewer epochs than plain SGD.
_SHORT: dict[str, Any] = {"optimizer": "nadam", "learning_rate": 0.003, "batch_size": 32, "epochs": 12}


@dataclass(frozen=True)
class Preset:
    """A named spec. `published` holds what its source printed: train_loss, val_loss, rounded_accuracy, …"""

    name: str
    title: str
    spec: RunSpec
    description: str
    source: str = ""
    published: dict[str, float] | None = None
    parameters: int | None = None


@dataclass(frozen=True)
class Variant:
    """A family of autoencoders that one can pick.

    Parameters
    ----------
    name : what links and the command line call it.
    description : one or two sentences for the page: what it is, what to look at, where it comes from.
    spec : its short preset, which trains in seconds on 10,000 of Fashion-MNIST's images.
    mark : does a spec belong to the family? Of several families the last one in the registry is the most telling.
    word : how the family appears in a title, of a spec that belongs to it; '' where other words say it.
    """

    name: str
    description: str
    spec: RunSpec
    mark: Callable[[RunSpec], bool]
    word: Callable[[RunSpec], str]


def variant(
    name: str,
    description: str,
    mark: Callable[[RunSpec], bool],
    word: str | Callable[[RunSpec], str] = "",
    **changes: Any,
) -> Variant:
    """A variant whose short preset is the book's stacked network with some settings changed."""
    in_words = word if callable(word) else lambda spec: word
    return Variant(name, description, RunSpec(**{**_SHORT, **changes}), mark, in_words)
