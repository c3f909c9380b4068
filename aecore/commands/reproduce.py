"""Train published recipes as printed, and set what was obtained beside what was published."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from aecore import jobs, presets
from aecore.commands.base import Answer, number, say, table
from aecore.commands.train import INTERRUPTED
from aecore.commands.work import do
from aecore.errors import AecoreError, SpecError
from aecore.presets import Preset
from aecore.runs import Run
from aecore.spec import RunSpec

# How far a result may be from the printed one: what other seeds, and ten years of Keras versions, move it by.
TOLERANCES = {"bce": 0.004, "mse": 0.0006}
VARIATIONAL_TOLERANCE = 0.006  # its printed loss is a draw from the distribution
ACCURACY_TOLERANCE = 0.01
# 60 points and a large step: seeds differ by more than the result. Range of training MSE over eight seeds.
LINEAR_RANGE = 0.003, 0.025
NUMBERS = ("train_loss", "val_loss", "rounded_accuracy")
COLUMNS = ("preset", "seed", "val loss", "published", "accuracy", "published ", "parameters", "seconds", "agrees")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "presets", nargs="*", metavar="PRESET", help="published recipes; all of them where none is named"
    )
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="train each with N seeds (default 1)")


def run(args: argparse.Namespace) -> Answer:
    if not 1 <= args.seeds <= 100:
        raise SpecError(f"--seeds: got {args.seeds}, allowed: 1 to 100")
    chosen = [_recipe(name) for name in args.presets or _published()]
    rows: list[dict[str, Any]] = []
    interrupted = False
    for preset, offset in ((preset, offset) for preset in chosen for offset in range(args.seeds)):
        say(f"{preset.name}, seed {preset.spec.seed + offset}")
        rows.append(_row(preset, preset.spec.replace(seed=preset.spec.seed + offset), args.cache))
        interrupted = rows[-1]["error"] == "stopped"
        if interrupted:
            break
    failed = all(row["error"] for row in rows)
    return Answer(rows, _text(rows), INTERRUPTED if interrupted else int(failed))


def _published() -> list[str]:
    return [name for name, preset in presets.PRESETS.items() if preset.published]


def _recipe(name: str) -> Preset:
    if name not in _published():
        raise SpecError(f"preset: got {name!r}, allowed: {', '.join(_published())}")
    return presets.get(name)


def _row(preset: Preset, spec: RunSpec, cache: Path) -> dict[str, Any]:
    """One training: published and obtained numbers; `error` where it could not be done, such as data not at hand."""
    published = {name: (preset.published or {}).get(name) for name in NUMBERS}
    row: dict[str, Any] = {"preset": preset.name, "dataset": spec.dataset, "seed": spec.seed, "published": published,
                           "published_parameters": preset.parameters, "obtained": None, "error": None}  # fmt: skip
    try:
        done = do(jobs.TrainTask(spec), cache)
    except AecoreError as error:
        return {**row, "agrees": None, "error": str(error)}
    if done.state != "finished":
        return {**row, "agrees": None, "error": "stopped"}
    found = Run(done.folder).metrics
    row["obtained"] = {name: found[name] for name in (*NUMBERS, "val_mse", "val_bce")}
    row |= {name: found[name] for name in ("key", "parameters", "seconds")}
    return {**row, "agrees": agrees(spec, published, found) and preset.parameters in (None, found["parameters"])}


def agrees(spec: RunSpec, published: dict[str, float | None], found: dict[str, Any]) -> bool:
    """True where the validation loss and the rounded accuracy are as close to the printed ones as can be asked."""
    if spec.dataset == "plane-3d":
        return LINEAR_RANGE[0] <= found["train_loss"] <= LINEAR_RANGE[1]
    loss = VARIATIONAL_TOLERANCE if spec.coding == "variational" else TOLERANCES[spec.loss]
    allowed = {"val_loss": loss, "rounded_accuracy": ACCURACY_TOLERANCE}
    compared = [(found[name], published[name], by) for name, by in allowed.items() if published[name] is not None]
    return all(abs(obtained - printed) <= by for obtained, printed, by in compared)


def _text(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        obtained, published = row["obtained"] or {}, row["published"]
        which = "val_loss" if published["val_loss"] is not None else "train_loss"
        lines.append({
            "preset": row["preset"],
            "seed": row["seed"],
            "val loss": number(obtained.get(which)) + (" (train)" if which == "train_loss" else ""),
            "published": number(published[which]),
            "accuracy": number(obtained.get("rounded_accuracy")),
            "published ": number(published["rounded_accuracy"]),
            "parameters": row.get("parameters"),
            "seconds": number(row.get("seconds"), 1),
            "agrees": row["error"] or ("yes" if row["agrees"] else "no"),
        })  # fmt: skip
    return table(COLUMNS, lines)
