"""The named specs: complete, consistent, and as printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from aecore import datasets, presets, variants
from aecore.errors import SpecError
from aecore.specs.run import RunSpec

FAMILIES = [
    "linear",
    "vanilla",
    "stacked",
    "tied",
    "layerwise",
    "convolutional",
    "recurrent",
    "denoising",
    "denoising-dropout",
    "denoising-convolutional",
    "sparse-l1",
    "sparse-kl",
    "variational",
    "hashing",
]


def test_the_families_one_expects_are_there() -> None:
    assert set(FAMILIES) <= set(presets.VARIANTS)
    assert next(iter(presets.VARIANTS)) == "stacked"


def test_a_variant_is_a_file_and_its_name_in_the_registry() -> None:
    files = {path.stem for path in Path(variants.__file__).parent.glob("*.py")} - {"__init__", "base"}
    assert set(variants._FILES) == files
    assert [name.replace("_", "-") for name in variants._FILES] == list(presets.VARIANTS)


@pytest.mark.parametrize("name", ["linear", "denoising-dropout", "denoising-convolutional", "sparse-kl", "hashing"])
def test_a_variant_that_ends_above_pca_says_why(name: str) -> None:
    assert "PCA" in presets.get(name).description


@pytest.mark.parametrize("name", presets.PRESETS)
def test_a_preset_can_be_trained_and_speaks_for_itself(name: str) -> None:
    preset = presets.get(name)
    datasets.check(preset.spec, datasets.info(preset.spec.dataset))
    assert preset.name == name
    assert preset.title
    assert preset.description.endswith(".")
    printed = name.startswith(("geron-", "hubens-"))
    assert bool(preset.source and preset.parameters) == printed or name.startswith("fast-")
    assert bool(preset.published) == (printed and "-article-" not in name)
    assert (preset.spec.dataset == "fashion-mnist-12k") == (name in presets.VARIANTS)


def test_no_two_presets_are_the_same_run_or_carry_the_same_title() -> None:
    assert len({preset.spec for preset in presets.PRESETS.values()}) == len(presets.PRESETS)
    assert len({preset.title for preset in presets.PRESETS.values()}) == len(presets.PRESETS)


@pytest.mark.parametrize("name", presets.VARIANTS)
def test_a_variant_is_recognised_from_its_spec_whatever_the_size(name: str) -> None:
    spec = presets.VARIANTS[name].spec
    assert presets.variant_of(spec) == name
    assert presets.variant_of(spec.replace(coding_size=7, epochs=3, seed=1)) == name


def test_a_printed_recipe_belongs_to_the_family_in_its_name() -> None:
    assert presets.variant_of(presets.get("geron-denoising-gaussian").spec) == "denoising"
    assert presets.variant_of(presets.get("geron-convolutional").spec) == "convolutional"
    assert presets.variant_of(presets.get("hubens-multilayer").spec) == "stacked"


@pytest.mark.parametrize("name", [name for name in presets.PRESETS if name.startswith("fast-")])
def test_a_fast_recipe_has_the_printed_network_and_loss(name: str) -> None:
    """Only what belongs to the fit differs."""
    fast, printed = presets.get(name).spec.to_dict(), presets.get(name.replace("fast-", "geron-")).spec.to_dict()
    fit = {"optimizer", "optimizer_arguments", "learning_rate", "decay", "warmup", "batch_size", "epochs"}
    assert {name for name in fast if fast[name] != printed[name]} <= fit


def test_the_best_have_the_coding_size_in_their_name() -> None:
    sizes = {name: preset.spec.coding_size for name, preset in presets.PRESETS.items() if name.startswith("best-")}
    assert all(f"-{size}" in name for name, size in sizes.items())
    assert len(sizes) == 8


def test_an_unknown_name_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(SpecError, match="got 'stackd', allowed: stacked, linear"):
        presets.get("stackd")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Stacked"),
        ({"hidden": ()}, "Vanilla"),
        ({"architecture": "convolutional", "noise_rate": 0.3}, "Convolutional denoising"),
        (
            {"architecture": "convolutional", "noise_rate": 0.3, "noise": "dropout", "coding": "variational"},
            "Convolutional denoising (dropout) variational",
        ),
        ({"tied": True, "sparsity_weight": 0.1}, "Tied sparse (L1)"),
        (
            {"coding": "variational", "kl_weight": 2, "penalty": "contractive", "penalty_weight": 1},
            "Contractive variational (β = 2)",
        ),
        ({"noise_on": "coding", "noise_rate": 3}, "Hashing"),
    ],
)
def test_titles_are_composed_as_specs_are(changes: dict, words: str) -> None:
    assert presets.title(RunSpec(**changes)) == words


def test_hubens_weight_is_per_sample() -> None:
    """Times 128, which Keras summed over then, every unit dies."""
    assert presets.get("hubens-sparse").spec.sparsity_weight == pytest.approx(1e-4)
