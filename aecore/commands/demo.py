"""Train the missing demonstration runs, compute their maps and probes, and let git track exactly these runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from aecore import jobs
from aecore.commands import probe
from aecore.commands.base import INTERRUPTED, Answer, number, table
from aecore.commands.output import say
from aecore.commands.project import compute_map
from aecore.commands.run_task import run_task
from aecore.presets import demonstrations
from aecore.presets.demonstrations import Demonstration
from aecore.store import experiments, files, runs
from aecore.store.runs import Run

COLUMNS = ("name", "key", "cached", "epochs", "MSE", "PCA", "kNN", "maps", "kB")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prune", action="store_true", help="delete the runs that were demonstrations and are no longer in the list"
    )


def run(args: argparse.Namespace) -> Answer:
    folder = args.cache / "runs"
    rows: list[dict[str, Any]] = []
    for demonstration in demonstrations.DEMONSTRATIONS:
        say(f"{demonstration.name}: {demonstration.key}")
        try:
            row = _make(demonstration, args.cache)
        except KeyboardInterrupt:
            row = None
        if row is None:
            return Answer({"runs": rows, "stopped": demonstration.name}, _text(rows), INTERRUPTED, folder)
        rows.append(row)
    pruned = (
        [key for key in demonstrations.committed(folder) if key not in demonstrations.keys().values()]
        if args.prune
        else []
    )
    for key in pruned:
        files.set_aside(folder / runs.valid_key(key))
    demonstrations.commit(folder, demonstrations.keys().values())
    experiment_keys = [
        experiments.key_of(spec)
        for demonstration in demonstrations.DEMONSTRATIONS
        for spec in demonstration.pretrainings
    ]
    if experiment_keys:
        demonstrations.commit(args.cache / "pretraining", experiment_keys)
    total = sum(row["bytes"] for row in rows)
    if total > demonstrations.MAX_BYTES:  # runs from the cache may not be recompressed yet
        for row in rows:
            source = Run(folder / row["key"])
            source.shrink()
            row["bytes"] = _size(source.folder)
        total = sum(row["bytes"] for row in rows)
    fits = total <= demonstrations.MAX_BYTES
    if not fits:
        say(
            f"the demonstration runs take {total:,} bytes, allowed: {demonstrations.MAX_BYTES:,}; "
            "take some from aecore/presets/demonstrations.py"
        )
    return Answer({"runs": rows, "bytes": total, "pruned": pruned}, _text(rows), 0 if fits else 1, folder)


def _make(demonstration: Demonstration, cache: Path) -> dict[str, Any] | None:
    """The row of a demonstration, whose run, maps and probe are computed if they are missing; None after Ctrl-C."""
    done = run_task(jobs.TrainTask(demonstration.spec), cache)
    if done.state != "finished":
        return None
    source = Run(done.folder)
    if not done.cached:
        source.shrink()
    for spec in demonstration.maps:
        if compute_map(source, spec, cache).state != "finished":
            return None
    for experiment in demonstration.pretrainings:
        if run_task(jobs.PretrainTask(experiment), cache).state != "finished":
            return None
    measured = probe.numbers(probe.measure(source, cache))
    if measured is None:
        return None
    metrics = source.metrics
    return {
        "name": demonstration.name,
        "key": source.key,
        "cached": done.cached,
        "epochs": metrics["epochs"],
        "val_mse": metrics["val_mse"],
        "pca_mse": metrics["pca_mse"],
        "knn_accuracy": measured["knn_accuracy"],
        "maps": [spec.method for spec in demonstration.maps],
        "bytes": _size(done.folder),
    }


def _size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _text(rows: list[dict[str, Any]]) -> str:
    lines = [
        {
            **row,
            "cached": "yes" if row["cached"] else "no",
            "MSE": number(row["val_mse"], 5),
            "PCA": number(row["pca_mse"], 5),
            "kNN": number(row["knn_accuracy"], 3),
            "maps": " ".join(row["maps"]),
            "kB": f"{row['bytes'] / 1000:,.0f}",
        }
        for row in rows
    ]
    total = sum(row["bytes"] for row in rows) / 1000
    return f"{table(COLUMNS, lines)}\n{len(rows)} runs, {total:,.0f} kB"
