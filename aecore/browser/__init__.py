"""Compiler from a run's ONNX files to programs for the browser, which decodes while a slider moves.

`lowering` translates ONNX nodes (`graph` unrolls loops, `folding` evaluates constants) to the steps of `program`,
`allocation` assigns their buffers. `shared/network.js` runs them, `interpreter` does the same in NumPy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto

from aecore.analysis import inference, latent_axes
from aecore.browser import interpreter, lowering
from aecore.browser.program import Program, ProgramError
from aecore.errors import AecoreError
from aecore.store.runs import Run

__all__ = [
    "MOST_BYTES",
    "MOST_WORK",
    "Program",
    "ProgramError",
    "compile_half",
    "compile_halves",
    "header_and_arrays",
    "quantized",
]

MOST_BYTES = 3_500_000  # bytes of weights: of one half, and of both together
MOST_WORK = 30_000_000  # multiply-adds for one sample, about as many nanoseconds in a browser
MOST_FILE = 20_000_000  # bytes; a larger file cannot compile to `MOST_BYTES` and is not read
LIGHT = 1_000_000  # bytes of weights above which kernels are quantized to 16 bits, if that is exact enough
EXACT = 1e-3  # largest quantization error of an output, in units of 1 or of the outputs' standard deviation
HELD_OUT = 100  # held-out samples for measuring the quantization error
MOST_ENDS = 50  # sliders at whose ends the quantization error is measured
LEVELS = 32_767


def compile_half(run: Run, half: str) -> Program:
    """The program of one `half`, 'encoder' (its codings, or their means) or 'decoder'.

    Raises `ProgramError`, in one line, for a network that the browser cannot run: unknown operations, weights that are
    not finite or exceed `MOST_BYTES`, more than `MOST_WORK` for one sample; and for a file that cannot be read.
    """
    try:
        program = lowering.lower(_model(run, half))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ProgramError):
            raise
        kind = type(error).__name__
        raise ProgramError(f"{half}.onnx was not exported by this app ({kind}); train the run again") from None
    if program.work > MOST_WORK:
        raise ProgramError(
            f"{half}: got {program.work / 1e6:,.0f} million multiplications a sample, allowed: "
            f"{MOST_WORK / 1e6:g} million in the browser"
        )
    if program.nbytes > LIGHT:
        smaller = quantized(program)
        if smaller.nbytes <= MOST_BYTES and _quantization_error(run, half, program, smaller) <= EXACT:
            program = smaller
    if program.nbytes > MOST_BYTES:
        raise ProgramError(
            f"{half}: got weights of {program.nbytes / 1e6:.1f} MB, allowed: {MOST_BYTES / 1e6:g} MB in the browser"
        )
    return program


def compile_halves(run: Run) -> tuple[Program | None, Program | None, str]:
    """The programs of decoder and encoder, None for a half that the browser cannot run, and the reasons in one line.

    The decoder is compiled first: the encoder may use the rest of `MOST_BYTES`.
    """
    programs: list[Program | None] = []
    reasons = []
    for half in ("decoder", "encoder"):
        try:
            program = compile_half(run, half)
            total = sum(other.nbytes for other in programs if other) + program.nbytes
            if total > MOST_BYTES:
                raise ProgramError(
                    f"{half}: got weights of {total / 1e6:.1f} MB with the decoder's, allowed: "
                    f"{MOST_BYTES / 1e6:g} MB in the browser"
                )
            programs.append(program)
        except AecoreError as error:
            programs.append(None)
            reasons.append(str(error))
    return programs[0], programs[1], "; ".join(reasons)


def quantized(program: Program) -> Program:
    """The program with its kernels as int16 multiples of a unit per kernel; biases and scales stay float32.

    As many bytes as half floats with an eighth of their error, because the weights of a layer are of similar size.
    """
    kernels = {step["weights"] for step in program.steps if "weights" in step}
    units = {name: _unit(program.weights[name]) for name in kernels}
    weights = {
        name: np.round(a / units[name]).astype(np.int16) if name in units else a for name, a in program.weights.items()
    }
    return replace(program, weights=weights, units=units)


def header_and_arrays(program: Program) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The program as header and arrays for `packing.pack` and JavaScript's `makeNetwork(header, arrays)`."""
    header = {
        "steps": program.steps,
        "sizes": program.sizes,
        "units": program.units,
        "input_shape": list(program.input_shape),
        "output_shape": list(program.output_shape),
    }
    return header, program.weights


def _model(run: Run, half: str) -> ModelProto:
    path = run.folder / f"{half}.onnx"
    try:
        size = path.stat().st_size
        if size <= MOST_FILE:
            return onnx.load(path)
    except Exception:  # onnx lets OSError and protobuf's own errors through
        raise ProgramError(f"run {run.key}: {half}.onnx cannot be read; train it again") from None
    raise ProgramError(f"{half}: got a file of {size / 1e6:.0f} MB, allowed: {MOST_FILE / 1e6:g} MB for the browser")


def _unit(weights: np.ndarray) -> float:
    return float(np.abs(weights).max(initial=0)) / LEVELS or 1.0


def _quantization_error(run: Run, half: str, program: Program, smaller: Program) -> float:
    """The largest difference between the outputs of both programs, for held-out samples and at the ends of sliders.

    The encoder's inputs are decoded pictures. The unit is 1, or the outputs' standard deviation if that is larger.
    """
    samples = np.asarray(run.array("codings")[:HELD_OUT], np.float32)
    inputs = np.concatenate([samples, _ends(run)])
    if half == "encoder":
        inputs = inference.decode(run, inputs)
    exact, rounded = interpreter.run(program, inputs), interpreter.run(smaller, inputs)
    error = float(np.abs(rounded - exact).max()) / max(1.0, float(exact[: len(samples)].std()))
    return error if np.isfinite(error) else np.inf


def _ends(run: Run) -> np.ndarray:
    """Codings (m, d) with one of the first `MOST_ENDS` sliders at an end and all others at their starts."""
    axes = latent_axes.axes(run)
    start = np.empty(len(axes), np.float32)
    start[[axis.coding for axis in axes]] = [axis.start for axis in axes]
    ends = [(axis.coding, end) for axis in axes[:MOST_ENDS] for end in (axis.low, axis.high)]
    codings = np.tile(start, (len(ends), 1))
    codings[np.arange(len(ends)), [coding for coding, _ in ends]] = [end for _, end in ends]
    return codings
