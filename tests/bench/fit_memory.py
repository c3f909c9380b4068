"""Memory that stays in a process after every fit of `aecore.Autoencoder`, and of the same network in Keras's `fit`.

Each way has a process of its own. Growth is that of the resident memory after garbage collection, in MB (10⁶ bytes) a
fit, from the tenth fit on; "cleared": `keras.backend.clear_session()` after each fit.

    python -m tests.bench.fit_memory [FITS] [WAY]
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import psutil

from aecore import Autoencoder, RunSpec
from tests.bench.common import print_table

FITS = 100
WARM = 10
SPEC = RunSpec(hidden=(100,), coding_size=30, batch_size=32, epochs=1, optimizer="nadam", learning_rate=0.003)
X = np.random.default_rng(0).random((320, 784)).astype(np.float32)


def ours() -> None:
    Autoencoder(SPEC, random_state=0).fit(X)


def kerass() -> None:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((784,)), *(layers.Dense(n, "selu") for n in (100, 30, 100))])
    model.add(layers.Dense(784, "sigmoid"))
    model.compile(optimizer=keras.optimizers.Nadam(0.003), loss="binary_crossentropy")
    model.fit(X, X, batch_size=32, epochs=1, verbose=0)


def cleared(fit: Callable[[], None]) -> Callable[[], None]:
    def fit_and_clear() -> None:
        fit()
        import keras

        keras.backend.clear_session()

    return fit_and_clear


WAYS = {
    "aecore.Autoencoder": ours,
    "aecore.Autoencoder, cleared": cleared(ours),
    "Keras's fit": kerass,
    "Keras's fit, cleared": cleared(kerass),
}


def growth(fit: Callable[[], None], fits: int) -> float:
    """MB a fit, between the fit no. `WARM` and the last."""
    for _ in range(WARM):
        fit()
    before = resident()
    for _ in range(fits - WARM):
        fit()
    return (resident() - before) / (fits - WARM)


def resident() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6


def main() -> None:
    fits = int(sys.argv[1]) if len(sys.argv) > 1 else FITS
    if len(sys.argv) > 2:
        print(growth(WAYS[sys.argv[2]], fits))
        return
    rows = []
    for way in WAYS:
        command = [sys.executable, "-m", "tests.bench.fit_memory", str(fits), way]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append((way, f"{float(done.stdout.split()[-1]):.2f}"))
    print_table(f"Memory that stays, MB a fit, {fits} fits", ("", "MB a fit"), rows)


if __name__ == "__main__":
    main()
