"""Settings at which a variant's short default is worse than PCA or leaves codings unused: warnings beside the knobs.

`python -m tests.bench.defaults`, with `--beyond` for most of these ranges, prints the errors from which they are taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from aecore.specs.run import RunSpec
from aecore.variants import variant_of


@dataclass(frozen=True)
class Limit:
    """A warning for a range of one setting.

    Parameters
    ----------
    variants : names of the variants, as `variant_of` gives them.
    setting : a field of `RunSpec`.
    text : what becomes of a training in that range, in a sentence.
    low, high : the range, both ends included.
    """

    variants: tuple[str, ...]
    setting: str
    text: str
    low: float = 0.0
    high: float = math.inf

    def holds(self, spec: RunSpec) -> bool:
        """True if `spec` is of one of the variants and in the range."""
        return self.low <= getattr(spec, self.setting) <= self.high and variant_of(spec) in self.variants


LIMITS: tuple[Limit, ...] = (
    Limit(
        ("vanilla",),
        "coding_size",
        "One coding without a hidden layer describes hardly more than a straight line: no better than PCA.",
        high=1,
    ),
    Limit(
        ("recurrent",),
        "coding_size",
        "These few epochs of LSTM layers use no more than about 35 codings: PCA with as many components is better.",
        low=40,
    ),
    Limit(
        ("variational",),
        "coding_size",
        "About 15 codings stay in use, since each costs KL divergence: PCA with as many components is better.",
        low=32,
    ),
    Limit(
        ("beta-variational",),
        "coding_size",
        "About 6 codings stay in use at a KL weight of 4: PCA with as many components is better.",
        low=12,
    ),
    Limit(
        ("sparse-kl",),
        "coding_size",
        "So many codings, each active a tenth of the time, end above PCA with as many components.",
        low=64,
    ),
    Limit(
        ("sparse-l1",),
        "coding_size",
        "More codings than are active for an image: PCA with as many components, all active, is better.",
        low=128,
    ),
    Limit(
        ("stacked", "tied", "layerwise"),
        "coding_size",
        "As many codings as units in the hidden layer, which limits them: PCA with as many components is better.",
        low=128,
    ),
    Limit(
        ("sparse-l1",),
        "sparsity_weight",
        "At this weight most codings stay near zero for every image: worse than PCA with as many components.",
        low=0.01,
    ),
    Limit(
        ("beta-variational",),
        "kl_weight",
        "At this KL weight only a few codings stay in use: with 10, worse than PCA.",
        low=8.0,
    ),
    Limit(
        ("contractive",),
        "penalty_weight",
        "At this weight codings move little with the image: worse than PCA with as many components.",
        low=0.01,
    ),
)


def caution(spec: RunSpec, setting: str) -> str:
    """The sentence about one setting of `spec`; "" if its default training holds there."""
    return next((limit.text for limit in LIMITS if limit.setting == setting and limit.holds(spec)), "")
