"""The executor for an address: a process of this machine, the calling thread (tests), or a Dask cluster."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

from aecore.errors import AecoreError
from aecore.jobs.worker_process import InlineExecutor, process_executor
from aecore.settings import cache_folder


def check_address(address: str | None) -> None:
    """Raise `AecoreError` for an invalid address."""
    if address is not None and address != "inline" and not address.startswith(("tcp://", "tls://")):
        raise AecoreError(f"address: got {address!r}, allowed: inline, tcp://host:port, or none for this machine")


def make_executor(
    address: str | None, lane: str = "train", cache: Path | None = None, preload: bool = False
) -> Executor:
    """An executor that runs one job at a time; a cluster's runs `slots` at a time.

    Parameters
    ----------
    address : None for one worker process of this machine, 'inline' for the calling thread, 'tcp://host:port' for a
        Dask cluster that sees the same cache folder.
    lane : 'train' or 'map'; the map worker never imports TensorFlow.
    cache : folder for compiled code that is kept between starts.
    preload : import the lane's libraries when the process starts, not with its first job.
    """
    check_address(address)
    if address is None:
        return process_executor(lane, cache, preload)
    if address == "inline":
        return InlineExecutor()
    from aecore.jobs.dask_executor import ClusterExecutor  # imports `distributed`

    return ClusterExecutor(address, lane, cache or cache_folder())
