"""Train published recipes as printed, and compare the results with the published numbers.

With `--json` one row a training: `preset, dataset, seed, published, published_parameters` and, once trained, `key,
parameters, seconds, obtained`; `agrees` (null where nothing was published), `disagrees` (the numbers that do not),
`note`, and `error` where it could not be done. With several seeds one more row a preset follows, `seed` null: the
means as `obtained`, the standard deviations as `spread`, and whether the means agree.

The exit code is 1 where a recipe disagrees, by its mean where there are several seeds, or could not be trained.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aecore import datasets, jobs
from aecore.analysis import inference, metrics
from aecore.analysis.corruption import corrupt
from aecore.commands.base import Answer, number, table
from aecore.commands.output import say
from aecore.commands.run_task import run_task
from aecore.commands.train import INTERRUPTED
from aecore.errors import AecoreError, DatasetError, SpecError
from aecore.presets import Preset
from aecore.presets.published import RECIPES
from aecore.specs.fields import coerced, require, unknown
from aecore.specs.run import RunSpec
from aecore.store.runs import Run

# Allowed distance of a result from the printed one: the effect of other seeds and Keras versions.
TOLERANCES = {
    "bce": 0.004,
    "mse": 0.0006,
    "variational": 0.006,  # the printed loss is sampled
    "rounded_accuracy": 0.01,
    "silent_share": 0.04,
    "mean_activation": 0.01,
}
# Other allowed ranges, from and to.
RANGES = {
    # 60 points and a large step: eight seeds end between .004 and .023; no plane does better than .0034.
    "geron-linear": {"train_loss": (0.0035, 0.0235)},
    # The second pair of layers is trained on the outputs of the first one, so its loss varies with that training.
    "geron-layerwise": {"phase_2_val_loss": (0.16, 0.20)},
    "geron-sparse-l1": {"silent_share": (0.94, 0.98)},
}
STAND_INS = {"mnist": "fashion-mnist"}  # data of the same shape, for a machine without the other and without internet
STOOD_IN = "no number was published for the data it was trained on instead"
MAX_SEEDS = 100
COLUMNS = ("preset", "seed", "training", "validation", "accuracy", "further", "parameters", "seconds", "agrees")
MAIN = {"train_loss": "training", "val_loss": "validation", "rounded_accuracy": "accuracy"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "presets", nargs="*", metavar="PRESET", help="published recipes; all of them where none is named"
    )
    parser.add_argument("--seeds", default="1", metavar="N", help="train each with N seeds (default 1)")


def run(args: argparse.Namespace) -> Answer:
    seeds: int = coerced("--seeds", int, args.seeds, f"1 to {MAX_SEEDS}")
    require(1 <= seeds <= MAX_SEEDS, "--seeds", seeds, f"1 to {MAX_SEEDS}")
    chosen = [_recipe(name) for name in args.presets] or RECIPES
    rows: list[dict[str, Any]] = []
    interrupted = False
    try:
        for row in _rows(chosen, seeds, args.cache):
            rows.append(row)
            interrupted = row["error"] == "stopped"
            if interrupted:
                break
    except KeyboardInterrupt:  # between two trainings, or a second Ctrl-C: print the rows so far
        interrupted = True
    code = INTERRUPTED if interrupted else int(_disagree(rows))
    return Answer(rows, _text(rows), code, args.cache / "runs")


def _disagree(rows: list[dict[str, Any]]) -> bool:
    """True if a recipe could not be trained or disagrees, by its mean if it has one."""
    averaged = {row["preset"] for row in rows if row["seed"] is None}
    compared = [row for row in rows if row["seed"] is None or row["preset"] not in averaged]
    return any(row["error"] for row in rows) or any(row["agrees"] is False for row in compared)


def _rows(chosen: Iterable[Preset], seeds: int, cache: Path) -> Iterator[dict[str, Any]]:
    """The row of each training as it ends, and after several seeds of a preset the row of their means."""
    missing = _missing({preset.spec.dataset for preset in chosen})
    for preset in chosen:
        preset, note = _possible(preset, missing)
        done = []
        for seed in range(preset.spec.seed, preset.spec.seed + seeds):
            say(f"{preset.name}, seed {seed}")
            row = {**_row(preset, seed, missing, cache), "note": note}
            done += [row] if row["obtained"] else []
            yield row
        if len(done) > 1:
            yield _mean(preset, done)


def _recipe(name: str) -> Preset:
    names = {preset.name: preset for preset in RECIPES}
    if name not in names:
        raise SpecError(unknown("preset", name, names))
    return names[name]


def _missing(names: Iterable[str]) -> dict[str, str]:
    """{data set: reason} for the data sets that are not on this machine and cannot be downloaded."""
    missing = {}
    for name in names:
        try:
            datasets.load(name)
        except DatasetError:
            from aecore.worker.training import download  # imports TensorFlow

            try:
                download.fetch(name)
            except DatasetError as error:
                missing[name] = str(error)
    return missing


def _row(preset: Preset, seed: int, missing: Mapping[str, str], cache: Path) -> dict[str, Any]:
    """The row of one training, compared with the published numbers; with `error` if it could not be done."""
    spec = preset.spec.replace(seed=seed)
    row: dict[str, Any] = {
        "preset": preset.name,
        "dataset": spec.dataset,
        "seed": seed,
        "published": {**dict.fromkeys(MAIN), **(preset.published or {})},
        "published_parameters": preset.parameters,
        "key": None,
        "parameters": None,
        "seconds": None,
        "obtained": None,
        "agrees": None,
        "disagrees": [],
        "note": None,
        "error": None,
    }
    if spec.dataset in missing:
        return {**row, "error": missing[spec.dataset]}
    try:
        done = run_task(jobs.TrainTask(spec), cache)
        if done.state != "finished":
            return {**row, "error": "stopped"}
        trained = Run(done.folder)
        row["obtained"] = _obtained(trained, spec)
    except AecoreError as error:
        return {**row, "error": str(error)}
    row |= {name: trained.metrics[name] for name in ("key", "parameters", "seconds")}
    return {**row, **compare(preset, {**row["obtained"], "parameters": row["parameters"]})}


def _possible(preset: Preset, missing: Mapping[str, str]) -> tuple[Preset, str | None]:
    """The recipe, on data of the same shape without published numbers if its own is missing, and a note."""
    wanted = preset.spec.dataset
    if wanted not in missing or wanted not in STAND_INS:
        return preset, None if preset.published else "no number was published"
    return replace(
        preset, spec=preset.spec.replace(dataset=STAND_INS[wanted]), published=None
    ), f"{missing[wanted]}; {STOOD_IN}"


def _obtained(trained: Run, spec: RunSpec) -> dict[str, float | None]:
    """The numbers that recipes publish: losses with penalties, as printed, and errors without."""
    values = trained.metrics
    names = (*MAIN, "val_mse", "val_bce", "silent_share", "mean_activation")
    obtained: dict[str, float | None] = {name: values[name] for name in names}
    if spec.schedule == "layerwise":
        last = {row["phase"]: row["val_loss"] for row in trained.history["epochs"]}  # of each phase, its last epoch
        obtained |= {f"phase_{phase}_val_loss": loss for phase, loss in enumerate([*last.values()][:-1], 1)}
    if spec.corrupts_input:
        clean, noisy = validated(trained, spec)
        obtained |= {"val_loss_clean": clean, "val_loss_noisy": noisy}
    return obtained


def validated(trained: Run, spec: RunSpec) -> tuple[float, float]:
    """The validation losses (from clean input, from corrupted input), both against the clean samples.

    One is the run's `val_loss`, as its recipe validates; the other is the reconstruction error without penalties, with
    noise of the run's seed."""
    values = trained.metrics
    if spec.noisy_validation:
        return values[f"val_{spec.loss}"], values["val_loss"]
    x = datasets.as_float(datasets.load(spec.dataset).validation)
    measure = {"bce": metrics.bce, "mse": metrics.mse}[spec.loss]
    return values["val_loss"], measure(x, inference.reconstruct(trained, corrupt(x, spec, spec.seed)))


