"""Add own files as a data set, list the sets of this cache, show or remove one. Images (a ZIP with a folder a class, or
several files), arrays (NPY, NPZ, IDX) and tables (CSV, TSV, Parquet)."""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aecore import jobs
from aecore.commands.base import INTERRUPTED, Answer, TaskFailed, add_set_option, settings, table
from aecore.commands.parser import Parser, common_options
from aecore.commands.run_task import run_task
from aecore.datasets import own
from aecore.errors import AecoreError, DatasetError, UploadError
from aecore.specs.base import digest
from aecore.specs.fields import did_you_mean, shown
from aecore.specs.upload import UploadSpec
from aecore.store import own_data
from aecore.uploads.files import check_upload_size

COLUMNS = ("name", "title", "samples", "shape", "classes", "runs", "added")
OPTIONS = ("name", "label")  # settings with an option of their own


def configure(parser: Parser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    helps = {
        "add": "read files and store them as a data set, whose name is printed",
        "list": "list the data sets of this cache",
        "show": "what is in a data set, what was changed, and its runs",
        "remove": "delete a data set and all runs on it",
    }
    for action, text in helps.items():
        one = actions.add_parser(action, help=text, description=text, parents=[common_options()])
        one.set_defaults(parser=one)
        if action == "add":
            one.add_argument("files", nargs="+", metavar="FILE", help="one file, several images, or IDX files")
            one.add_argument("--label", default="", metavar="COLUMN", help="the table's column with the classes")
            one.add_argument("--name", default="", help="title of the data set; the file's name by default")
            add_set_option(one, UploadSpec, "scale=standard", without=OPTIONS)
        elif action != "list":
            one.add_argument("name", help="as `data add` and `data list` print it")


def run(args: argparse.Namespace) -> Answer:
    action = {"add": _add, "list": _list, "show": _show, "remove": _remove}[args.action]
    return action(args)


def add(paths: Sequence[str], spec: UploadSpec, cache: Path) -> tuple[str, bool]:
    """(name, whether it was there before) of the data set made from files; '' for one stopped by Ctrl-C.

    The same files with the same settings are added once. Raises `AecoreError` for files that cannot be read.
    """
    files = [Path(path) for path in paths]
    for file in files:
        if not file.is_file():
            raise AecoreError(f"data: got {shown(str(file))}, allowed: an existing file")
    check_upload_size([file.stat().st_size for file in files])
    source = digest(spec.canonical_json(), *(f"{file.name} {_digest(file)}" for file in files))
    for name in own_data.names(cache):
        if own.facts(name, cache).get("source") == source:
            return name, True
    name = own_data.new_name()
    try:
        received = own_data.receive(name, [(file.name, file) for file in files], cache)
        done = run_task(jobs.DataTask(name, received, spec, source), cache)
    except TaskFailed as error:
        own_data.remove(name, cache)
        raise UploadError(str(error)) from None  # bad input, no failure of the program
    except KeyboardInterrupt:
        own_data.remove(name, cache)
        raise
    finally:
        own_data.discard_upload(name, cache)
    return (name if done.state == "finished" else ""), False


def _add(args: argparse.Namespace) -> Answer:
    spec = UploadSpec(name=args.name, label=args.label).replace(**settings(args.set, OPTIONS))
    name, known = add(args.files, spec, args.cache)
    if not name:
        return Answer({"state": "stopped"}, "stopped; nothing is kept", INTERRUPTED)
    value = {**_described(name, args.cache), "state": "finished", "cached": known}
    return Answer(value, _text(value), folder=own.folder(name, args.cache))


def _list(args: argparse.Namespace) -> Answer:
    values = [_described(name, args.cache) for name in own_data.names(args.cache)]
    rows = [
        {
            **value,
            "samples": f"{value['n_train'] + value['n_validation']:,}",
            "shape": _shape(value),
            "classes": len(value["classes"]) or None,
            "runs": len(value["runs"]),
            "added": time.strftime("%Y-%m-%d", time.localtime(value["added"])),
        }
        for value in values
    ]
    return Answer(values, table(COLUMNS, rows) if rows else "no own data in this cache")


def _show(args: argparse.Namespace) -> Answer:
    value = _described(_existing(args.name, args.cache), args.cache)
    return Answer(value, _text(value), folder=own.folder(args.name, args.cache))


def _remove(args: argparse.Namespace) -> Answer:
    name = _existing(args.name, args.cache)
    n_runs = own_data.remove(name, args.cache)
    return Answer({"name": name, "runs": n_runs}, f"{name} is removed, with {n_runs} of its runs")


def _existing(name: str, cache: Path) -> str:
    names = own_data.names(cache)
    if name not in names:
        near = did_you_mean(name, names)
        raise DatasetError(f"data: got {shown(name)}, allowed: a name that `data list` prints{near}")
    return name


def _described(name: str, cache: Path) -> dict[str, Any]:
    facts = own.facts(name, cache)
    shared = ("title", "form", "shape", "n_train", "n_validation", "classes", "columns", "unit_range", "facts", "added")
    runs = [folder.name for folder in own_data.results_of(name, cache) if folder.parent.name == "runs"]
    return {"name": name, **{key: facts[key] for key in shared}, "runs": runs}


def _text(value: dict[str, Any]) -> str:
    classes = f", {len(value['classes'])} classes" if value["classes"] else ""
    size = f"{value['n_train']:,} + {value['n_validation']:,} {own_data.FORMS[value['form']]}s"
    head = f"{value['name']}  {value['title']}: {size}"
    runs = [f"run {key}" for key in value["runs"]]
    return "\n".join([f"{head} of {_shape(value)}{classes}", *value["facts"], *runs])


def _shape(value: dict[str, Any]) -> str:
    return " × ".join(map(str, value["shape"]))


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
