from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aecore.figures import LIGHT
from pages.widgets.images import grid
from pages.widgets.images.sample_html import difference, difference_image, image_html, png, to_uint8

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 4, 5), np.uint8)
BAD = "<script>alert(1)</script>\"'&"


class Page(HTMLParser):
    """Tags with their attributes, text, and whether every tag was closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] != "style":
            self.text.append(data.strip())

    def all(self, kind: str) -> list[dict[str, str | None]]:
        """Attributes of every tag of this name or of this class."""
        return [a for tag, a in self.tags if tag == kind or kind in (a.get("class") or "").split()]


def pixels(source: str | None) -> np.ndarray:
    data = base64.b64decode((source or "").removeprefix("data:image/png;base64,"))
    return np.array(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (4, 9), (9, 4), (5, 6, 3), (300, 200)])
def test_png_is_read_back_exactly(shape: tuple[int, ...]) -> None:
    image = RNG.integers(0, 256, shape, np.uint8)
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(png(image)))), image)


def test_png_takes_one_channel_and_views_but_no_other_shapes() -> None:
    image = RNG.integers(0, 256, (6, 8), np.uint8)
    assert png(image[..., None]) == png(image)
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(png(image.T)))), image.T)
    for shape in ((3,), (2, 2, 2), (2, 2, 4), (0, 3), (1, 2, 2, 3)):
        with pytest.raises(ValueError, match="allowed: "):
            png(np.zeros(shape))


def test_to_uint8() -> None:
    values = np.array([-1, 0, 0.5, 1, 7, np.nan, np.inf], np.float16)
    assert to_uint8(values).tolist() == [0, 0, 128, 255, 255, 0, 255]
    assert to_uint8(IMAGES) is IMAGES
    np.testing.assert_array_equal(to_uint8(IMAGES / 255), IMAGES)


def test_differences_are_signed() -> None:
    original = np.array([[0.5, 0.2, 0.9]])
    (same, bright, dark) = difference_image(original, np.array([[0.5, 0.9, 0.2]]))[0].astype(int)
    assert same.tolist() == [128, 128, 128]
    assert bright[0] > bright[1] > bright[2] and bright[0] > 200  # orange
    assert dark[2] > dark[1] > dark[0] and dark[2] > 200  # blue
    little = difference_image(original, original + 0.05)[0].astype(int)
    assert (np.abs(little - 128) < np.abs(bright - 128)).all() and (little[:, 0] > 128).all()


@pytest.mark.parametrize("shape", [(7, 4, 5), (7, 4, 5, 1), (7, 4, 5, 3), (4, 5), (1, 5)])
def test_differences_of_stacks_and_channels(shape: tuple[int, ...]) -> None:
    a, b = (RNG.random(shape, np.float32) for _ in range(2))
    result = difference_image(a, b)
    assert result.dtype == np.uint8 and result.shape == (*(shape[:-1] if len(shape) == 4 else shape), 3)
    if len(shape) >= 3:
        np.testing.assert_array_equal(result, difference(to_uint8(a), to_uint8(b)))


def test_differences_of_vectors_are_plain() -> None:
    a, b = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 3))
    np.testing.assert_allclose(difference(a, b), b - a, rtol=1e-5, atol=1e-6)


def test_a_grid_has_every_image_in_its_place() -> None:
    rows = [("original", IMAGES), ("reconstruction", IMAGES[::-1] / 255)]
    page = Page(grid.grid_html(rows, ["a", "b", "c"], ("MSE", [".1", ".2", ".3"])))
    pictures = page.all("img")
    order = [IMAGES[0], IMAGES[2], IMAGES[1], IMAGES[1], IMAGES[2], IMAGES[0]]  # column after column
    for attributes, image in zip(pictures, order, strict=True):
        np.testing.assert_array_equal(pixels(attributes["src"]), image)
        assert (attributes["width"], attributes["height"]) == ("5", "4")
    assert [p["alt"] for p in pictures] == [f"{c}, {r}" for c in "abc" for r in ("original", "reconstruction")]
    for text in ("a", "b", "c", "original", "reconstruction", "MSE", ".1", ".2", ".3"):
        assert page.text.count(text) == 1
    assert page.text[0] == "From top to bottom: original, reconstruction, MSE"


@pytest.mark.parametrize(("count", "blocks"), [(1, 1), (10, 1), (11, 2), (25, 3), (0, 0)])
def test_many_columns_make_several_blocks(count: int, blocks: int) -> None:
    page = Page(grid.grid_html([("x", [IMAGES[0]] * count)], [f"c{i}" for i in range(count)]))
    assert len(page.all("ae-block")) == len(page.all("ae-names")) == blocks
    assert len(page.all("img")) == count and page.text.count("x") == blocks
    assert len(page.all("ae-column")) == count + blocks


def test_half_as_many_a_row_where_it_is_narrow() -> None:
    columns = [str(i) for i in range(10)]
    source = grid.grid_html([("x", [IMAGES[0]] * 10)], columns)
    assert "--n:10;--m:5" in source and "@container (max-width:" in source and "image-rendering:pixelated" in source
    assert "--n:3;--m:3" in grid.grid_html([("x", IMAGES)], columns[:3])


def test_alt_texts_may_be_given() -> None:
    rows = [("r", IMAGES)]
    called = Page(grid.grid_html(rows, "abc", alt=lambda row, column: f"{row} of {column}"))
    listed = Page(grid.grid_html(rows, "abc", alt=[["1", "2", "3"]]))
    assert [p["alt"] for p in called.all("img")] == ["r of a", "r of b", "r of c"]
    assert [p["alt"] for p in listed.all("img")] == ["1", "2", "3"]


def test_everything_is_escaped() -> None:
    for sample in (IMAGES[0], np.ones(3)):
        sources = [
            grid.grid_html([(BAD, [sample])], [BAD], (BAD, [BAD]), alt=lambda r, c: BAD),
            grid.thumbnails_html([sample], [BAD], captions=True),
            grid.large_image_html(sample, BAD, caption=BAD),
        ]
        for source in sources:
            page = Page(source)
            assert not page.all("script") and any(BAD in text for text in page.text)
            told = [a.get("alt") or a.get("aria-label") or "" for a in page.all("img") + page.all("ae-vector")]
            assert told and all(BAD in text for text in told)


def test_vectors_are_bars_on_one_scale() -> None:
    rows = [("original", np.array([[0.5, -2.0, 1.0]])), ("reconstruction", np.array([[1.0, 0.0, -0.001]]))]
    page = Page(grid.grid_html(rows, ["#7"]))
    heights = [re.search(r"height:([\d.]+)%", a["style"] or "")[1] for a in page.all("i")]  # type: ignore[index]
    assert heights == ["12.5", "50.0", "25.0", "25.0", "0.0", "0.0"]
    assert [a["class"] for a in page.all("i")][:3] == ["ae-up", "ae-down", "ae-up"]
    assert page.all("ae-vector")[0]["aria-label"] == "#7, original: 0.50, -2.00, 1.00"
    assert "-2.00" in page.text and "-0.00" not in page.text
    long = Page(grid.thumbnails_html([np.zeros(40)], ["flat"]))
    assert len(long.all("i")) == 40 and not long.text


def test_wide_vectors_have_as_many_bars_as_fit_and_sequences_one_feature_after_the_other() -> None:
    wide = Page(grid.thumbnails_html([np.linspace(0, 1, 768)], ["wide"]))
    assert len(wide.all("i")) == 96
    sequence = np.stack([np.full(4, 0.5), np.full(4, -1.0)], axis=1)  # 4 steps of 2 features
    page = Page(grid.thumbnails_html([sequence], ["steps"]))
    assert [a["class"] for a in page.all("i")] == ["ae-up"] * 4 + ["ae-down"] * 4 and not page.all("img")
    assert [re.search(r"height:([\d.]+)%", a["style"])[1] for a in page.all("i")] == ["25.0"] * 4 + ["50.0"] * 4
    stack = np.stack([sequence, sequence])
    np.testing.assert_allclose(difference(stack, stack + 0.25), np.full((2, 4, 2), 0.25))


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="row 'x': got 3 entries, allowed: 2"):
        grid.grid_html([("x", IMAGES)], ["a", "b"])
    with pytest.raises(ValueError, match="row 'MSE': got 1 entries, allowed: 3"):
        grid.grid_html([("x", IMAGES)], ["a", "b", "c"], ("MSE", ["1"]))
    with pytest.raises(ValueError, match="labels: got 1, allowed: 3"):
        grid.thumbnails_html(IMAGES, ["a"])


def test_thumbnails_and_large_images() -> None:
    page = Page(grid.thumbnails_html(IMAGES, list("abc"), per_row=8))
    assert [p["alt"] for p in page.all("img")] == ["a", "b", "c"] and not page.text
    assert Page(grid.thumbnails_html(IMAGES, list("abc"), captions=True)).text == ["a", "b", "c"]
    large = Page(grid.large_image_html(IMAGES[0], "boot", width=140, caption="a boot"))
    assert large.all("figure")[0]["style"] == "width:140px" and large.text == ["a boot"]
    np.testing.assert_array_equal(pixels(large.all("img")[0]["src"]), IMAGES[0])


def test_the_same_image_is_the_same_text() -> None:
    """Streamlit sends an element again only when it has changed."""
    assert image_html(IMAGES[0], "a") == image_html(IMAGES[0].copy(), "a")


def test_on_a_page() -> None:
    def page() -> None:
        import numpy as np
        import streamlit as st

        from pages.widgets.basics import theme
        from pages.widgets.images import grid

        images = np.zeros((2, 3, 3))
        grid.show([("original", images)], ["a", "b"])
        grid.thumbnails(images)
        grid.large_image(images[0], "black")
        st.text(theme.current().name)

    app = AppTest.from_function(page).run()
    assert not app.exception and len(app.get("html")) == 3
    assert app.text[0].value == LIGHT.name  # no browser has told its theme
