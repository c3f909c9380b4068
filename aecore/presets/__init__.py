"""Presets, which are named specs: a short one of every variant, published recipes, and this project's best and fast."""

from __future__ import annotations

from aecore import variants
from aecore.errors import SpecError
from aecore.presets.own import BEST, FAST
from aecore.presets.published import RECIPES
from aecore.specs.fields import unknown
from aecore.variants import Preset, title, variant_of

__all__ = ["PRESETS", "VARIANTS", "Preset", "get", "title", "variant_of"]

VARIANTS: dict[str, Preset] = {
    variant.name: Preset(variant.name, title(variant.spec), variant.spec, variant.description)
    for variant in variants.VARIANTS
}
PRESETS: dict[str, Preset] = {**VARIANTS, **{preset.name: preset for preset in (*BEST, *FAST, *RECIPES)}}


def get(name: str) -> Preset:
    """The preset of that name; raises `SpecError` listing the allowed ones."""
    if not isinstance(name, str) or name not in PRESETS:
        raise SpecError(unknown("preset", name, PRESETS))
    return PRESETS[name]
