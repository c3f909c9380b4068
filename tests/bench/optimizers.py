"""Processor time of a training step of wide dense nets, by `aecore.worker.training.adam` and by Keras's Adam.

    python -m tests.bench.optimizers

Medians of interleaved repeats; processor time of the process, since other programs on the machine disturb the clock.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from aecore.specs.run import RunSpec

NETS = {"784-100-30": (100,), "784-500-250-30": (500, 250), "784-1000-500-30": (1000, 500)}
BATCHES = (32, 128)
SAMPLES, STEPS, REPEATS = 2000, 30, 5


def stepping(spec: RunSpec, kind: Callable[..., object]) -> Callable[[], float]:
    """A function that takes `STEPS` training steps and returns the milliseconds of processor time of one."""
    import tensorflow as tf

    from aecore.worker.training import arrays, fit

    random = np.random.default_rng(0)
    samples = tf.constant(random.integers(0, 256, (SAMPLES, 28, 28)).astype(np.uint8))
    (stage,) = fit.stages(arrays.build(spec, (28, 28)))
    optimizer = kind(stage.settings.learning_rate)
    optimizer.build(stage.objective.variables)  # type: ignore[attr-defined]
    run_steps = fit.stepper(stage.objective, optimizer, samples)
    batches = np.stack([random.permutation(SAMPLES)[: spec.batch_size] for _ in range(STEPS)]).astype(np.int32)
    run_steps(batches[:2]).numpy()  # traced

    def milliseconds() -> float:
        start = time.process_time()
        run_steps(batches).numpy()
        return (time.process_time() - start) / STEPS * 1000

    return milliseconds


def main() -> None:
    import keras

    import aecore.worker.training.adam as own

    kinds = {"own": own.Adam, "Keras's": keras.optimizers.Adam}
    print(f"{'net':<18}{'batch':>6}{'own':>9}{'Keras':>9}   ms of processor time a step")
    for net, hidden in NETS.items():
        for batch_size in BATCHES:
            spec = RunSpec(hidden=hidden, coding_size=30, optimizer="adam", batch_size=batch_size)
            measures = {name: stepping(spec, kind) for name, kind in kinds.items()}
            rounds = [{name: measure() for name, measure in measures.items()} for _ in range(REPEATS)]
            ours, kerass = (statistics.median(one[name] for one in rounds) for name in kinds)
            print(f"{net:<18}{batch_size:>6}{ours:>9.2f}{kerass:>9.2f}   {kerass / ours - 1:+.0%}")


if __name__ == "__main__":
    main()
