"""Measure what a run is worth: its error and its codings, beside PCA codings of the same size and raw pixels."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from aecore import jobs
from aecore.analysis import probe_numbers
from aecore.analysis.probe_numbers import NUMBERS
from aecore.commands.base import INTERRUPTED, Answer, add_set_option, existing_run, settings, table
from aecore.commands.parser import Parser
from aecore.commands.run_task import TaskResult, run_task
from aecore.specs.probe import ProbeSpec
from aecore.store.files import read_json
from aecore.store.runs import Run

DECIMALS = {"error": 4, "share": 3, "percent": 1, "nats": 2, "nats each": 2, "count": 0}
COLUMNS = ("number", "this run", "PCA", "pixels", "better", "what it says")


def configure(parser: Parser) -> None:
    parser.add_argument("run", help="the run's key, which `train` prints")
    add_set_option(parser, ProbeSpec, "k=10")


def run(args: argparse.Namespace) -> Answer:
    source = existing_run(args.run, args.cache)
    done = measure(source, args.cache, ProbeSpec.from_dict(settings(args.set)))
    value: dict[str, Any] = {
        "key": done.folder.name,
        "run": source.key,
        "state": done.state,
        "cached": done.cached,
        "folder": str(done.folder),
        **(numbers(done) or {}),
    }
    text = as_text(value) if done.state == "finished" else f"{value['key']}: stopped"
    return Answer(value, text, INTERRUPTED if done.state == "stopped" else 0, done.folder)


def measure(source: Run, cache: Path, spec: ProbeSpec | None = None) -> TaskResult:
    """The probe of a run, computed if it does not exist."""
    return run_task(jobs.ProbeTask(source.key, spec or ProbeSpec()), cache)


def numbers(done: TaskResult) -> dict[str, Any] | None:
    """The numbers of a finished probe, with their descriptions as `about`; None for a stopped one."""
    if done.state != "finished":
        return None
    return {**read_json(done.folder / "metrics.json", {}), "about": probe_numbers.about()}


def as_text(value: dict[str, Any]) -> str:
    """A table of the probe's numbers, and the reasons for missing ones."""
    rows = [
        {
            "number": number.title,
            "this run": _text(value[number.name], number.kind),
            "PCA": _text(value.get(number.pca), number.kind),
            "pixels": _text(value.get(number.pixels), number.kind),
            "better": number.better,
            "what it says": number.explanation,
        }
        for number in NUMBERS
        if value.get(number.name) is not None  # probes of older versions lack some
    ]
    reasons = (f"no {', '.join(titles)}: {why}" for why, titles in probe_numbers.missing(value).items())
    return "\n".join([table(COLUMNS, rows), *reasons])


def _text(value: Any, kind: str) -> str:
    form = f"{{:,.{DECIMALS[kind]}f}}".format
    if value is None:
        return ""
    return probe_numbers.ranked(value, form) if isinstance(value, list) else form(value)
