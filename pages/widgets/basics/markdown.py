"""Text on its way into Streamlit's Markdown."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Text of somebody else's (a name, a message), each sign that Markdown would read escaped."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~$:<>])", r"\\\1", text)
