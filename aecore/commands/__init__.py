"""The subcommands of `python -m aecore`: one module each, with `configure(parser)` and `run(args) -> Answer`.

A module's docstring is its help. Progress goes to stderr; `aecore.__main__` prints the answer to stdout.
"""
