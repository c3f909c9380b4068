"""`Parser`: an `ArgumentParser` whose errors are one line and name what would work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from aecore.commands.output import fitted, print_answer
from aecore.errors import AecoreError
from aecore.specs.base import Spec
from aecore.specs.fields import did_you_mean, shown, unknown


def common_options() -> Parser:
    """Options allowed before and after the command; without defaults, which would overwrite a value given before."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--json", action="store_true", help="print one JSON value")
    common.add_argument("--cache", metavar="DIR", help="the folder that holds runs/ ($AECORE_CACHE)")
    return common


class Parser(argparse.ArgumentParser):
    """The parser of the program or of one command; raises `AecoreError` instead of printing the usage.

    spec : the spec whose fields are the command's `--set`; None for a command without settings.
    """

    spec: type[Spec] | None = None

    def error(self, message: str) -> NoReturn:
        raise AecoreError(f"{message} (see {self.prog} --help)")

    def print_help(self, file: Any = None) -> None:
        """Print the help to stdout; ends the program if that fails."""
        if code := print_answer(fitted(self.format_help(), sys.stdout).rstrip("\n")):
            raise SystemExit(code)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """The arguments of a command; `parser` among them is its parser. Raises for the first unknown argument."""
        words = list(sys.argv[1:] if args is None else args)
        parsed, rest = self.parse_known_args(words, namespace)
        if rest:
            parsed.parser._refuse(rest[0], words)
        return parsed

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Replaces argparse's message for a value that is none of an argument's choices."""
        if action.choices is not None and value not in action.choices:
            name = action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest)
            self.error(unknown(name, value, action.choices))

    def _refuse(self, argument: str, words: Sequence[str]) -> NoReturn:
        """Raise `AecoreError` for an argument that the command does not have, with `--set` for a setting's name."""
        name, equals, value = argument.partition("=")
        settings = tuple(self.spec.settings()) if self.spec else ()
        setting = name.lstrip("-").replace("-", "_")
        if setting in settings and (equals or name.startswith("-")):
            following = words[words.index(argument) + 1 : words.index(argument) + 2]
            value = value if equals else "".join(word for word in following if not word.startswith("--"))
            self.error(f"{name}: got a setting as an argument, allowed: --set {setting}={value or 'VALUE'}")
        if not name.startswith("-"):
            self.error(f"{self.prog.split()[-1]}: got {shown(argument)}, which is one argument too many")
        options = [option for option in self._option_string_actions if option.startswith("--")]
        near = did_you_mean(name, options)
        if not near and (meant := did_you_mean(setting, settings)):
            near = meant.replace("did you mean ", "did you mean --set ").replace("?", "=VALUE?")
        self.error(f"{name}: got an unknown option, allowed: {', '.join(options)}{near}")
