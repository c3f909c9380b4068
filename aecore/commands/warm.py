"""Import TensorFlow and compile UMAP ahead of the first visitor."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aecore.commands.base import Answer
from aecore.commands.output import say
from aecore.jobs.worker_process import worker_environment
from aecore.specs.map import MapSpec


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds no arguments to the common ones."""


def run(args: argparse.Namespace) -> Answer:
    seconds = {}
    say("UMAP")
    started = time.perf_counter()
    with map_environment(args.cache):
        _compile_umap()
    seconds["mapping"] = round(time.perf_counter() - started, 2)
    say("TensorFlow")
    started = time.perf_counter()
    importlib.import_module("aecore.worker.training")
    seconds["learning"] = round(time.perf_counter() - started, 2)
    return Answer({"seconds": seconds}, f"UMAP {seconds['mapping']} s, TensorFlow {seconds['learning']} s")


def _compile_umap() -> None:
    """Compute a small map, so that numba stores UMAP's compiled functions in the cache folder."""
    from aecore.worker.projection import engines

    noise = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    engines.embed(noise, MapSpec(method="umap"), lambda share: None)


@contextlib.contextmanager
def map_environment(cache: Path) -> Iterator[None]:
    """Give this process a map worker's environment for the block, without TensorFlow, which umap would import."""
    os.environ.update({name: value for name, value in worker_environment(cache).items() if name not in os.environ})
    hidden = "tensorflow" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["tensorflow"]
