"""Seconds and memory from an uploaded file to a finished data set: `python -m tests.bench.own_data`.

Each file is read, split, scaled and written in a process of its own, whose peak memory is printed, too.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from aecore.specs.upload import UploadSpec
from aecore.store import own_data
from aecore.uploads.files import UploadedFile


def pictures(path: Path) -> None:
    """10,000 smooth colour images of 64 × 64 pixels in ten folders."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for i in range(10_000):
            small, buffer = random.integers(0, 256, (8, 8, 3), np.uint8), io.BytesIO()
            Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC).save(buffer, "PNG")
            file.writestr(f"class {i % 10}/{i}.png", buffer.getvalue())


def table(path: Path) -> None:
    """100,000 rows of 50 columns."""
    values = np.random.default_rng(0).normal(size=(100_000, 50))
    pd.DataFrame(values).add_prefix("column ").assign(label=np.arange(100_000) % 5).to_csv(path, index=False)


def embeddings(path: Path) -> None:
    """20,000 × 768 numbers."""
    with path.open("wb") as file:
        np.save(file, np.random.default_rng(0).normal(size=(20_000, 768)).astype(np.float32))


FILES = {
    "ZIP, 10,000 images of 64 × 64 × 3": pictures,
    "CSV, 100,000 × 50": table,
    "NPY, 20,000 × 768": embeddings,
}


def measure(path: Path) -> None:
    """Print seconds and megabytes of adding one file; run in a process of its own."""
    from aecore.uploads.prepare import prepare
    from aecore.uploads.reading import read

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    data = prepare(read([UploadedFile(path.name, path)], UploadSpec()), UploadSpec())
    folder = path.with_name("data")
    folder.mkdir()
    own_data.write(data, own_data.new_name(), path.name, UploadSpec(), folder)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{seconds:.1f} {(peak - before) / 1024:.0f}")


def main() -> None:
    print("| file | MB | seconds | MB of memory |\n|---|---|---|---|")
    for title, make in FILES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            make(path)
            command = [sys.executable, "-m", "tests.bench.own_data", str(path)]
            seconds, memory = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            print(f"| {title} | {path.stat().st_size / 2**20:.0f} | {seconds} | {memory} |", flush=True)


if __name__ == "__main__":
    measure(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
