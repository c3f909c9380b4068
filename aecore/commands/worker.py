"""Run jobs of a Dask cluster on this machine until interrupted, for a server with AECORE_SCHEDULER."""

from __future__ import annotations

import argparse

from aecore.commands.base import Answer
from aecore.jobs import dask_worker
from aecore.jobs.executors import check_address


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", help="the scheduler's, tcp://host:8786")


def run(args: argparse.Namespace) -> Answer:
    check_address(args.address)
    dask_worker.serve_forever(args.address, args.cache.absolute())
    return Answer(None, "")
