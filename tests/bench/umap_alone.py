"""What `tests.bench.projection` starts: one UMAP in a process of its own, which imports nothing else.

`python -m tests.bench.umap_alone ours|umap-learn CODINGS.npy MAP.npy` prints the seconds from the codings to the map,
by the clock and of CPU, and those from the process's start to the map. Ours is as in a map worker: when it is handed
its first map it has imported its engines, but not UMAP, and never TensorFlow.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np


def main(name: str, codings: str, drawn: str) -> None:
    x = np.load(codings)
    if name == "ours":
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
        from aecore.specs.map import MapSpec
        from aecore.worker.projection import engines

        started, spent = time.perf_counter(), os.times()
        points = engines.embed(x, MapSpec("umap"), lambda share: None)
    else:
        from umap import UMAP

        started, spent = time.perf_counter(), os.times()
        points = UMAP().fit_transform(x)
    ended, all_spent = time.perf_counter(), os.times()
    import psutil

    whole = time.time() - psutil.Process().create_time()
    np.save(drawn, points)
    cpu = all_spent.user + all_spent.system
    print(json.dumps([ended - started, cpu - spent.user - spent.system, whole, cpu]))


if __name__ == "__main__":
    main(*sys.argv[1:])
