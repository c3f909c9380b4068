"""The worker's side: Keras models and their training. Nothing else in the package imports TensorFlow."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for _name in ("tensorflow", "absl", "tf2onnx"):
    logging.getLogger(_name).setLevel(logging.ERROR)


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere: what TensorFlow's C++ side says while it loads obeys no setting."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with _silent_stderr():
    import tensorflow  # noqa: F401

from aecore.specs.run import RunSpec  # noqa: E402
from aecore.worker.training.fit import train  # noqa: E402


def warm() -> None:
    """Train and export something tiny, so that the first real training finds everything imported and initialised."""
    with tempfile.TemporaryDirectory() as folder:
        train(RunSpec(dataset="digits", hidden=(4,), coding_size=2, batch_size=500, epochs=1), Path(folder), bool)


__all__ = ["train", "warm"]
