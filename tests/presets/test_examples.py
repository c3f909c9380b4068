"""The examples for a class: each can be trained as it says."""

from __future__ import annotations

import pytest

from aecore import presets
from aecore.classroom import lessons
from aecore.presets.examples import EXAMPLES, Example
from aecore.store import runs


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_can_be_trained_and_says_what_is_set(example: Example) -> None:
    assert example.key == runs.run_key(example.spec)
    assert example.spec.dataset == "fashion-mnist-12k"  # at hand on every machine
    assert presets.get(example.preset).title in example.setup
    assert example.page in lessons.PAGES
    for name, value in example.settings.items():
        assert getattr(example.spec, name) == value
        assert (value if isinstance(value, str) else f"{value:g}") in example.setup


def test_there_are_good_and_bad_ones_and_no_two_are_the_same() -> None:
    assert 6 <= len(EXAMPLES) <= 10
    assert {example.good for example in EXAMPLES} == {True, False}
    assert len({example.key for example in EXAMPLES}) == len({example.name for example in EXAMPLES}) == len(EXAMPLES)
