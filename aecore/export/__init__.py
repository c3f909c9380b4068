"""Export of a run, as files in memory: the model, its codings, or a program that trains it again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from aecore import datasets
from aecore.errors import RunError
from aecore.export import codings, projector, script
from aecore.specs.fields import unknown
from aecore.store.runs import Run

Files = dict[str, bytes]


def files(run: Run, kind: str) -> Files:
    """{file name: content} of a run in one of the formats; `codings.files` has more choices for 'codings'.

    Parameters
    ----------
    run : a finished or stopped run, else `RunError`.
    kind : one of `FORMATS`, else `RunError`:
        'keras' model.keras, which Keras opens without this package (`aecore.worker.training.keras_file`);
        'onnx' encoder.onnx and decoder.onnx (`aecore.store.onnx_file`); 'codings' a CSV of the validation samples'
        codings (`aecore.export.codings`);
        'projector' a log folder for TensorBoard's Embedding Projector (`aecore.export.projector`);
        'script' and 'notebook' a Keras program that trains the same network, with its data if Keras does not ship them
        (`SpecError` for a spec that it cannot express); 'zip' the whole run folder.
    """
    if kind not in FORMATS:
        raise RunError(unknown("format", kind, FORMATS))
    if not run.readable:
        raise RunError(f"run {run.key}: got a run that is {run.state}, allowed: one that is finished or stopped")
    return FORMATS[kind](run)


def _onnx(run: Run) -> Files:
    from aecore.store import onnx_file

    return {f"{half}.onnx": onnx_file.content(run, half) for half in ("encoder", "decoder")}


def _keras(run: Run) -> Files:
    """The run's model in Keras's own layers. A folder of an older version holds a class of this package instead."""
    path = run.folder / "model.keras"
    try:
        with zipfile.ZipFile(path) as archive:
            needs_package = b'"aecore>' in archive.read("config.json")
        if needs_package:
            from aecore.worker.training import keras_file  # imports TensorFlow

            return {path.name: keras_file.content(keras_file.read(path))}
        return {path.name: path.read_bytes()}
    except (OSError, KeyError, zipfile.BadZipFile):
        raise RunError(f"run {run.key}: {path} cannot be read; train it again") from None


def _program(name: str, write: Callable[..., str]) -> Callable[[Run], Files]:
    def program(run: Run) -> Files:
        spec = run.spec
        contents: Files = {name: write(spec, run.key, run.metrics).encode()}
        if spec.dataset not in script.SHIPPED_WITH_KERAS:
            data, buffer = datasets.load(spec.dataset), io.BytesIO()
            arrays = {"train": data.train, "validation": data.validation}
            if spec.leave_out and data.train_labels is not None:
                arrays["train_labels"] = data.train_labels
            np.savez_compressed(buffer, allow_pickle=False, **arrays)
            contents[f"{spec.dataset}.npz"] = buffer.getvalue()
        return contents

    return program


def _zip(run: Run) -> Files:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in run.folder.rglob("*") if path.is_file() and path.suffix != ".tmp"):
            archive.write(path, Path(run.key) / path.relative_to(run.folder))
    return {f"{run.key}.zip": buffer.getvalue()}


FORMATS: dict[str, Callable[[Run], Files]] = {
    "keras": _keras,
    "onnx": _onnx,
    "script": _program("train.py", script.script),
    "notebook": _program("train.ipynb", script.notebook),
    "codings": codings.files,
    "projector": projector.files,
    "zip": _zip,
}
