"""Files that are written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from aecore.store import files


def test_nan_and_infinity_are_null(tmp_path: Path) -> None:
    values = {"a": float("nan"), "b": [np.float32("inf"), 1.5], "c": (-float("inf"), {"d": np.float64("nan")})}
    files.write_json(tmp_path / "x.json", {**values, "n": np.int64(3), "f": np.float32(0.5), "t": np.bool_(True)})
    read = json.loads((tmp_path / "x.json").read_text(), parse_constant=pytest.fail)
    assert read == {"a": None, "b": [None, 1.5], "c": [None, {"d": None}], "n": 3, "f": 0.5, "t": True}


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    files.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        files.write_json(path, {"a": object()})
    assert files.read_json(path, None) == {"a": 1}

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        files.write_json(path, {"a": 2})
    assert files.read_json(path, None) == {"a": 1}


def test_a_write_leaves_only_the_file(tmp_path: Path) -> None:
    for _ in range(2):
        files.write_json(tmp_path / "x.json", {})
        files.write_array(tmp_path / "x.npy", np.zeros(3))
        files.write_arrays(tmp_path / "x.npz", {"a": np.zeros(3)})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.json", "x.npy", "x.npz"]
