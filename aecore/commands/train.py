"""Train a preset, with any setting changed, and probe the run; a finished run is not trained again. Ctrl-C stops the
training and keeps the run, once an epoch is trained; Ctrl-C again leaves at once and keeps nothing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from aecore import datasets, jobs, presets
from aecore.analysis import learned
from aecore.commands import data, probe
from aecore.commands.base import INTERRUPTED, Answer, add_set_option, number, settings
from aecore.commands.output import say
from aecore.commands.parser import Parser
from aecore.commands.run_task import run_task
from aecore.errors import AecoreError
from aecore.specs.run import RunSpec
from aecore.specs.upload import UploadSpec
from aecore.store.runs import Run


def configure(parser: Parser) -> None:
    parser.add_argument("preset", help="a name that `presets` lists")
    parser.add_argument("--dataset", metavar="NAME", help="a data set, such as one that `data add` has printed")
    parser.add_argument("--data", metavar="FILE", help="a file that is added as `data add` does, and trained on")
    add_set_option(parser, RunSpec, "coding_size=2", defaults=False)  # the preset's values are the defaults
    parser.add_argument("--no-probe", action="store_true", help="do not measure what the run is worth")


def run(args: argparse.Namespace) -> Answer:
    spec = _spec(args)
    task = jobs.TrainTask(spec)
    done = run_task(task, args.cache)
    metrics, measured, interrupted = Run(done.folder).metrics, None, done.state == "stopped"
    if not interrupted and not args.no_probe:
        try:
            measured = _measured(Run(done.folder), args.cache)
        except KeyboardInterrupt:  # the run is finished: its answer is printed
            interrupted = True
    value: dict[str, Any] = {
        "key": task.key,
        "preset": args.preset,
        "title": presets.title(spec),
        "dataset": spec.dataset,
        "state": done.state,
        "cached": done.cached,
        "folder": str(done.folder),
        **metrics,
        "warning": learned.verdict(spec, metrics) or None,
        "probe": measured,
    }
    return Answer(value, _text(value), INTERRUPTED if interrupted else 0, done.folder)


def _spec(args: argparse.Namespace) -> RunSpec:
    """The preset on the data set that the arguments name, with their settings."""
    spec, changed = presets.get(args.preset).spec, settings(args.set)
    if args.data is not None and (args.dataset or "dataset" in changed):
        raise AecoreError("--data: got it with another data set, allowed: one of them")
    name = args.dataset or changed.pop("dataset", None)
    if args.data is not None:
        name, _ = data.add([args.data], UploadSpec(), args.cache)
        say(f"{args.data} is {name}")
    return (spec if name is None else datasets.fitting(spec, datasets.info(name))).replace(**changed)


def _measured(run: Run, cache: Path) -> dict[str, Any] | None:
    """The probe's numbers; None, with one line on stderr, if it fails, since the run itself is finished."""
    try:
        return probe.numbers(probe.measure(run, cache))
    except AecoreError as error:
        say(f"not measured: {error}")
        return None


def _text(value: dict[str, Any]) -> str:
    head = f"{value['key']}  {value['title']} on {value['dataset']}"
    if "val_mse" not in value:
        return f"{head}: stopped before there was anything to keep"
    parts = [
        "trained before" if value["cached"] else f"{value['state']} after {value['seconds']:.1f} s",
        f"{value['parameters']:,} parameters",
        f"MSE {number(value['val_mse'])} (PCA {number(value['pca_mse'])})",
    ]
    if value["val_bce"] is not None:
        parts.append(f"BCE {number(value['val_bce'])}, rounded accuracy {number(value['rounded_accuracy'])}")
    probe_text = f"\n{probe.as_text(value['probe'])}" if value["probe"] else ""
    warning = f"\n{value['warning']}" if value["warning"] else ""
    return f"{head}: {', '.join(parts)}{warning}{probe_text}"
