"""Train a preset, with any setting changed; what is trained already is not trained again. Ctrl-C stops and keeps."""

from __future__ import annotations

import argparse
from typing import Any

from aecore import jobs, presets
from aecore.commands.base import Answer, number, settings
from aecore.commands.work import do
from aecore.runs import Run

INTERRUPTED = 130  # what shells report for Ctrl-C


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("preset", help="a name that `presets` lists")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a field of RunSpec, such as coding_size=2"
    )


def run(args: argparse.Namespace) -> Answer:
    spec = presets.get(args.preset).spec.replace(**settings(args.set))
    task = jobs.TrainTask(spec)
    done = do(task, args.cache)
    metrics = Run(done.folder).metrics
    value: dict[str, Any] = {
        "key": task.key,
        "preset": args.preset,
        "title": presets.title(spec),
        "dataset": spec.dataset,
        "state": done.state,
        "cached": done.cached,
        "folder": str(done.folder),
        **metrics,
    }
    return Answer(value, _text(value), INTERRUPTED if done.state == "stopped" else 0)


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
    return f"{head}: {', '.join(parts)}"
