"""The subcommands of `python -m aecore`: one module each, with `configure(parser)` and `run(args) -> Answer`.

A module's docstring is its help. Whatever a command prints while it runs goes to stderr; its answer is printed once,
by `aecore.__main__`.
"""
