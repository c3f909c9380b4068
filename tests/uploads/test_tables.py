"""Tables and sequences of text files, and Parquet."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aecore.errors import UploadError
from tests.uploads.made_files import read

FRAME = pd.DataFrame(
    {
        "height": np.linspace(1, 2, 40),
        "age": np.arange(40) % 7,
        "smokes": np.arange(40) % 2 == 0,
        "town": np.array(["Rome", "Oslo", "Bonn"])[np.arange(40) % 3],
        "day": pd.date_range("2020-01-01", periods=40).astype(str),
        "note": [f"text {i}" for i in range(40)],
        "same": 1.0,
        "species": np.array(["b", "a"])[np.arange(40) % 2],
    }
)


def csv(frame: pd.DataFrame = FRAME, **options: object) -> bytes:
    return frame.to_csv(index=False, **options).encode()


def test_columns_become_numbers_each_change_in_a_sentence(tmp_path: Path) -> None:
    samples = read(tmp_path, csv())
    assert samples.columns == ("height", "age", "smokes", "town=Bonn", "town=Oslo", "town=Rome")
    assert samples.classes == ("a", "b") and samples.labels.tolist() == [1, 0] * 20
    np.testing.assert_allclose(samples.x[:, 0], FRAME["height"])
    assert samples.x[:4, 3:].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert samples.facts == (
        "Categories as columns of 0 and 1: town (3).",
        "3 columns left out: day (dates), note (text of 40 different values), same (a single value).",
        "Label column species: 2 classes.",
    )


def test_label_and_columns_are_those_one_names(tmp_path: Path) -> None:
    assert read(tmp_path, csv(), label="town").classes == ("Bonn", "Oslo", "Rome")
    assert read(tmp_path, csv(), label="-").labels is None
    assert read(tmp_path, csv(), columns="height,age").columns == ("height", "age")
    with pytest.raises(UploadError, match="label: got 'towm', allowed: columns of file 0 .*did you mean town"):
        read(tmp_path, csv(), label="towm")
    with pytest.raises(UploadError, match="columns: got 'weight'"):
        read(tmp_path, csv(), columns=["weight"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (csv(sep=";"), "Cells separated by ;."),
        (csv(sep="\t"), "Cells separated by tabs."),
        (csv(sep=";", decimal=","), "Decimal commas."),
        (b"\xef\xbb\xbf" + csv(), ""),
        (csv().decode().encode("utf-16"), "Read as UTF-16."),
        (csv(FRAME.replace("Rome", "Köln")).decode().encode("cp1252"), "Read as CP1252."),
        (csv().replace(b"\n", b"\r\n"), ""),
    ],
)
def test_separators_decimals_and_encodings_are_guessed(tmp_path: Path, content: bytes, said: str) -> None:
    samples = read(tmp_path, content)
    np.testing.assert_allclose(samples.x[:, 0], FRAME["height"], atol=1e-6)
    assert samples.columns[0] == "height" and samples.x.shape == (40, 6)
    assert not said or said in samples.facts


def test_a_header_that_is_missing_or_doubled(tmp_path: Path) -> None:
    bare = read(tmp_path, csv(FRAME[["height", "age"]], header=False))
    assert bare.columns == ("column 1", "column 2") and len(bare.x) == 40
    head, body = csv().split(b"\n", 1)
    doubled = read(tmp_path, head + b"\n" + head + b"\n" + body)
    assert len(doubled.x) == 40 and doubled.columns[:2] == ("height", "age")
    assert "The header stands twice: the second one is left out." in doubled.facts
    same = read(tmp_path, b"a,a\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(20)))
    assert len(set(same.columns)) == 2


def test_missing_and_impossible_values(tmp_path: Path) -> None:
    frame = FRAME[["height", "age"]].astype(object)
    frame.loc[[1, 2, 3, 4], "height"] = ["", "inf", "1e300", "?"]
    samples = read(tmp_path, csv(frame))
    assert np.isfinite(samples.x).all() and samples.x[1, 0] == pytest.approx(np.median(samples.x[5:, 0]), abs=0.05)
    said = " ".join(samples.facts)
    for part in ("1 infinite value", "1 value beyond", "1 text in columns", "4 missing values filled"):
        assert part in said, said
    assert len(read(tmp_path, csv(frame), missing="drop").x) == 36


def test_hostile_names_are_plain_text(tmp_path: Path) -> None:
    frame = FRAME[["height", "age"]].set_axis(["=cmd|' /C calc'!A0", "<script>x</script>"], axis=1)
    frame["label"] = np.array(["<b>a</b>", "\u202e\u0007x", "😀 " + "y" * 100])[np.arange(40) % 3]
    samples = read(tmp_path, csv(frame))
    assert samples.columns[1] == "‹script›x‹/script›"
    assert "‹b›a‹/b›" in samples.classes and "x" in samples.classes and max(map(len, samples.classes)) == 40


def test_parquet_has_the_same_samples_as_csv(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    FRAME.assign(day=pd.to_datetime(FRAME["day"]), nested=[[1, 2]] * 40).to_parquet(buffer)
    from_parquet, from_csv = read(tmp_path, buffer.getvalue()), read(tmp_path, csv())
    assert from_parquet.columns == from_csv.columns and (from_parquet.x == from_csv.x).all()
    assert "1 column of lists or records left out." in from_parquet.facts
    assert "day (dates)" in " ".join(from_parquet.facts)


def test_rows_of_different_lengths_are_sequences(tmp_path: Path) -> None:
    rows = [[*("a" if i % 2 else "b"), *(f"{j + i / 100:.2f}" for j in range(5 + i % 4))] for i in range(20)]
    content = "\n".join(",".join(row) for row in rows).encode()
    padded = read(tmp_path, content)
    assert padded.form == "sequences" and padded.x.shape == (20, 8, 1) and padded.classes == ("a", "b")
    assert padded.x[0, :, 0].tolist() == [0, 1, 2, 3, 4, 4, 4, 4]
    assert "Sequences of 5 to 8 steps: 15 padded to 8 with the last step." in padded.facts
    resampled = read(tmp_path, content, lengths="resample")
    assert resampled.x.shape == (20, 6, 1)
    np.testing.assert_allclose(resampled.x[0, :, 0], np.linspace(0, 4, 6), rtol=1e-6)
    assert read(tmp_path, csv(FRAME[["height", "age"]]), read_as="sequences").x.shape == (40, 2, 1)


REFUSED = {
    "no rows": (csv(FRAME[:0]), "allowed: 2 or more|got 0 samples"),
    "one row": (csv(FRAME[:1]), "allowed: "),
    "one column": (csv(FRAME[["height"]]), "got 1 column of numbers that differ, allowed: 2 or more"),
    "all equal": (csv(pd.DataFrame({"a": [1] * 20, "b": [2] * 20})), "got 0 columns of numbers that differ"),
    "texts only": (csv(FRAME[["note", "day"]]), "got 0 columns of numbers"),
    "NaN only": (csv(pd.DataFrame({"a": [np.nan] * 20, "b": [np.nan] * 20})), "got 0 columns"),
    "damaged": (b"a,b\n" + b"1,2\n" * 20 + b"3,4,5\n", "damaged table"),
    "binary": (b"a\x00\x01\x02" * 100, "unknown kind"),
    "control": (bytes(range(1, 32)) * 20, "unknown kind"),
    "blank": (b"\n\n  \n", "without text"),
    "cut UTF-16": (csv().decode().encode("utf-16")[:-1], "damaged UTF-16"),
    "cut Parquet": (b"PAR1" + bytes(50), "damaged Parquet"),
    "PDF": (b"%PDF-1.4", "a PDF"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content, reason = REFUSED[name]
    with pytest.raises(UploadError, match=f"(?s)^(?!.*\n).*({reason})"):
        read(tmp_path, content)
