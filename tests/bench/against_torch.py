"""Seconds an epoch, ours against a plain PyTorch loop: equal model, data, batch size, threads and optimizer (Adam).

One row a model and batch size: medians of epochs 2 to 4, over interleaved runs that are processes of their own; the
first epoch, with its tracing, is left out on both sides. *Ours* is the project's loop as it trains, with validation,
snapshots, history and status. *PyTorch* is the loop that everyone writes: all images as one float tensor, a new order
an epoch, `zero_grad`, forward, `backward`, `step`, and the validation loss at each epoch's end. Goal: not slower.

PyTorch is no requirement of the project. Into a folder of its own (the CPU build is enough):

    pip install --target somewhere torch
    PYTHONPATH=somewhere python -m tests.bench.against_torch [--repeats N] [--only stacked] [--dataset NAME]
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import statistics
import time
from typing import Any

from aecore import datasets, presets
from aecore.specs.run import RunSpec
from tests.bench.common import print_table
from tests.bench.loop import apart, ours

MODELS = ("stacked", "convolutional")
BATCHES = (32, 256)
EPOCHS = 4
SIDES = ("ours", "torch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="processes of each side (default 3)")
    parser.add_argument("--only", choices=MODELS, help="one of the models")
    parser.add_argument("--dataset", choices=datasets.names(), default="fashion-mnist", help="a smaller one")
    parser.add_argument("--measure", nargs=3, metavar=("SIDE", "MODEL", "BATCH"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        side, model, batch = args.measure
        print(json.dumps({"ours": by_us, "torch": by_torch}[side](recipe(model, int(batch), args.dataset))))
        return
    if importlib.util.find_spec("torch") is None:
        raise SystemExit("no torch: pip install --target somewhere torch, then PYTHONPATH=somewhere")
    models = (args.only,) if args.only else MODELS
    print_table(
        f"Seconds an epoch of {args.dataset}, medians over {args.repeats} interleaved processes a side",
        ("model", "batch", "ours", "PyTorch", "ours/PyTorch", "validation", "PyTorch's"),
        [compared(model, batch, args.dataset, args.repeats) for model in models for batch in BATCHES],
    )


def compared(model: str, batch: int, dataset: str, repeats: int) -> tuple[object, ...]:
    """A row of the table; the validation losses at the end say that both trained the same thing."""
    runs: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for _ in range(repeats):
        for side in SIDES:
            runs[side].append(apart(__spec__.name, "--dataset", dataset, "--measure", side, model, batch))
    seconds = [statistics.median(epoch for run in runs[side] for epoch in run["seconds"]) for side in SIDES]
    losses = [statistics.median(run["val_loss"] for run in runs[side]) for side in SIDES]
    return (
        model,
        batch,
        *(f"{value:.2f}" for value in seconds),
        f"{seconds[0] / seconds[1]:.2f}",
        *(f"{loss:.4f}" for loss in losses),
    )


def recipe(model: str, batch: int, dataset: str) -> RunSpec:
    """The book's model with Adam."""
    spec = presets.get(f"geron-{model}").spec
    return spec.replace(dataset=dataset, optimizer="adam", learning_rate=0.001, batch_size=batch, epochs=EPOCHS)


def by_us(spec: RunSpec) -> dict[str, Any]:
    from aecore.worker.training.fit import pca_errors

    pca_errors(spec.dataset, spec.leave_out)  # computed once a worker, in the background of its first training
    rows = ours(spec, lambda row: False)
    ends = [row["seconds"] for row in rows]
    return {"seconds": [b - a for a, b in itertools.pairwise(ends)], "val_loss": rows[-1]["val_loss"]}


def by_torch(spec: RunSpec) -> dict[str, Any]:
    import torch
    from torch.nn.functional import binary_cross_entropy

    torch.manual_seed(spec.seed)
    torch.set_num_threads(os.cpu_count() or 1)
    data = datasets.load(spec.dataset)
    train, validation = (torch.tensor(datasets.as_float(part)) for part in (data.train, data.validation))
    model = {"dense": dense, "convolutional": convolutional}[spec.architecture]()
    optimizer = torch.optim.Adam(model.parameters(), lr=spec.learning_rate, eps=1e-7)  # Keras's epsilon
    ends, val_loss = [], 0.0
    for _ in range(spec.epochs):
        order = torch.randperm(len(train))
        for indices in order.split(spec.batch_size):
            x = train[indices]
            loss = binary_cross_entropy(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            parts = validation.split(spec.batch_size)
            val_loss = sum(binary_cross_entropy(model(x), x).item() * len(x) for x in parts) / len(validation)
        ends.append(time.perf_counter())
    return {"seconds": [b - a for a, b in itertools.pairwise(ends)], "val_loss": val_loss}


def dense() -> Any:
    from torch import nn

    return glorot(
        nn.Sequential(
            nn.Flatten(),
            nn.Linear(784, 100),
            nn.SELU(),
            nn.Linear(100, 30),
            nn.SELU(),
            nn.Linear(30, 100),
            nn.SELU(),
            nn.Linear(100, 784),
            nn.Sigmoid(),
            nn.Unflatten(1, (28, 28)),
        )
    )


def convolutional() -> Any:
    from torch import nn

    return glorot(
        nn.Sequential(
            nn.Unflatten(1, (1, 28)),
            nn.Conv2d(1, 16, 3, padding=1),
            nn.SELU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.SELU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.SELU(),
            nn.MaxPool2d(2),
            nn.ConvTranspose2d(64, 32, 3, stride=2),
            nn.SELU(),
            nn.ConvTranspose2d(32, 16, 3, stride=2, padding=1, output_padding=1),
            nn.SELU(),
            nn.ConvTranspose2d(16, 1, 3, stride=2, padding=1, output_padding=1),
            nn.Sigmoid(),
            nn.Flatten(1, 2),
        )
    )


def glorot(model: Any) -> Any:
    """Keras's initial weights, so that the losses can be compared."""
    from torch import nn

    for layer in model:
        if hasattr(layer, "weight"):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


if __name__ == "__main__":
    main()
