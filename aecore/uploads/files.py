"""`UploadedFile`, and the kind of a file by its first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aecore import settings
from aecore.errors import UploadError

ALLOWED = "ZIP of images, PNG, JPEG, WebP, BMP, GIF, TIFF, NPY, NPZ, IDX, CSV, TSV or Parquet"
IDX_CODES = (8, 9, 11, 12, 13, 14)  # element types of the IDX format
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_REFUSED = {b"\x89HDF": "an HDF5 file", b"%PDF": "a PDF", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive"}


@dataclass(frozen=True)
class UploadedFile:
    """A file on the disk of this machine and the name that its owner gave it, which is only shown."""

    name: str
    path: Path

    @property
    def title(self) -> str:
        """The name in a message: its last part, of at most 60 printable characters."""
        last = self.name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
        return "".join(letter for letter in last if letter.isprintable())[:60] or "file"

    def kind(self) -> str:
        """'zip', 'npy', 'parquet', 'gzip', 'idx', 'image' or 'text', by the first bytes. Raises `UploadError`."""
        try:
            with self.path.open("rb") as file:
                head = file.read(1024)
        except OSError as error:
            raise UploadError(f"{self.title}: cannot be read ({error.strerror})") from None
        if not head:
            raise UploadError(f"{self.title}: got an empty file, allowed: {ALLOWED}")
        for start, what in _REFUSED.items():
            if head.startswith(start):
                raise UploadError(f"{self.title}: got {what}, allowed: {ALLOWED}")
        return _kind(head) or self._text(head)

    def _text(self, head: bytes) -> str:
        wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16
        if not wide and b"\0" in head:
            raise UploadError(f"{self.title}: got a file of unknown kind, allowed: {ALLOWED}")
        return "text"


def check_upload_size(sizes: Sequence[int]) -> None:
    """Raise `UploadError` for files that are larger in all than `AECORE_UPLOAD_MB`."""
    limit = settings.get("AECORE_UPLOAD_MB")
    if sum(sizes) > limit * 2**20:
        raise UploadError(f"upload: got {sum(sizes) / 2**20:,.0f} MB, allowed: at most {limit:,} MB on this server")


def reason(error: Exception) -> str:
    """A library's error in one line of at most 80 characters."""
    return " ".join(str(error).split())[:80] or type(error).__name__


def _kind(head: bytes) -> str:
    """The kind of a file that is no text, '' for one that may be."""
    starts = {b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x93NUMPY": "npy", b"PAR1": "parquet", b"\x1f\x8b": "gzip"}
    for start, kind in starts.items():
        if head.startswith(start):
            return kind
    if head.startswith(_IMAGES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return "image"
    if head[:2] == b"\0\0" and len(head) >= 4 and head[2] in IDX_CODES:
        return "idx"
    return ""
