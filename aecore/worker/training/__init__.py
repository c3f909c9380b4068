"""Keras models and their training. Importing this package imports TensorFlow, quietly."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aecore.datasets.files import keras_folder
from aecore.errors import AecoreError
from aecore.specs.run import RunSpec

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for _name in ("tensorflow", "absl", "tf2onnx"):
    logging.getLogger(_name).setLevel(logging.ERROR)


@contextlib.contextmanager
def _without_standard_error() -> Iterator[None]:
    """Discard what is written to the file descriptor of standard error.

    TensorFlow's C++ libraries describe the processor there before they read `TF_CPP_MIN_LOG_LEVEL`.
    """
    try:
        kept = os.dup(2)
    except OSError:  # the process has no standard error
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _import_keras() -> None:
    """Import Keras with TensorFlow as its backend, whatever `KERAS_BACKEND` and `keras.json` say."""
    if "KERAS_HOME" in os.environ:
        # Keras would make a folder called `~`, and take an empty value for the working directory.
        os.environ["KERAS_HOME"] = str(keras_folder().parent)
    before = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        with _without_standard_error():
            import keras
    finally:
        os.environ.pop("KERAS_BACKEND")
        if before is not None:
            os.environ["KERAS_BACKEND"] = before
    if keras.backend.backend() != "tensorflow":
        raise AecoreError(
            f"Keras's backend: got {keras.backend.backend()!r}, with which this process imported Keras; allowed: "
            "'tensorflow', set by KERAS_BACKEND=tensorflow before that import"
        )
    with _without_standard_error():
        keras.ops.zeros(1)  # the first operation, which has messages of its own


_import_keras()

from aecore.worker.training.fit import train  # noqa: E402


def warm() -> None:
    """Train and export a tiny network, so that the next training starts with all libraries imported and initialised."""
    with tempfile.TemporaryDirectory() as folder:
        train(RunSpec(dataset="digits", hidden=(4,), coding_size=2, batch_size=500, epochs=1), Path(folder), bool)


__all__ = ["train", "warm"]
