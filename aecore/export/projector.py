"""A log folder for TensorBoard's Embedding Projector: `tensorboard --logdir FOLDER` shows a run's codings.

projector_config.pbtxt  names the other files and their shapes; TensorBoard looks for it
vectors.tsv             the codings of the validation samples, no header
metadata.tsv            their numbers and classes
sprite.png              their thumbnails, row by row in a square grid, for data sets of images

The files and their limits: https://www.tensorflow.org/tensorboard/tensorboard_projector_plugin. The first three work in
https://projector.tensorflow.org as well.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable

import numpy as np
from PIL import Image

from aecore import datasets
from aecore.datasets import Data
from aecore.store.runs import Run
from aecore.text import counted

COLUMNS = 3  # the projector shows nothing of vectors with fewer
SIDE = 8192  # pixels of a sprite sheet that it accepts, in each direction
LEAST = 4  # pixels of the shorter side of a thumbnail worth sending


def files(run: Run) -> dict[str, bytes]:
    """{file name: content} of the log folder; codings of fewer than three numbers get columns of zeros."""
    codings, data = _codings(run), datasets.load(run.spec.dataset)
    vectors = np.pad(codings, ((0, 0), (0, max(0, COLUMNS - codings.shape[1]))))
    contents = {
        "vectors.tsv": _table(vectors.astype(str)),  # of each float32 the shortest text that denotes it
        "metadata.tsv": _table([("id", "label"), *enumerate(_labels(data, len(codings)))]),
    }
    config = [
        'tensor_name: "codings"',
        'tensor_path: "vectors.tsv"',
        *(f"tensor_shape: {size}" for size in vectors.shape),
        'metadata_path: "metadata.tsv"',
    ]
    if size := thumbnail(data, len(codings)):
        contents["sprite.png"] = _sprite(datasets.as_float(data.validation[: len(codings)]), size)
        config.append(f'sprite {{ image_path: "sprite.png" single_image_dim: {size[0]} single_image_dim: {size[1]} }}')
    lines = "".join(f"  {line}\n" for line in config)
    return {"projector_config.pbtxt": f"embeddings {{\n{lines}}}\n".encode(), **contents}


def notes(run: Run) -> list[str]:
    """What the log folder has otherwise than the run: columns of zeros, smaller thumbnails or none."""
    codings, data = _codings(run), datasets.load(run.spec.dataset)
    n, d = codings.shape
    size, lines = thumbnail(data, n), []
    if d < COLUMNS:
        lines.append(
            f"{counted(d, 'coding')} and {counted(COLUMNS - d, 'column')} of zeros: the projector needs {COLUMNS}"
        )
    if not data.info.is_image:
        lines.append("no thumbnails: the samples are vectors")
    elif size is None:
        lines.append(f"no thumbnails: {n:,} do not fit into the {SIDE:,} × {SIDE:,} pixels that TensorBoard accepts")
    elif size != (data.info.shape[1], data.info.shape[0]):
        lines.append(
            f"thumbnails of {size[0]} × {size[1]} pixels: TensorBoard accepts {SIDE:,} × {SIDE:,} for all of them"
        )
    return lines


def thumbnail(data: Data, n: int) -> tuple[int, int] | None:
    """Width and height of one of `n` thumbnails, as large as the images if the sheet allows; None for no sheet."""
    if not data.info.is_image or not n:
        return None
    height, width = data.info.shape[:2]
    share = min(1.0, (SIDE // _per_row(n)) / max(height, width))
    size = (max(1, int(width * share)), max(1, int(height * share)))
    return size if share == 1 or min(size) >= LEAST else None


def _per_row(n: int) -> int:
    return math.ceil(math.sqrt(n))


def _codings(run: Run) -> np.ndarray:
    codings = run.array("codings")
    return np.asarray(codings, np.float32).reshape(len(codings), -1)


def _labels(data: Data, count: int) -> list[str]:
    """The class names of the first `count` validation samples, '' for a data set without classes."""
    if data.validation_labels is None:
        return [""] * count
    return [data.info.classes[label] for label in data.validation_labels[:count]]


def _table(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows with tabs between; TensorBoard knows no quotes, so a value has no tab or line break."""
    lines = ("\t".join(" ".join(str(value).split()) for value in row) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _sprite(samples: np.ndarray, size: tuple[int, int]) -> bytes:
    """The PNG of samples (n, height, width[, channels]), floats of 0 to 1, as thumbnails of (width, height) pixels."""
    pixels = np.round(np.clip(samples, 0, 1) * 255).astype(np.uint8)
    if pixels.ndim == 4 and pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    columns = _per_row(len(pixels))
    sheet = Image.new("L" if pixels.ndim == 3 else "RGB", (columns * size[0], columns * size[1]))
    for number, image in enumerate(pixels):
        picture = Image.fromarray(image)
        picture = picture if picture.size == size else picture.resize(size, Image.Resampling.BOX)
        sheet.paste(picture, (number % columns * size[0], number // columns * size[1]))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()
