"""The sentence beside a knob at a value where the variant's default does not hold."""

from __future__ import annotations

import pytest

from tests.pages.conftest import Open, texts


@pytest.mark.parametrize(
    ("variant", "name", "fine", "warned", "words"),
    [
        ("variational", "coding_size", 10, 100, "in use"),
        ("sparse-l1", "sparsity_weight", 1e-3, 0.5, "PCA"),
        ("recurrent", "coding_size", 30, 100, "PCA"),
    ],
)
def test_a_knob_warns_before_one_trains(
    visit: Open, variant: str, name: str, fine: float, warned: float, words: str
) -> None:
    app = visit(variant=variant, **{name: str(fine)})
    captions = {caption.value for caption in app.sidebar.caption}
    app.select_slider(key=name).set_value(warned).run()
    (new,) = {caption.value for caption in app.sidebar.caption if ":material/warning:" in caption.value} - captions
    assert words in new
    app.select_slider(key=name).set_value(fine).run()
    assert ":material/warning:" not in texts(app)
