"""Images from files or a ZIP, whose folders are classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from zipfile import ZipInfo

import numpy as np

from aecore.errors import UploadError
from aecore.specs.upload import UploadSpec
from aecore.text import counted
from aecore.uploads import archive, labels, pictures
from aecore.uploads.archive import Archive
from aecore.uploads.files import ALLOWED, UploadedFile
from aecore.uploads.samples import Progress, Samples, check_size

OTHER_FILES = (".txt", ".csv", ".json", ".xml", ".md", ".html", ".yaml", ".yml", ".pdf", ".mat", ".db", ".ini", ".cfg")
TRAIN, TEST = ("train", "training"), ("test", "testing", "val", "valid", "validation")
EVERY = 200  # images between two calls of `progress`
OUTSIDE = "no folder"


@dataclass(frozen=True)
class _Picture:
    """An image file: its name, the folders it lies in, and a function that reads it."""

    name: str
    folders: tuple[str, ...]
    read: Callable[[], bytes]


def read_zip(file: UploadedFile, spec: UploadSpec, progress: Progress) -> Samples:
    """The images of a ZIP. Raises `UploadError` for a hostile or damaged ZIP, and one without a readable image."""
    with archive.opened(file) as zip_file:
        others = [one for one in zip_file.members if one.filename.lower().endswith(OTHER_FILES)]
        entries = [one for one in zip_file.members if not one.filename.lower().endswith(OTHER_FILES)]
        if any(one.filename == "[Content_Types].xml" for one in zip_file.members):
            raise UploadError(f"{file.title}: got an Office file, allowed: the table saved as CSV")
        if not entries:
            raise UploadError(f"{file.title}: got a ZIP without images, allowed: {ALLOWED}")
        facts = [f"{counted(len(others), 'other file')} in the ZIP left out."] if others else []
        found = [_in_zip(zip_file, entry) for entry in sorted(entries, key=lambda one: one.filename)]
        return _read(found, file.title, spec, progress, facts)


def read_files(files: Sequence[UploadedFile], spec: UploadSpec, progress: Progress) -> Samples:
    """Several image files, without classes. Raises `UploadError`."""
    found = [_Picture(file.title, (), file.path.read_bytes) for file in files]
    return _read(found, files[0].title, spec, progress, [])


def _in_zip(zip_file: Archive, entry: ZipInfo) -> _Picture:
    *folders, name = entry.filename.replace("\\", "/").split("/")
    return _Picture(name, tuple(folders), partial(zip_file.read, entry, pictures.MAX_BYTES))


def _read(found: list[_Picture], title: str, spec: UploadSpec, progress: Progress, facts: list[str]) -> Samples:
    headers, refused = _headers(found, progress)
    if not headers:
        raise _unreadable(title, refused)
    shown = [found[i] for i in headers]
    size, fit = _size([(one.height, one.width) for one in headers.values()], spec)
    grey = spec.colour == "grey" or (spec.colour == "auto" and all(one.grey for one in headers.values()))
    check_size(len(shown), (*size,) if grey else (*size, 3), title)
    x = np.empty((len(shown), *size) if grey else (len(shown), *size, 3), np.uint8)
    good = np.zeros(len(shown), bool)
    for i, picture in enumerate(shown):
        if i % EVERY == 0:
            progress("decoding images", i / len(shown))
        try:
            x[i] = pictures.pixels(picture.read(), size, fit, grey)
            good[i] = True
        except UploadError as error:
            refused.append((picture.name, str(error)))
    if not good.any():
        raise _unreadable(title, refused)
    used = [picture for picture, one in zip(shown, good, strict=True) if one]
    x = x[good] if not good.all() else x
    if spec.colour == "auto" and x.ndim == 4 and _is_grey(x):
        x = np.ascontiguousarray(x[..., 0])
    facts += _changes(list(headers.values()), x.shape[1:3], fit, x.ndim == 3)
    if refused:
        first, reason = refused[0]
        facts.append(f"{counted(len(refused), 'file')} left out, such as {labels.plain_name(first)}: {reason}.")
    return _labelled(x, used, facts)


def _unreadable(title: str, refused: list[tuple[str, str]]) -> UploadError:
    first, reason = refused[0]
    return UploadError(f"{title}: got no image that can be read ({labels.plain_name(first)}: {reason})")


def _headers(found: list[_Picture], progress: Progress) -> tuple[dict[int, pictures.Header], list[tuple[str, str]]]:
    """({index: header} of the images, (name, reason) of the files that are none)."""
    headers, refused = {}, []
    for i, picture in enumerate(found):
        if i % EVERY == 0:
            progress("reading headers", i / len(found))
        try:
            headers[i] = pictures.header(picture.read())
        except (UploadError, OSError) as error:
            refused.append((picture.name, str(error)))
    return headers, refused


def _size(sizes: list[tuple[int, int]], spec: UploadSpec) -> tuple[tuple[int, int], str]:
    """The (height, width) of all samples, and how the images are fitted: one size keeps its proportions exactly."""
    if len(set(sizes)) == 1:
        height, width = sizes[0]
        scale = min(1.0, spec.side / max(height, width))
        return (max(1, round(height * scale)), max(1, round(width * scale))), "stretch"
    side = min(spec.side, max(max(size) for size in sizes))
    return (side, side), spec.fit


def _is_grey(x: np.ndarray) -> bool:
    return all((part[..., :1] == part).all() for part in np.array_split(x, -(-len(x) // 1000)))


def _changes(headers: list[pictures.Header], size: tuple[int, ...], fit: str, grey: bool) -> list[str]:
    facts = []
    sizes = {(one.height, one.width) for one in headers}
    target = f"{size[0]} × {size[1]}"
    if len(sizes) > 1:
        how = {"pad": "padded", "crop": "cropped", "stretch": "stretched"}[fit]
        facts.append(f"Images of {len(sizes):,} sizes, scaled and {how} to {target} pixels.")
    elif sizes != {tuple(size)}:
        before = next(iter(sizes))
        facts.append(f"Images of {before[0]:,} × {before[1]:,} pixels, scaled to {target}.")
    coloured = sum(not one.grey for one in headers)
    if grey and coloured:
        facts.append(f"{counted(coloured, 'image')} with colour channels, kept as grey.")
    elif not grey and coloured < len(headers):
        facts.append(f"{counted(len(headers) - coloured, 'grey image')} among coloured ones, kept as colour.")
    for mode, n in sorted(Counter(one.converted for one in headers if one.converted).items()):
        facts.append(f"{counted(n, 'image')} of mode {mode}, converted to 8 bits a channel.")
    if turned := sum(one.turned for one in headers):
        facts.append(f"{counted(turned, 'image')} turned upright, as EXIF says.")
    if moving := sum(one.frames > 1 for one in headers):
        facts.append(f"{counted(moving, 'animation')}: the first frame is used.")
    return facts


def _labelled(x: np.ndarray, used: list[_Picture], facts: list[str]) -> Samples:
    """`Samples` with the folders as classes, and with the test set of a ZIP that has the folders train and test."""
    folders = [picture.folders for picture in used]
    while all(folders) and len({one[0] for one in folders}) == 1:  # a folder around everything
        folders = [one[1:] for one in folders]
    tops = {one[0].lower() for one in folders if one}
    n_test = 0
    if all(folders) and len(tops) == 2 and tops & set(TRAIN) and tops & set(TEST):
        is_test = np.array([one[0].lower() in TEST for one in folders])
        order = np.argsort(is_test, kind="stable")
        x, n_test, folders = x[order], int(is_test.sum()), [folders[i][1:] for i in order]
        facts.append(f"The folder of {counted(n_test, 'test image')} is the validation set.")
    if not any(folders):
        return Samples("images", x, n_test=n_test, facts=tuple(facts))
    classes, names, said = labels.encoded([one[0] if one else OUTSIDE for one in folders], "Folders")
    return Samples("images", x, classes, names, n_test=n_test, facts=(*facts, *said))