def allowed(preset: Preset) -> dict[str, tuple[float, float]]:
    """{name: (from, to)} of every published number that is compared, `parameters` included."""
    loss = TOLERANCES["variational" if preset.spec.variational else preset.spec.loss]
    tolerances = {**TOLERANCES, "train_loss": loss, "val_loss": loss}
    published = preset.published or {}
    ranges = {name: (x - tolerances[name], x + tolerances[name]) for name, x in published.items() if name in tolerances}
    if published:
        ranges |= RANGES.get(preset.name, {})
    return ranges if preset.parameters is None else {**ranges, "parameters": (preset.parameters, preset.parameters)}


def compare(preset: Preset, obtained: Mapping[str, float | None]) -> dict[str, Any]:
    """`agrees` (None if only the parameters were compared) and `disagrees`, the names of numbers out of range."""
    disagrees = [name for name, (low, high) in allowed(preset).items() if not _within(obtained.get(name), low, high)]
    return {"agrees": False if disagrees else True if preset.published else None, "disagrees": disagrees}


def _within(value: float | None, low: float, high: float) -> bool:
    return value is not None and low <= value <= high


def _mean(preset: Preset, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The row of one preset's means, compared with the published numbers.

    A printed number is one sample of a recipe's distribution over seeds, so several seeds are compared by their mean.
    """
    columns = {name: [row["obtained"][name] for row in rows] for name in rows[0]["obtained"]}
    means = {name: None if None in column else statistics.mean(column) for name, column in columns.items()}
    spread = {name: None if None in column else statistics.stdev(column) for name, column in columns.items()}
    return {
        **rows[0],
        "seed": None,
        "key": None,
        "seconds": statistics.mean(row["seconds"] for row in rows),
        "obtained": means,
        "spread": spread,
        "seeds": len(rows),
        **compare(preset, {**means, "parameters": rows[0]["parameters"]}),
    }


def _text(rows: list[dict[str, Any]]) -> str:
    lines = ["obtained (published); losses as printed, with their penalties", table(COLUMNS, map(_line, rows))]
    notes = {note: [row["preset"] for row in rows if row["note"] == note] for note in (row["note"] for row in rows)}
    lines += [f"{', '.join(dict.fromkeys(names))}: {note}" for note, names in notes.items() if note]
    return "\n".join(lines)


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    obtained, spread = row["obtained"] or {}, row.get("spread") or {}
    printed = {name: value for name, value in row["published"].items() if value is not None}

    def cell(name: str) -> str:
        deviation = f" ± {number(spread[name])}" if spread.get(name) is not None else ""
        beside = f" ({number(printed[name])})" if name in printed else ""
        return number(obtained.get(name)) + deviation + beside

    further = [name for name in printed if name not in MAIN]
    further += [name for name in obtained if name.startswith(("phase_", "val_loss_")) and name not in further]
    verdict = {True: "yes", False: f"no: {', '.join(map(_words, row['disagrees']))}", None: "nothing published"}
    return {
        "preset": row["preset"],
        "seed": f"mean of {row['seeds']}" if row["seed"] is None else row["seed"],
        **{column: cell(name) for name, column in MAIN.items()},
        "further": ", ".join(f"{_words(name)} {cell(name)}" for name in further) if obtained else "",
        "parameters": row["parameters"],
        "seconds": number(row["seconds"], 1),
        "agrees": row["error"] or verdict[row["agrees"]],
    }


def _words(name: str) -> str:
    """A number's name as words: 'validated noisy', 'phase 2', 'silent share'."""
    if name.startswith("val_loss_"):
        return f"validated {name.removeprefix('val_loss_')}"
    return MAIN.get(name) or name.removesuffix("_val_loss").replace("_", " ")
