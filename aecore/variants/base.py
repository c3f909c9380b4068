"""`Preset`: a named spec. `Variant`: a family of autoencoders with a short preset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aecore.specs.run import RunSpec

GERON = "A. Géron, Hands-On Machine Learning, 2nd edition, chapter 17"
HUBENS = "N. Hubens, Introduction to Autoencoders"

# Settings of all short presets: the book's stacked network, a little wider, with linear codings, which cannot saturate,
# and Muon with one cycle of the learning rate, which comes near the network's best in few steps at every coding size.
_SHORT: dict[str, Any] = {
    "hidden": (128,),
    "coding_activation": "linear",
    "optimizer": "muon",
    "learning_rate": 0.02,
    "decay": "cosine",
    "warmup": 0.2,
    "batch_size": 128,
    "epochs": 12,
}


@dataclass(frozen=True)
class Preset:
    """A named spec. `published` holds the results of its source: train_loss, val_loss, rounded_accuracy, …"""

    name: str
    title: str
    spec: RunSpec
    description: str
    source: str = ""
    published: dict[str, float] | None = None
    parameters: int | None = None


@dataclass(frozen=True)
class Variant:
    """A family of autoencoders, as the sidebar lists them.

    Parameters
    ----------
    name : its name in links and on the command line.
    description : one or two sentences for the page: definition, what to observe, source.
    spec : its short preset, which trains in seconds on 10,000 of Fashion-MNIST's images.
    matches : (spec) -> True if the spec belongs to the family; it may belong to several.
    words : (spec) -> the family's part of a title, such as 'sparse (L1)'; '' if the parts of other families suffice.
    """

    name: str
    description: str
    spec: RunSpec
    matches: Callable[[RunSpec], bool]
    words: Callable[[RunSpec], str]


def variant(
    name: str,
    description: str,
    matches: Callable[[RunSpec], bool],
    words: str | Callable[[RunSpec], str] = "",
    **changes: Any,
) -> Variant:
    """A variant whose short preset is the book's stacked network with some settings changed."""
    words_of = words if callable(words) else lambda spec: words
    return Variant(name, description, RunSpec(**{**_SHORT, **changes}), matches, words_of)
