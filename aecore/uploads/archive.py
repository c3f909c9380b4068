"""`Archive`: a ZIP file from a stranger, whose members are read into memory, never unpacked to disk."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from aecore.errors import UploadError
from aecore.text import counted
from aecore.uploads.files import UploadedFile, reason

MAX_MEMBERS = 65_000
MAX_DIRECTORY = 32 * 2**20  # bytes of the list of members
MAX_UNPACKED = 4 * 2**30  # bytes of all members
MAX_RATIO = 1200  # deflate packs nothing better than 1032 to 1
HIDDEN = ("__MACOSX", "Thumbs.db", "desktop.ini")
_END = b"PK\x05\x06"
_END_SIZE = 22
_MAX_COMMENT = 2**16


class Archive:
    """An open ZIP file. `members` are its files, without folders and hidden files."""

    def __init__(self, zip_file: zipfile.ZipFile, title: str) -> None:
        self._zip, self.title = zip_file, title
        entries = [entry for entry in zip_file.infolist() if not entry.is_dir()]
        for entry in entries:
            self._check(entry)
        self.members = [entry for entry in entries if not _is_hidden(entry.filename)]
        if sum(entry.file_size for entry in self.members) > MAX_UNPACKED:
            raise UploadError(f"{title}: got a ZIP of more than {MAX_UNPACKED // 2**30} GB unpacked, allowed: less")

    @contextmanager
    def opened(self, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
        """A member as a file. Raises `UploadError` for one that is damaged, also inside the block."""
        try:
            with self._zip.open(entry) as file:
                yield file
        except UploadError:
            raise
        except Exception as error:  # zipfile and zlib raise many types on damaged bytes
            raise UploadError(f"{self.title}: {_shown(entry.filename)} is damaged ({reason(error)})") from None

    def read(self, entry: zipfile.ZipInfo, most: int) -> bytes:
        """A member's content. Raises `UploadError` for more than `most` bytes, whatever the ZIP claims."""
        too_large = f"{self.title}: {_shown(entry.filename)} has more than {most // 2**20} MB"
        if entry.file_size > most:
            raise UploadError(too_large)
        with self.opened(entry) as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise UploadError(too_large)
        return content

    def _check(self, entry: zipfile.ZipInfo) -> None:
        name, parts = entry.filename, entry.filename.replace("\\", "/").split("/")
        shown = f"{self.title}: got a ZIP with {_shown(name)}"
        if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
            raise UploadError(f"{shown}, allowed: names inside of the ZIP")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UploadError(f"{shown}, which is a link; allowed: files")
        if entry.flag_bits & 1:
            raise UploadError(f"{shown}, which needs a password; allowed: a ZIP without one")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UploadError(f"{shown}, packed by method {entry.compress_type}; allowed: stored or deflated")
        if name.lower().endswith((".zip", ".7z", ".rar", ".tar", ".gz", ".tgz")):
            raise UploadError(f"{shown}, an archive inside of the ZIP; allowed: images")
        if entry.file_size > max(entry.compress_size, 1) * MAX_RATIO:
            raise UploadError(f"{shown}, which would unpack to {entry.file_size:,} bytes; allowed: real images")


@contextmanager
def opened(file: UploadedFile) -> Iterator[Archive]:
    """An uploaded ZIP file as an `Archive`. Raises `UploadError`."""
    _check_directory(file)
    try:
        zip_file = zipfile.ZipFile(file.path)
    except Exception as error:  # zipfile raises many types on damaged bytes
        raise UploadError(f"{file.title}: got a damaged ZIP ({reason(error)}), allowed: a whole one") from None
    with zip_file:
        yield Archive(zip_file, file.title)


def _check_directory(file: UploadedFile) -> None:
    """Raise `UploadError` for a list of members that is too long, before it is read into memory."""
    size = file.path.stat().st_size
    with file.path.open("rb") as stream:
        stream.seek(max(0, size - _END_SIZE - _MAX_COMMENT))
        tail = stream.read()
    end = tail[tail.rfind(_END) :] if _END in tail else b""
    if len(end) < _END_SIZE:
        raise UploadError(f"{file.title}: got a ZIP that is cut off, allowed: a whole one")
    count, directory = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if count > MAX_MEMBERS or directory > MAX_DIRECTORY:
        listed = counted(count, "file") if count < 2**16 - 1 else f"{count:,} files or more"
        raise UploadError(f"{file.title}: got a ZIP of {listed}, allowed: at most {MAX_MEMBERS:,}")


def _is_hidden(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith(".") or part in HIDDEN for part in parts)


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else f"{name[:59]}…")
