"""Where a job is done: a process of this machine, this thread (tests), or a cluster."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

from aecore.errors import AecoreError
from aecore.jobs.worker_process import InlineExecutor, process_executor
from aecore.store.files import cache_folder


def check_address(address: str | None) -> None:
    """Raise `AecoreError` for an address that no executor serves."""
    if address is not None and address != "inline" and not address.startswith(("tcp://", "tls://")):
        raise AecoreError(f"address: got {address!r}, allowed: inline, tcp://host:port, or none for this machine")


def make_executor(
    address: str | None, lane: str = "train", cache: Path | None = None, preload: bool = False
) -> Executor:
    """An executor that does one job at a time; a cluster's does `slots` at a time.

    Parameters
    ----------
    address : None for one worker process of this machine, 'inline' for the calling thread, 'tcp://host:port' for a
        Dask cluster that sees the same cache folder.
    lane : 'train' or 'map'; the map worker never imports TensorFlow.
    cache : where compiled code may be kept between starts.
    preload : let a worker process import what its lane needs before the first job.
    """
    check_address(address)
    if address is None:
        return process_executor(lane, cache, preload)
    if address == "inline":
        return InlineExecutor()
    from aecore.jobs.dask_executor import ClusterExecutor  # imports `distributed`

    return ClusterExecutor(address, lane, cache or cache_folder())
