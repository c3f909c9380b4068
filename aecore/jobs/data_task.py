"""`DataTask`: reads uploaded files into the folder of a data set, in the worker for maps, which has no TensorFlow."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from aecore.datasets import own
from aecore.errors import AecoreError
from aecore.jobs.tasks import Task
from aecore.specs.upload import UploadSpec
from aecore.store import own_data
from aecore.store.files import write_json
from aecore.store.runs import ResultFolder
from aecore.uploads.files import UploadedFile


class Stopped(Exception):
    """Raised inside a reader once the job was asked to stop."""


@dataclass(frozen=True)
class DataTask(Task):
    """A new data set: fills `data/<name>/`. `files` were stored by `own_data.receive` and are deleted in the end."""

    name: str
    files: tuple[UploadedFile, ...]
    spec: UploadSpec = field(default_factory=UploadSpec)
    source: str = ""  # digest of files and spec, by which the command line finds data that it has added before
    lane: ClassVar[str] = "map"

    @property
    def key(self) -> str:
        return self.name

    def folder(self, cache: Path) -> Path:
        return own.folder(self.name, cache)

    def validate(self, cache: Path) -> None:
        if not self.files or not all(file.path.is_file() for file in self.files):
            raise AecoreError("data: got no file, allowed: one, several images, or IDX files")

    def describe(self, folder: Path) -> None:
        write_json(folder / "spec.json", {"key": self.name, "data": self.spec.to_dict()})

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        from aecore.uploads.prepare import prepare
        from aecore.uploads.reading import read  # imports pandas

        result = ResultFolder(folder)

        def progress(what: str, share: float) -> None:
            if should_stop():
                raise Stopped
            result.write_status(state="running", message=what, fraction=0.8 * share)

        try:
            samples = read(self.files, self.spec, progress)
            progress("splitting and scaling", 1.0)
            data = prepare(samples, self.spec)
            progress("writing", 1.1)
            own_data.write(data, self.name, self.files[0].title, self.spec, folder, self.source)
        except Stopped:
            return
        finally:
            shutil.rmtree(self.files[0].path.parent, ignore_errors=True)
