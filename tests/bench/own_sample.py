"""What an own drawing costs the server: from the pixels that the canvas sent to everything the page shows of it.

For a dense, a convolutional and a recurrent demonstration run, on a t-SNE and a UMAP map of 5,000 points: read the
drawing, make it a sample, encode, reconstruct, find its neighbours, place it on the map, and write the HTML. Median
and 95th percentile over many drawings; `first` is the first one after a server start, which loads the networks and
the codings of what was mapped. Goal: 100 ms.

    python -m tests.bench.own_sample
"""

from __future__ import annotations

import base64
import io
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from aecore.analysis import inference
from aecore.datasets.own_image import DRAWING_SIDE, from_drawing, read_drawing
from aecore.presets import demonstrations as demo
from aecore.specs.map import MapSpec
from aecore.store import runs
from aecore.store.runs import ResultFolder, Run
from aecore.worker.projection import project
from pages.widgets.images.grid import grid_html
from pages.widgets.latent_map import own_image
from pages.widgets.server import shared
from tests.bench.common import demonstrations, print_table

RUNS = ("stacked", "convolutional", "recurrent")
METHODS = ("tsne", "umap")
POINTS = 5_000
DRAWINGS = 100
STAGES = ("read", "encode … place", "HTML")


def main() -> None:
    rows = []
    with demonstrations() as cache:
        os.environ["AECORE_CACHE"] = str(cache)  # the pages' functions look there
        for name in RUNS:
            run = runs.open_run(demo.keys()[name], cache)
            if not run.readable:
                continue
            for method in METHODS:
                print(f"{name}: drawing the {method} map", file=sys.stderr, flush=True)
                rows.append((name, method, *measured(run, drawn(run, method, cache))))
    print_table(
        f"From the pixels drawn to the page's HTML, on a map of {POINTS:,} points: ms, median of {DRAWINGS}",
        ("run", "map", *STAGES, "all", "p95", "first"),
        rows,
    )


def drawn(run: Run, method: str, cache: Path) -> ResultFolder:
    """A finished map of validation and training samples."""
    spec = MapSpec(method=method, n=POINTS, split="all")
    folder = cache / "runs" / run.key / "map" / spec.key(run.key)
    project.compute(spec, run, folder, lambda: False)
    return ResultFolder(folder)


def measured(run: Run, work: ResultFolder) -> tuple[str, ...]:
    """Median milliseconds of each stage and of all, the 95th percentile of all, and the first time."""
    st.cache_resource.clear()
    inference.clear()
    shared.data(run.spec.dataset)  # the page has shown its images before
    texts = [scribble(seed) for seed in range(DRAWINGS + 1)]
    times = np.array([once(run, work, text) for text in texts])
    whole = times[1:].sum(axis=1)
    p95 = statistics.quantiles(whole, n=20, method="inclusive")[-1]
    return tuple(f"{1000 * t:.1f}" for t in (*np.median(times[1:], axis=0), np.median(whole), p95, times[0].sum()))


def once(run: Run, work: ResultFolder, text: str) -> tuple[float, ...]:
    """Seconds of each stage for one drawing."""
    data = shared.data(run.spec.dataset)
    clocks = [time.perf_counter()]
    pixels = read_drawing(text)
    assert pixels is not None
    sample = from_drawing(pixels, data.info)
    clocks.append(time.perf_counter())
    found = own_image.located(run, data, sample, work)
    assert found.point is not None, found.unplaced
    clocks.append(time.perf_counter())
    own_image.pictures_html(found)
    grid_html([("image", data.validation[found.neighbours])], [str(number) for number in found.neighbours])
    clocks.append(time.perf_counter())
    return tuple(np.diff(clocks))


def scribble(seed: int) -> str:
    """A drawing as the canvas sends it: a few grey strokes."""
    random = np.random.default_rng(seed)
    image = Image.new("L", (4 * DRAWING_SIDE, 4 * DRAWING_SIDE))
    for _ in range(5):
        points = [tuple(point) for point in random.uniform(40, 4 * DRAWING_SIDE - 40, (4, 2))]
        ImageDraw.Draw(image).line(points, fill=int(random.integers(60, 256)), width=36, joint="curve")
    file = io.BytesIO()
    image.resize((DRAWING_SIDE, DRAWING_SIDE), Image.Resampling.BOX).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    main()
