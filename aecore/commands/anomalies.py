"""Test whether a run's reconstruction error gives anomalies away, beside PCA, kNN and an isolation forest."""

from __future__ import annotations

import argparse
from typing import Any

from aecore import datasets, jobs
from aecore.analysis.anomalies import SCORES, others
from aecore.commands.base import INTERRUPTED, Answer, add_set_option, existing_run, settings, table
from aecore.commands.parser import Parser
from aecore.commands.run_task import run_task
from aecore.datasets import DatasetInfo
from aecore.datasets.base import class_name
from aecore.errors import AecoreError
from aecore.specs.anomalies import AnomalySpec
from aecore.specs.fields import unknown
from aecore.store.files import read_json

AGAINST = ("against", "label", "dataset")  # settings that --against sets together


def configure(parser: Parser) -> None:
    parser.add_argument("run", help="the run's key, which `train` prints")
    parser.add_argument(
        "--against",
        required=True,
        metavar="NAME",
        help="the anomalies: a class of the run's data set by name or number, another data set, or noise",
    )
    add_set_option(parser, AnomalySpec, "noise_rate=0.5", without=AGAINST)


def run(args: argparse.Namespace) -> Answer:
    source = existing_run(args.run, args.cache)
    info = datasets.info(source.spec.dataset)
    values = settings(args.set)
    if together := [name for name in AGAINST if name in values]:
        raise AecoreError(f"--set: got {together[0]}, allowed: --against NAME, which sets it")
    spec = AnomalySpec.from_dict({**values, **against(args.against, info)})
    done = run_task(jobs.AnomalyTask(source.key, spec), args.cache)
    value: dict[str, Any] = {
        "key": done.folder.name,
        "run": source.key,
        "against": args.against,
        "state": done.state,
        "cached": done.cached,
        "folder": str(done.folder),
        **(read_json(done.folder / "metrics.json", {}) if done.state == "finished" else {}),
    }
    text = as_text(value, spec, info) if done.state == "finished" else f"{value['key']}: stopped"
    return Answer(value, text, INTERRUPTED if done.state == "stopped" else 0, done.folder)


def against(name: str, info: DatasetInfo) -> dict[str, Any]:
    """The settings of an `AnomalySpec` for a name given as `--against`. Raises `AecoreError` for an unknown name."""
    if name.strip().lower() == "noise":
        return {"against": "noise"}
    if name in others(info):
        return {"against": "dataset", "dataset": name}
    labels = {title.lower(): number for number, title in reversed(list(enumerate(info.classes)))}
    if name.strip().lower() in labels:
        return {"against": "class", "label": labels[name.strip().lower()]}
    if name.strip().isdecimal() and int(name) < len(info.classes):
        return {"against": "class", "label": int(name)}
    raise AecoreError(unknown("--against", name, ["noise", *others(info), *info.classes]))


def as_text(value: dict[str, Any], spec: AnomalySpec, info: DatasetInfo) -> str:
    """A table of the scores, the best first, with a note where the run was trained on the anomalies."""
    rows = [
        {"score": SCORES[name], "AUROC": f"{auroc:.3f}", "95 %": f"{low:.3f} to {high:.3f}"}
        for name, (auroc, low, high) in sorted(value["auroc"].items(), key=lambda item: -item[1][0])
    ]
    lines = [
        f"{value['n_anomalies']:,} anomalies among {value['n_ordinary']:,} ordinary samples",
        table(("score", "AUROC", "95 %"), rows),
    ]
    if value["trained_on"]:
        name = class_name(info.classes, spec.label)
        lines.append(f"The run was trained on {name}, too; --set leave_out={spec.label} trains one without it.")
    return "\n".join(lines)
