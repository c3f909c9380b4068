"""Warnings about settings: they name variants and stops that exist, and none where a default is to hold."""

from __future__ import annotations

import pytest

from aecore import presets
from aecore.presets import limits
from aecore.presets.limits import LIMITS, Limit
from aecore.specs.run import RunSpec
from aecore.variants import variant_of
from pages.widgets.session import knobs
from tests.bench import defaults

# Above PCA of the same size by their nature, as their descriptions or warnings say.
BELOW_PCA = [name for name in presets.VARIANTS if name not in ("linear", "hashing", "denoising-convolutional")]
EXCEPTIONS = {("vanilla", 1), ("recurrent", 100), ("sparse-kl", 100), ("variational", 100)}
EXCEPTIONS |= {("beta-variational", 30), ("beta-variational", 100)}


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{'+'.join(limit.variants)}-{limit.setting}-{limit.low:g}")
def test_a_limit_is_met_by_a_stop_of_each_of_its_variants(limit: Limit) -> None:
    declared = RunSpec.settings()[limit.setting]
    assert limit.setting in knobs.NAMES and declared.stops
    assert limit.text.endswith(".") and len(limit.text) < 160
    for name in limit.variants:
        spec = presets.VARIANTS[name].spec
        stops = [stop for stop in declared.stops if limit.low <= stop <= limit.high]
        met = [stop for stop in stops if variant_of(spec.replace(**{limit.setting: stop})) == name]
        assert met, name
        for stop in met:
            assert limits.caution(spec.replace(**{limit.setting: stop}), limit.setting)


@pytest.mark.parametrize("name", BELOW_PCA)
def test_no_warning_where_a_default_is_better_than_pca(name: str) -> None:
    spec = presets.VARIANTS[name].spec
    warned = {
        (name, size) for size in defaults.CODINGS if limits.caution(spec.replace(coding_size=size), "coding_size")
    }
    assert warned == {exception for exception in EXCEPTIONS if exception[0] == name}
    for _, settings in defaults.cells(name, (), beyond=False):
        for setting in settings.keys() - {"coding_size"}:
            assert not limits.caution(spec.replace(**settings), setting)


def test_a_variants_own_settings_are_warned_of_only_where_its_description_speaks_of_pca() -> None:
    for name, preset in presets.VARIANTS.items():
        warned = [setting for setting in knobs.NAMES if limits.caution(preset.spec, setting)]
        assert not warned or "PCA" in preset.description, name
