"""CSV and TSV files: the text's encoding, the separator and the decimal sign."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aecore.errors import UploadError
from aecore.uploads.files import ALLOWED, UploadedFile

SEPARATORS = (",", ";", "\t", "|")
SAMPLED = 50  # lines from which separator and decimal sign are guessed
LONGEST_LINE = 2_000_000  # characters
_QUOTED = re.compile(r'"[^"]*"')
_COMMA = re.compile(r"^[-+]?\d+,\d+$")


@dataclass(frozen=True)
class TextTable:
    """The text of a table, how its cells are separated, and sentences on what was guessed."""

    text: str
    separator: str
    decimal: str
    ragged: bool  # lines have different numbers of cells
    facts: tuple[str, ...]


def read(file: UploadedFile) -> TextTable:
    """The text of a CSV or TSV file. Raises `UploadError` for a file that is no text table."""
    text, encoding = _decoded(file)
    lines = [line for line in text.splitlines()[: 4 * SAMPLED] if line.strip()]
    if not lines:
        raise UploadError(f"{file.title}: got a file without text, allowed: {ALLOWED}")
    if max(map(len, lines)) > LONGEST_LINE:
        raise UploadError(f"{file.title}: got lines of more than {LONGEST_LINE:,} characters, allowed: shorter ones")
    separator = _separator(lines[:SAMPLED])
    bare = [_QUOTED.sub('""', line) for line in lines]
    counts = [line.count(separator) for line in bare]
    decimal = _decimal(lines[:SAMPLED], separator)
    facts = []
    if encoding != "utf-8":
        facts.append(f"Read as {encoding.upper()}.")
    if separator != ",":
        facts.append(f"Cells separated by {'tabs' if separator == chr(9) else separator}.")
    if decimal == ",":
        facts.append("Decimal commas.")
    ragged = len(set(counts)) > 2 and '"' not in text[:100_000]
    return TextTable(text, separator, decimal, ragged, tuple(facts))


def _decoded(file: UploadedFile) -> tuple[str, str]:
    """(text, encoding) by the byte order mark; without one UTF-8, or Windows's Latin letters."""
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise UploadError(f"{file.title}: cannot be read ({error.strerror})") from None
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    encoding = next((name for mark, name in marks.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-16":
            raise UploadError(f"{file.title}: got damaged UTF-16 text, allowed: {ALLOWED}") from None
        encoding, text = "cp1252", content.decode("cp1252", "replace")
    odd = sum(text[:10_000].count(chr(code)) for code in range(32) if code not in (9, 10, 12, 13))
    if "\0" in text or odd > 0.02 * min(len(text), 10_000):
        raise UploadError(f"{file.title}: got a file of unknown kind, allowed: {ALLOWED}")
    return text, "utf-8" if encoding == "utf-8-sig" else encoding


def _separator(lines: list[str]) -> str:
    """The separator that most lines have equally often, the more frequent one of two."""

    def evenness(separator: str) -> tuple[float, int]:
        counts = [_QUOTED.sub("", line).count(separator) for line in lines]
        usual = max(set(counts), key=counts.count)
        return (counts.count(usual) / len(counts) if usual else sum(map(bool, counts)) / len(counts) / 2), usual

    scores = {separator: evenness(separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: scores[separator])
    comma, semicolon = scores[","], scores[";"]
    if best == "," and semicolon[1] and semicolon[0] >= comma[0]:
        return ";"  # the commas are decimal signs
    return best


def _decimal(lines: list[str], separator: str) -> str:
    if separator == ",":
        return "."
    cells = [cell.strip().strip('"') for line in lines for cell in line.split(separator)]
    commas = sum(bool(_COMMA.match(cell)) for cell in cells)
    points = sum(bool(re.match(r"^[-+]?\d+\.\d+$", cell)) for cell in cells)
    return "," if commas > points else "."
