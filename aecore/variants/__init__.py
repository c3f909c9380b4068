"""Registry of the variants, the families of autoencoders; each has a file with a `VARIANT`.

To add one: a file beside this one, and its name in `_FILES`, after the families of which it is a special case.

1. `variant(name, description, matches, words, **settings)`: the settings are fields of `RunSpec`, everything else is as
   in the short presets. It should train in seconds and end below PCA, or its description says why not.
2. A regularization term of its own is a function in `aecore/worker/training/regularizers.py`, an entry of
   `REGULARIZERS` there and a choice of `RunSpec.penalty`, switched on by `penalty="name", penalty_weight=…`.
3. `make test` checks for every registered variant that it builds, trains, saves, exports to ONNX, is recognised from
   its spec, and has a unique title. Its knob needs a test in `tests/worker/training/test_knobs.py`.

A new axis of the composition (a layer, another coding) is a field in `aecore/specs/run.py` whose default means "as
before", and its effect in `aecore/worker/training/`. A field whose name is in `MAIN` or `ADVANCED` of
`pages/widgets/session/knobs.py` is a knob.
"""

from __future__ import annotations

from importlib import import_module

from aecore.specs.run import RunSpec
from aecore.variants.base import GERON, HUBENS, Preset, Variant

__all__ = ["GERON", "HUBENS", "VARIANTS", "Preset", "Variant", "title", "variant_of"]

# General families first: the last match of a spec is its variant, and titles name the matches in this order.
_FILES = (
    "stacked",
    "linear",
    "vanilla",
    "tied",
    "layerwise",
    "convolutional",
    "recurrent",
    "denoising",
    "denoising_dropout",
    "denoising_convolutional",
    "sparse_l1",
    "sparse_kl",
    "contractive",
    "variational",
    "beta_variational",
    "hashing",
)
VARIANTS: tuple[Variant, ...] = tuple(import_module(f"{__name__}.{file}").VARIANT for file in _FILES)


def variant_of(spec: RunSpec) -> str:
    """Name of a spec's variant, the most special one that matches."""
    return _matching(spec)[-1].name


def title(spec: RunSpec) -> str:
    """The words of all variants that match, such as 'Convolutional denoising' or 'Tied sparse (L1) variational'."""
    words = " ".join(filter(None, (variant.words(spec) for variant in _matching(spec)))) or variant_of(spec)
    return words[0].upper() + words[1:]


def _matching(spec: RunSpec) -> list[Variant]:
    return [variant for variant in VARIANTS if variant.matches(spec)]
