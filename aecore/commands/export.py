"""Write a run's model, codings, or a program that trains it again, for use elsewhere."""

from __future__ import annotations

import argparse

from aecore import export, settings
from aecore.commands.base import Answer, existing_run
from aecore.errors import SpecError
from aecore.export import projector
from aecore.store.files import write_bytes

WRITABLE = "a folder that can be written"
FILES = (".csv", ".tsv", ".parquet", ".npz", ".keras", ".onnx", ".py", ".ipynb", ".zip", ".png", ".json", ".h5")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="the run's key, which `train` prints")
    parser.add_argument(
        "--format",
        required=True,
        choices=tuple(export.FORMATS),
        help="keras: a model of Keras's own layers, which keras.saving.load_model opens without this package; its "
        "layers `encoder` and `decoder` are models, too; without noise and sampling. projector: a log folder that "
        "tensorboard --logdir DIR shows, with thumbnails; fewer than three codings get columns of zeros",
    )
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder to write into")


def run(args: argparse.Namespace) -> Answer:
    out = settings.folder("-o", args.out, WRITABLE)
    if out is None:
        raise SpecError(f"-o: got {args.out!r}, allowed: {WRITABLE}")
    if out.suffix.lower() in FILES and not out.is_dir():
        raise SpecError(f"-o: got {args.out!r}, a file's name; allowed: {WRITABLE}, such as -o {out.with_suffix('')}")
    source = existing_run(args.run, args.cache)
    files = export.files(source, args.format)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_bytes(out / name, content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SpecError(f"-o: got {args.out!r}, allowed: {WRITABLE} ({reason})") from None
    paths = [str(out / name) for name in files]
    notes = projector.notes(source) if args.format == "projector" else []
    value = {"key": source.key, "format": args.format, "files": paths, "notes": notes}
    return Answer(value, "\n".join([*paths, *notes]), folder=out)
