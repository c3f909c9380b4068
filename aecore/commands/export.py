"""Write a run's model, codings, or a program that trains it again, for use elsewhere."""

from __future__ import annotations

import argparse
from textwrap import wrap

from aecore import export, settings
from aecore.commands.base import HELP_WIDTH, Answer, existing_run
from aecore.errors import AecoreError, RunError, SpecError
from aecore.export import codings, projector
from aecore.store.files import write_bytes
from aecore.store.runs import ResultFolder, Run

WHAT = {
    "keras": "model.keras, of Keras's own layers: keras.saving.load_model opens it without this package. Its layers "
    "`encoder` and `decoder` are models, too; noise and sampling are left out.",
    "onnx": "encoder.onnx (samples to codings, log_variance, hidden_1, …) and decoder.onnx (codings to "
    "reconstructions, …), batch axis `batch`, with key, spec and versions as metadata. Images are divided by 255.",
    "script": "train.py, a Keras program that builds and trains the network, with its data.",
    "notebook": "the same as train.ipynb.",
    "codings": "a table of the validation samples: id, label, class, coding_1, … as 32-bit floats; in NPZ the codings "
    "are one array (n, d).",
    "projector": "a log folder that tensorboard --logdir DIR shows, with thumbnails; fewer than three codings get "
    "columns of zeros.",
    "zip": "the whole run folder.",
}

WRITABLE = "a folder that can be written"
FILES = (".csv", ".tsv", ".parquet", ".npz", ".keras", ".onnx", ".py", ".ipynb", ".zip", ".png", ".json", ".h5")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="the run's key, which `train` prints")
    parser.add_argument("--format", required=True, choices=tuple(export.FORMATS), help="see below")
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder to write into")
    parser.add_argument(
        "--as", dest="kinds", metavar="KINDS", help="of codings: csv, parquet, npz, with commas between"
    )
    parser.add_argument(
        "--map", metavar="MAP", help="of codings: the places on this map, too; `project` prints its key"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(("formats:", *(line for name, text in WHAT.items() for line in _described(name, text))))


def run(args: argparse.Namespace) -> Answer:
    out = settings.folder("-o", args.out, WRITABLE)
    if out is None:
        raise SpecError(f"-o: got {args.out!r}, allowed: {WRITABLE}")
    if out.suffix.lower() in FILES and not out.is_dir():
        raise SpecError(f"-o: got {args.out!r}, a file's name; allowed: {WRITABLE}, such as -o {out.with_suffix('')}")
    source = existing_run(args.run, args.cache)
    if args.format == "codings":
        kinds = codings.kinds(args.kinds) if args.kinds is not None else ("csv",)
        files = codings.files(source, kinds, _map(source, args.map) if args.map is not None else None)
    elif args.kinds is not None or args.map is not None:
        option = "--as" if args.kinds is not None else "--map"
        raise AecoreError(f"{option}: got it with --format {args.format}, allowed: with --format codings")
    else:
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


def _described(name: str, text: str) -> list[str]:
    return wrap(text, HELP_WIDTH, initial_indent=f"  {name}".ljust(13), subsequent_indent=" " * 13)


def _map(source: Run, key: str) -> ResultFolder:
    """The finished map of that key. Raises `RunError` for another one."""
    maps = [ResultFolder(folder) for folder in sorted(source.folder.glob("map/*"))]
    ready = {work.key: work for work in maps if work.readable}
    if key not in ready:
        allowed = ", ".join(ready) or "none, this run has no map (see python -m aecore project --help)"
        raise RunError(f"--map: got {key!r:.80}, allowed: {allowed}")
    return ready[key]
