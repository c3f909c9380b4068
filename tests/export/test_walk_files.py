"""What is taken along of a walk can be read again, and says what was seen."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageSequence

from aecore.errors import AecoreError
from aecore.export import walk_files as export
from aecore.figures import DARK, LIGHT

RANDOM = np.random.default_rng(0)
KINDS = {
    "grey": RANDOM.integers(0, 256, (6, 28, 28), np.uint8),
    "floats": RANDOM.uniform(-0.2, 1.2, (6, 8, 8)).astype(np.float32),
    "one channel": RANDOM.random((6, 10, 12, 1), np.float32),
    "colours": RANDOM.random((6, 16, 16, 3), np.float32),
    "vectors": RANDOM.normal(size=(6, 5)).astype(np.float32),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_gif_walks_there_and_back(kind: str) -> None:
    samples = KINDS[kind]
    image = Image.open(io.BytesIO(export.gif(samples, LIGHT)))
    assert image.format == "GIF" and image.info["loop"] == 0
    assert max(image.size) >= export.GIF_SIDE
    frames = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(image)]
    assert len(frames) == 10
    for there, back in zip(range(1, 5), range(9, 5, -1), strict=True):
        assert np.array_equal(frames[there][0], frames[back][0])
    assert frames[0][1] == frames[5][1] == 700 > frames[1][1]
    assert all((frames[i][0] != frames[i + 1][0]).any() for i in range(5))


def test_a_pixel_stays_a_square_of_its_own_grey() -> None:
    samples = KINDS["grey"]
    image = Image.open(io.BytesIO(export.gif(samples, LIGHT)))
    image.seek(3)
    seen = np.asarray(image.convert("L")).reshape(28, 10, 28, 10)
    assert (seen == samples[3][:, None, :, None]).all()


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_sheet_has_a_place_for_every_sample(kind: str, theme: object) -> None:
    samples = KINDS[kind]
    plain = Image.open(io.BytesIO(export.png(samples, 4, theme)))  # type: ignore[arg-type]
    told = Image.open(
        io.BytesIO(export.png(samples, 4, theme, labels=list("abcdef"), framed={0, 5}, title="A walk"))  # type: ignore[arg-type]
    )
    assert plain.format == told.format == "PNG" and plain.width == told.width and plain.height < told.height
    assert len(told.convert("RGB").getcolors(1_000_000) or []) > 4
    wide = Image.open(io.BytesIO(export.png(samples, 6, theme)))  # type: ignore[arg-type]
    assert wide.width > plain.width and wide.height < plain.height


def test_a_label_too_wide_for_one_line_takes_two() -> None:
    def height(label: str) -> int:
        labels = [label, "B"]
        return Image.open(io.BytesIO(export.png(np.zeros((2, 28, 28), np.uint8), 2, LIGHT, labels=labels))).height

    assert height("Ankle boot, no. 1234") == height("A") + export.LINE


def test_a_frame_surrounds_its_sample_only() -> None:
    sheet = export.png(np.zeros((2, 28, 28), np.uint8), 2, LIGHT, framed=[1])
    seen = np.asarray(Image.open(io.BytesIO(sheet)).convert("RGB"))
    blue = (seen == [int(LIGHT.primary[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=-1)
    columns = np.flatnonzero(blue.any(axis=0))
    second = export.MARGIN + export.PNG_SIDE + export.GAP
    assert columns.min() == second - export.FRAME and columns.max() == second + export.PNG_SIDE + export.FRAME - 1


def test_codings_come_back_from_csv_as_they_were() -> None:
    codings = RANDOM.normal(size=(3, 4)).astype(np.float32) * np.float32(1e3)
    codings[0, 0] = np.nan
    names = ["A", 'half, "way"', "B"]
    frame = pd.read_csv(io.BytesIO(export.csv(codings, names)))
    assert list(frame.columns) == ["label", *(f"coding_{i}" for i in range(1, 5))]
    assert frame["label"].tolist() == names
    assert np.array_equal(frame.iloc[:, 1:].to_numpy(np.float32), codings, equal_nan=True)


def test_numbers_that_are_none_are_drawn_all_the_same() -> None:
    for samples in (np.full((2, 8, 8), np.nan, np.float32), np.array([[np.inf, 1], [np.nan, -np.inf]], np.float32)):
        assert Image.open(io.BytesIO(export.gif(samples, LIGHT))).format == "GIF"
        assert Image.open(io.BytesIO(export.png(samples, 2, DARK))).format == "PNG"


@pytest.mark.parametrize(
    "call",
    [
        lambda: export.gif(np.zeros((0, 8, 8), np.uint8), LIGHT),
        lambda: export.png(np.zeros(8), 2, LIGHT),
        lambda: export.png(np.zeros((3, 8, 8)), 2, LIGHT, labels=["one"]),
        lambda: export.png(np.zeros((3, 8, 8)), 0, LIGHT),
        lambda: export.csv(np.zeros((3, 2)), ["one"]),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(call: object) -> None:
    with pytest.raises(AecoreError, match="got .* allowed: ") as error:
        call()  # type: ignore[operator]
    assert "\n" not in str(error.value)
