"""A run's encoder or decoder for the browser: read from ONNX, folded into a few kinds of steps, and sent as arrays.

`canvas/network.js` runs what `part` describes: a decoded picture while a slider moves, without a word to the server.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto

from aecore.analysis import inference, latent_axes
from aecore.browser import reading, running
from aecore.browser.program import Network, NetworkError
from aecore.errors import AecoreError
from aecore.store.runs import Run

__all__ = ["MOST_BYTES", "MOST_WORK", "Network", "NetworkError", "halves", "lighter", "part", "read"]

MOST_BYTES = 3_500_000  # of weights as they travel: of one half, and of both together
MOST_WORK = 30_000_000  # multiplications and additions of one sample: about as many nanoseconds in a browser
MOST_FILE = 20_000_000  # bytes; a larger one cannot end within `MOST_BYTES` and is not even read
LIGHT = 1_000_000  # bytes of weights; what is heavier travels as 16-bit numbers, where that is exact enough
EXACT = 1e-3  # how far that may move an output, in units of 1 or of the outputs' spread
HELD_OUT = 100  # samples that this is measured on,
MOST_ENDS = 50  # and sliders
LEVELS = 32_767


def read(run: Run, half: str) -> Network:
    """The network of one `half`, 'encoder' (its codings, or their means) or 'decoder'.

    Raises `NetworkError` in one line where the browser cannot run it: an operation it has no step for, weights that
    are not numbers or are more than `MOST_BYTES`, more than `MOST_WORK` for one sample, a file that cannot be read.
    """
    try:
        network = reading.program(_model(run, half))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, NetworkError):
            raise
        kind = type(error).__name__
        raise NetworkError(f"{half}: got a graph that cannot be followed ({kind}), allowed: this app's own") from None
    if network.work > MOST_WORK:
        raise NetworkError(
            f"{half}: got {network.work / 1e6:,.0f} million multiplications a sample, allowed: "
            f"{MOST_WORK / 1e6:g} million in the browser"
        )
    if network.nbytes > LIGHT:
        light = lighter(network)
        network = light if light.nbytes <= MOST_BYTES and _moved(run, half, network, light) <= EXACT else network
    if network.nbytes > MOST_BYTES:
        raise NetworkError(
            f"{half}: got weights of {network.nbytes / 1e6:.1f} MB, allowed: {MOST_BYTES / 1e6:g} MB in the browser"
        )
    return network


def halves(run: Run) -> tuple[Network | None, Network | None, str]:
    """Decoder and encoder, each None where the browser cannot run it, and why in one line, '' where it runs both.

    The decoder goes first: the encoder has what is left of `MOST_BYTES`.
    """
    found: list[Network | None] = []
    reasons = []
    for half in ("decoder", "encoder"):
        try:
            network = read(run, half)
            total = sum(other.nbytes for other in found if other) + network.nbytes
            if total > MOST_BYTES:
                raise NetworkError(
                    f"{half}: got weights of {total / 1e6:.1f} MB with the decoder's, allowed: "
                    f"{MOST_BYTES / 1e6:g} MB in the browser"
                )
            found.append(network)
        except AecoreError as error:
            found.append(None)
            reasons.append(str(error))
    return found[0], found[1], "; ".join(reasons)


def lighter(network: Network) -> Network:
    """The network with its kernels as 16-bit multiples of a unit; biases and scales, which are few, stay.

    Half the bytes, as in half precision, and an eighth of its error: the weights of a layer are of one size.
    """
    kernels = {step["weights"] for step in network.steps if "weights" in step}
    units = {name: _unit(network.weights[name]) for name in kernels}
    weights = {
        name: np.round(a / units[name]).astype(np.int16) if name in units else a for name, a in network.weights.items()
    }
    return replace(network, weights=weights, units=units)


def part(network: Network) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays for `packing.pack`, which `makeNetwork(header, arrays)` takes."""
    header = {
        "steps": network.steps,
        "sizes": network.sizes,
        "units": network.units,
        "input_shape": list(network.input_shape),
        "output_shape": list(network.output_shape),
    }
    return header, network.weights


def _model(run: Run, half: str) -> ModelProto:
    path = run.folder / f"{half}.onnx"
    try:
        size = path.stat().st_size
        if size <= MOST_FILE:
            return onnx.load(path)
    except Exception:  # onnx lets OSError and protobuf's own errors through
        raise NetworkError(f"run {run.key}: {half}.onnx cannot be read; train it again") from None
    raise NetworkError(f"{half}: got a file of {size / 1e6:.0f} MB, allowed: {MOST_FILE / 1e6:g} MB for the browser")


def _unit(weights: np.ndarray) -> float:
    return float(np.abs(weights).max(initial=0)) / LEVELS or 1.0


def _moved(run: Run, half: str, network: Network, light: Network) -> float:
    """How far outputs move where the network travels as `light`: for held-out samples, and at the ends of sliders.

    An encoder is given decoded pictures. In units of 1, or of the standard deviation of the samples' outputs where that
    is larger.
    """
    samples = np.asarray(run.array("codings")[:HELD_OUT], np.float32)
    inputs = np.concatenate([samples, _ends(run)])
    if half == "encoder":
        inputs = inference.decode(run, inputs)
    exact, rounded = running.run(network, inputs), running.run(light, inputs)
    apart = float(np.abs(rounded - exact).max()) / max(1.0, float(exact[: len(samples)].std()))
    return apart if np.isfinite(apart) else np.inf


def _ends(run: Run) -> np.ndarray:
    """Codings (m, d) with one slider at an end and the others where a walk starts: `MOST_ENDS` sliders, the first."""
    axes = latent_axes.axes(run)
    start = np.empty(len(axes), np.float32)
    start[[axis.coding for axis in axes]] = [axis.start for axis in axes]
    told = [(axis.coding, end) for axis in axes[:MOST_ENDS] for end in (axis.low, axis.high)]
    found = np.tile(start, (len(told), 1))
    found[np.arange(len(told)), [coding for coding, _ in told]] = [end for _, end in told]
    return found
