"""The named specs: a short default for every variant (`stacked`), and the printed recipes (`geron-stacked`)."""

from __future__ import annotations

from aecore.errors import SpecError
from aecore.recipes import RECIPES
from aecore.variants import VARIANTS as _VARIANTS
from aecore.variants import Preset, title, variant_of

__all__ = ["PRESETS", "VARIANTS", "Preset", "get", "title", "variant_of"]

VARIANTS: dict[str, Preset] = {preset.name: preset for preset in _VARIANTS}
PRESETS: dict[str, Preset] = {preset.name: preset for preset in (*VARIANTS.values(), *RECIPES)}


def get(name: str) -> Preset:
    """The preset of that name; raises `SpecError` listing the allowed ones."""
    if name not in PRESETS:
        raise SpecError(f"preset: got {name!r}, allowed: {', '.join(PRESETS)}")
    return PRESETS[name]
