"""One sample's way through a trained network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aecore.analysis import inference
from aecore.store.runs import Run


@dataclass(frozen=True)
class ForwardPass:
    """The activations of every layer for one sample.

    activations : by layer, 'input', 'codings', 'hidden_1', …, 'output'.
    deviations, draw : of a variational run the standard deviations (d,) of the codings, whose means are in
        `activations`, and the draw (d,) that was decoded; None for any other run.
    """

    activations: dict[str, np.ndarray]
    deviations: np.ndarray | None = None
    draw: np.ndarray | None = None


def forward_pass(run: Run, x: np.ndarray, seed: int | None = None) -> ForwardPass:
    """The activations for one sample (*shape). A variational run decodes the draw of this `seed`, or the means if it is
    None."""
    deviations = draw = None
    if run.spec.variational:
        mean, log_variance = inference.encode(run, x[None])[0], inference.log_variance(run, x[None])[0]
        deviations = np.exp(log_variance / 2)
        noise = 0.0 if seed is None else np.random.default_rng(seed).standard_normal(mean.shape)
        draw = (mean + deviations * noise).astype(np.float32)
    activations = inference.all_activations(run, x[None], None if draw is None else draw[None])
    return ForwardPass({"input": x, **{name: values[0] for name, values in activations.items()}}, deviations, draw)


def first_rows(x: np.ndarray, rows: int) -> np.ndarray:
    """A sample with all but its first `rows` rows set to 0."""
    result = np.zeros_like(x)
    result[:rows] = x[:rows]
    return result
