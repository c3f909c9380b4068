"""Keras models and their training. Importing this package imports TensorFlow, quietly."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for _name in ("tensorflow", "absl", "tf2onnx"):
    logging.getLogger(_name).setLevel(logging.ERROR)

from aecore.datasets.files import keras_folder  # noqa: E402
from aecore.specs.run import RunSpec  # noqa: E402

if (
    "KERAS_HOME" in os.environ
):  # Keras would make a folder called `~`, and take an empty value for the working directory
    os.environ["KERAS_HOME"] = str(keras_folder().parent)

from aecore.worker.training.fit import train  # noqa: E402


def warm() -> None:
    """Train and export a tiny network, so that the next training starts with all libraries imported and initialised."""
    with tempfile.TemporaryDirectory() as folder:
        train(RunSpec(dataset="digits", hidden=(4,), coding_size=2, batch_size=500, epochs=1), Path(folder), bool)


__all__ = ["train", "warm"]
