"""Compare classifiers on an autoencoder's encoder with the same ones from scratch, with few and with many labels."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from aecore import jobs, presets
from aecore.analysis.pretraining import ArmComparison, accuracy_text, compare_arms, conclusion
from aecore.commands.base import INTERRUPTED, Answer, add_set_option, existing_run, settings, table
from aecore.commands.parser import Parser
from aecore.commands.run_task import run_task
from aecore.errors import SpecError
from aecore.specs.base import KEY_LENGTH
from aecore.specs.fields import unknown
from aecore.specs.pretraining import ARMS, PretrainSpec
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.experiments import Experiment


def configure(parser: Parser) -> None:
    text = "a run's key, or a name that `presets` lists, trained first if need be (default convolutional)"
    parser.add_argument("autoencoder", nargs="?", default="convolutional", help=text)
    add_set_option(parser, PretrainSpec, "labels=50,200")


def run(args: argparse.Namespace) -> Answer:
    spec = PretrainSpec.from_settings(_autoencoder(args.autoencoder, args.cache), settings(args.set))
    done = run_task(jobs.PretrainTask(spec), args.cache)
    experiment = Experiment(done.folder)
    judged = compare_arms(experiment.rows)
    value = {
        "key": experiment.key,
        "run": runs.run_key(spec.autoencoder),
        "state": done.state,
        "cached": done.cached,
        "folder": str(done.folder),
        "settings": spec.to_dict(),
        "rows": [row._asdict() for row in experiment.rows],
        "verdicts": [
            {**dataclasses.asdict(comparison), "outcome": comparison.outcome, "words": comparison.words}
            for comparison in judged
        ],
        "conclusion": conclusion(judged),
    }
    return Answer(value, _text(spec, value, judged), INTERRUPTED if done.state == "stopped" else 0, done.folder)


def _autoencoder(name: str, cache: Path) -> RunSpec:
    if name in presets.PRESETS:
        return presets.get(name).spec
    if not runs.KEY_PATTERN.fullmatch(name):
        names = (f"a run's key ({KEY_LENGTH} digits 0-9 a-f)", *presets.PRESETS)
        raise SpecError(unknown("autoencoder", name, names))
    return existing_run(name, cache).spec


def _text(spec: PretrainSpec, value: dict[str, Any], judged: list[ArmComparison]) -> str:
    head = f"{value['key']}  encoder of {presets.title(spec.autoencoder)}, run {value['run']}"
    if not value["rows"]:
        return f"{head}: stopped before there was anything to keep"
    lines = [
        {
            "labels": f"{comparison.labels:,}",
            **{ARMS[arm]: accuracy_text(comparison.means[arm], comparison.deviations[arm]) for arm in comparison.means},
            "verdict": comparison.words,
        }
        for comparison in judged
    ]
    stopped = " (stopped early)" if value["state"] == "stopped" else ""
    columns = ("labels", *ARMS.values(), "verdict")
    return f"{head}{stopped}; accuracy in %\n{table(columns, lines)}\n{value['conclusion']}"
