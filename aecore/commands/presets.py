"""List the presets: short defaults of every variant, and published recipes with their numbers."""

from __future__ import annotations

import argparse
from textwrap import shorten
from typing import Any

from aecore.commands.base import Answer, table
from aecore.presets import PRESETS

DESCRIPTION_WIDTH = 80  # characters in the table


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds no arguments to the common ones."""


def run(args: argparse.Namespace) -> Answer:
    rows: list[dict[str, Any]] = [
        {
            "name": preset.name,
            "title": preset.title,
            "dataset": preset.spec.dataset,
            "parameters": preset.parameters,
            "description": preset.description,
            "source": preset.source,
            "published": preset.published,
        }
        for preset in PRESETS.values()
    ]
    brief = [
        {
            **row,
            "description": shorten(row["description"], DESCRIPTION_WIDTH, placeholder=" …"),
            "published": ", ".join(f"{name} {value:g}" for name, value in (row["published"] or {}).items()),
        }
        for row in rows
    ]
    return Answer(rows, table(("name", "title", "dataset", "parameters", "description", "published"), brief))
