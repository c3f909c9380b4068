"""The command line: `python -m aecore COMMAND …`; `aecore.commands` has a module for each command.

The answer goes to stdout: text, or with `--json` exactly one JSON value. Progress and logs go to stderr. Exit codes: 0;
1 for a task that failed or an answer that cannot be written; 2 for bad input, with one line that says what was received
and what is allowed; 130 after Ctrl-C; 141 for an answer to a pipe that nobody reads. A task goes on and its result is
stored even if nobody reads stdout and stderr any more.
"""

from __future__ import annotations

import os
import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # Ctrl-C while Python imports what follows

import importlib
import sys
from collections.abc import Sequence

from aecore import settings
from aecore.commands import output, workers
from aecore.commands.base import Answer, TaskFailed
from aecore.commands.output import say
from aecore.commands.parser import Parser, common_options
from aecore.errors import AecoreError

COMMANDS = (
    *("presets", "train", "data", "reproduce", "project", "probe", "anomalies", "pretrain", "export"),
    *("warm", "demo", "worker"),
)


def build_parser() -> Parser:
    """The parser of all commands; the parsed arguments have the command's `run` as `answer`, and its `parser`."""
    parser = Parser(
        prog="python -m aecore", description="Train, compare and export autoencoders.", parents=[common_options()]
    )
    parser.set_defaults(json=False, cache="")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = importlib.import_module(f"aecore.commands.{name}")
        summary = (module.__doc__ or "").strip()
        subparser = subparsers.add_parser(name, help=summary, description=summary, parents=[common_options()])
        module.configure(subparser)
        subparser.set_defaults(answer=module.run, parser=subparser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    try:
        args = build_parser().parse_args(argv)
        settings.check()
        args.cache = settings.folder("--cache", args.cache) or settings.cache_folder()
        with output.libraries_print_to_stderr(), settings.using_cache(args.cache):
            answer: Answer = args.answer(args)
    except TaskFailed as error:
        say(f"aecore: {error}")
        return 1
    except AecoreError as error:
        say(f"aecore: {error}")
        return 2
    except OSError as error:
        say(f"aecore: {error.filename or 'cache'}: cannot be read or written ({error.strerror or error})")
        return 2
    except KeyboardInterrupt:
        return 130
    text = output.as_json(answer.value) if args.json else output.fitted(answer.text, sys.stdout)
    return output.print_answer(text, answer.folder) or answer.code


if __name__ == "__main__":
    if callable(signal.getsignal(signal.SIGINT)):  # not ignored, as behind nohup
        signal.signal(signal.SIGINT, signal.default_int_handler)
    output.open_standard_streams()
    exit_code = main()
    with workers.ignoring_interrupts():
        workers.close()
    sys.exit(exit_code)
