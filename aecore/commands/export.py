"""Write a run's model, codings, or a program that trains it again, for use elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from aecore import export
from aecore.commands.base import Answer, existing_run
from aecore.errors import AecoreError
from aecore.store.files import write_bytes


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="the run's key, which `train` prints")
    parser.add_argument(
        "--format",
        required=True,
        choices=tuple(export.FORMATS),
        help="keras: a model of Keras's own layers, which keras.saving.load_model opens without this package; its "
        "layers `encoder` and `decoder` are models, too; without noise and sampling",
    )
    parser.add_argument("-o", "--out", required=True, type=Path, metavar="DIR", help="folder to write into")


def run(args: argparse.Namespace) -> Answer:
    source = existing_run(args.run, args.cache)
    files = export.files(source, args.format)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_bytes(args.out / name, content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AecoreError(f"-o: got {str(args.out)!r}, allowed: a folder that can be written ({reason})") from None
    paths = [str(args.out / name) for name in files]
    return Answer({"key": source.key, "format": args.format, "files": paths}, "\n".join(paths))
