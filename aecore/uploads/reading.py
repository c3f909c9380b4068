"""`read`: the samples of uploaded files, whose kind is known from their content."""

from __future__ import annotations

from collections.abc import Sequence

from aecore.errors import UploadError
from aecore.specs.upload import UploadSpec
from aecore.uploads import arrays, images, tables
from aecore.uploads.files import UploadedFile, check_upload_size
from aecore.uploads.samples import Progress, Samples, check_samples


def read(files: Sequence[UploadedFile], spec: UploadSpec, progress: Progress = lambda what, share: None) -> Samples:
    """The samples of one file, of several images, or of MNIST's IDX files.

    Raises `UploadError`, in one line that says what was received and what is allowed, and what `progress` raises.
    """
    check_upload_size([file.path.stat().st_size for file in files])
    kinds = [file.kind() for file in files]
    if not kinds:
        raise UploadError("got no file, allowed: one, several images, or IDX files")
    progress("reading", 0.0)
    samples = _read(files, kinds, spec, progress)
    check_samples(samples, files[0].title)
    return samples


def _read(files: Sequence[UploadedFile], kinds: Sequence[str], spec: UploadSpec, progress: Progress) -> Samples:
    first, kind = files[0], kinds[0]
    if len(files) > 1 and len(set(kinds)) == 1 and kind == "image":
        return images.read_files(files, spec, progress)
    if set(kinds) <= {"idx", "gzip"}:
        return arrays.read_idx(files, spec)
    if len(files) > 1:
        raise UploadError(f"upload: got {len(files):,} files, allowed: one, several images, or IDX files")
    if kind == "image":
        return images.read_files(files, spec, progress)
    if kind == "zip":
        if arrays.is_npz(first):
            return arrays.read_npz(first, spec)
        return images.read_zip(first, spec, progress)
    if kind == "npy":
        return arrays.read_npy(first, spec)
    return tables.read_parquet(first, spec) if kind == "parquet" else tables.read_text(first, spec)
