"""ProbeSpec and the table of numbers: what is accepted, and that keys never change."""

from __future__ import annotations

import math
from typing import Any

import pytest

from aecore.analysis.probe_numbers import NUMBERS, about
from aecore.errors import SpecError
from aecore.specs.probe import ProbeSpec

RUN = "0123456789abcdef"


def test_golden_keys() -> None:
    """Keys name folders: these must never change."""
    assert ProbeSpec().canonical_json() == "{}"
    assert ProbeSpec().key(RUN) == "b6dd0d7e13c5cc95"
    assert ProbeSpec(k=10, n_train=5000).key(RUN) == "1a869d7602149006"
    assert len({ProbeSpec().key(RUN), ProbeSpec().key("f" * 16), ProbeSpec(seed=1).key(RUN)}) == 3
    assert len({ProbeSpec(), ProbeSpec(k="5")}) == 1


@pytest.mark.parametrize(
    ("name", "bad"),
    [("k", 0), ("k", 101), ("k", 2.5), ("k", math.nan), ("n_train", 9), ("n_stored", "all"), ("seed", -1)],
)
def test_bad_values_are_named_in_one_line(name: str, bad: Any) -> None:
    with pytest.raises(SpecError, match=rf"^{name}: got .*, allowed: [^\n]+$"):
        ProbeSpec(**{name: bad})


def test_text_is_read_and_unknown_settings_are_refused() -> None:
    spec = ProbeSpec.from_dict({"k": "7", "n_train": "500"})
    assert spec == ProbeSpec(k=7, n_train=500) == ProbeSpec.from_dict(spec.to_dict())
    with pytest.raises(SpecError, match="^unknown probe setting 'n'; allowed: k, n_train"):
        ProbeSpec.from_dict({"n": 1})


def test_every_number_says_what_it_means_and_which_way_is_good() -> None:
    assert len({number.name for number in NUMBERS}) == len(NUMBERS) == len(about())
    for number in NUMBERS:
        assert number.better in ("higher", "lower", *(["neither"] if not number.pca else [])) and number.title
        assert number.explanation.endswith((".", "?")) and "\n" not in number.explanation
    # A code may be sparse or dense, tell much or little: only with the error beside it one of them is better.
    assert {n.name for n in NUMBERS if n.better == "neither"} == {
        "silent_share",
        "mean_activation",
        "kl",
        "kl_per_dimension",
    }
