"""Compute a map of a run's codings, or of a layer's activations, and measure how far it can be trusted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from aecore import jobs
from aecore.commands.base import INTERRUPTED, Answer, add_set_option, existing_run, number, settings
from aecore.commands.parser import Parser
from aecore.commands.run_task import TaskResult, run_task
from aecore.errors import RunError
from aecore.specs.fields import unknown
from aecore.specs.map import METHODS, MapSpec
from aecore.store.files import read_json
from aecore.store.runs import Run


def configure(parser: Parser) -> None:
    parser.add_argument("run", help="the run's key, which `train` prints")
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument("--layer", default="codings", metavar="NAME", help="a layer in the run's metrics")
    add_set_option(parser, MapSpec, "perplexity=30", without=("method", "layer"))


def run(args: argparse.Namespace) -> Answer:
    source = existing_run(args.run, args.cache)
    spec = MapSpec.from_dict({**settings(args.set, ("method", "layer")), "method": args.method, "layer": args.layer})
    layers = ["codings", *(layer["name"] for layer in source.metrics.get("layers", []))]
    if spec.layer not in layers:
        raise RunError(unknown("--layer", spec.layer, layers))
    if spec.layer == "codings" and "coding_size" in source.metrics:
        spec.check_width(source.metrics["coding_size"])
    done = compute_map(source, spec, args.cache)
    metrics = read_json(done.folder / "metrics.json", {})
    value: dict[str, Any] = {
        "key": done.folder.name,
        "run": source.key,
        "method": spec.method,
        "layer": spec.layer,
        "state": done.state,
        "cached": done.cached,
        "folder": str(done.folder),
        **metrics,
    }
    return Answer(value, _text(value), INTERRUPTED if done.state == "stopped" else 0, done.folder)


def compute_map(source: Run, spec: MapSpec, cache: Path) -> TaskResult:
    """The map of a run, computed if it does not exist."""
    return run_task(jobs.MapTask(source.key, spec), cache)


def _text(value: dict[str, Any]) -> str:
    head = f"{value['key']}  {value['method']} of {value['layer']} of run {value['run']}"
    if "trustworthiness" not in value:
        return f"{head}: stopped"
    return (
        f"{head}, {value['n']:,} points: trustworthiness {number(value['trustworthiness'])}, "
        f"continuity {number(value['continuity'])}, class from the map {number(value['knn_map'])}, "
        f"from the codings {number(value['knn_codings'])}"
    )
