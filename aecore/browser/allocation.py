"""Buffer allocation: tensors as views of numbered buffers, with pending affine transforms.

A tensor that depends on the input is a view: an index array into a buffer, so that transpositions, crops and
upsamplings need no step until the elements are needed in order. A view's scale and shift are pending; they are folded
into the layer that fills the buffer if it has no other use.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aecore.browser.program import Convolution, Program, ProgramError, Step, packed

MOST_NUMBERS = 4_000_000  # in all buffers, a guard for the browser's memory
IMAGES = (0, 2, 3, 1)  # from ONNX's order (n, channels, rows, columns) to (n, rows, columns, channels)
CHANNELS = (0, 3, 1, 2)  # and back
TABLES = ("weights", "bias", "places", "scale", "shift")  # the entries of a step that name weights


DIVERGED = (
    "network: its weights contain NaN or infinite values (the training diverged); train the run again with a smaller "
    "learning rate"
)


@dataclass(frozen=True)
class View:
    """A tensor that depends on the input: `buffer[index] * scale + shift`.

    `index` has the tensor's shape, the batch of one included; `scale` and `shift` broadcast to it. `source` is the
    name of the tensor that fills the buffer.
    """

    buffer: int
    index: np.ndarray
    source: str
    scale: Any = 1.0
    shift: Any = 0.0

    @property
    def plain(self) -> bool:
        """True without a pending scale or shift."""
        return bool(np.all(self.scale == 1) and np.all(self.shift == 0))


class Allocator:
    """The steps, their buffers and constants; `uses` are the use counts of the tensors (`graph.use_counts`)."""

    def __init__(self, uses: Counter[str]) -> None:
        self.uses = uses
        self.steps: list[Step | Convolution] = []
        self.sizes: list[int] = []
        self.tables: dict[str, np.ndarray] = {}
        self._names: dict[tuple[str, bytes], str] = {}
        self._applied: dict[int, tuple[View, View]] = {}

    # ---- buffers

    def allocate(self, name: str, shape: tuple[int, ...]) -> View:
        """A view of a new buffer, filled in the order of `shape`."""
        self.sizes.append(math.prod(shape))
        if sum(self.sizes) > MOST_NUMBERS:
            raise ProgramError(
                f"network: got {sum(self.sizes):,} numbers between its layers, allowed: {MOST_NUMBERS:,} in the browser"
            )
        return View(len(self.sizes) - 1, np.arange(self.sizes[-1], dtype=np.int32).reshape(shape), name)

    def allocate_image(self, name: str, rows: int, columns: int, channels: int) -> View:
        """A view (1, channels, rows, columns) of a new buffer of (rows, columns, channels)."""
        y = self.allocate(name, (1, rows, columns, channels))
        return replace(y, index=y.index.transpose(CHANNELS))

    def allocate_like(self, name: str, view: View) -> View:
        """A view with the same indices of a new buffer of the same size."""
        return replace(self.allocate(name, (self.sizes[view.buffer],)), index=view.index)

    def constant(self, array: np.ndarray) -> str:
        """The name of an array in the program's weights; equal arrays share one."""
        key = (array.dtype.str, array.tobytes())
        if key not in self._names:
            self._names[key] = f"t{len(self._names)}"
            self.tables[self._names[key]] = array
        return self._names[key]

    # ---- order

    def contiguous(self, view: View) -> View:
        """The view without pending transform in a buffer of its elements in order, copied if necessary."""
        view = self.materialized(view)
        flat = view.index.ravel()
        if len(flat) == self.sizes[view.buffer] and bool((flat == np.arange(len(flat))).all()):
            return view
        y = self.allocate(view.source, view.index.shape)
        self.copy(view, y.buffer)
        return y

    def copy(self, view: View, buffer: int, into: int = 0) -> None:
        """Add a step that copies the view's elements, in order, to position `into` of a buffer."""
        flat = view.index.ravel()
        breaks = np.flatnonzero(np.diff(flat) != 1) + 1
        run = int(np.gcd.reduce(np.append(breaks, len(flat))))  # neighbours are copied together
        places = self.constant(flat[::run].astype(np.int32))
        self.steps.append({"op": "gather", "x": view.buffer, "y": buffer, "run": run, "places": places, "into": into})

    def channels_last(self, view: View) -> tuple[View, tuple[int, int]]:
        """The view (1, channels, rows, columns) of a buffer (rows, columns, channels), and (rows, columns)."""
        parts = [_to_channels_last(part, view.index.shape) for part in (view.index, view.scale, view.shift)]
        image = self.contiguous(replace(view, index=parts[0], scale=parts[1], shift=parts[2]))
        return replace(image, index=image.index.transpose(CHANNELS)), (view.index.shape[2], view.index.shape[3])

    def without_repeats(self, view: View) -> View:
        """The view in a buffer with each element once, in any order; scale and shift stay pending."""
        flat = view.index.ravel()
        if len(flat) == self.sizes[view.buffer] and bool((np.bincount(flat, minlength=len(flat)) == 1).all()):
            return view
        plain = replace(view, scale=1.0, shift=0.0)
        # Four axes are most likely an image: the channels of a pixel stay together.
        y = self.channels_last(plain)[0] if view.index.ndim == 4 else self.contiguous(plain)
        return replace(view, buffer=y.buffer, index=y.index)

    # ---- scale and shift

    def affine(self, name: str, view: View, scale: Any, shift: Any) -> View:
        """view · scale + shift, folded into the layer that fills the buffer if possible, else pending."""
        shape = np.broadcast_shapes(view.index.shape, np.shape(scale), np.shape(shift))
        pending = replace(
            view,
            index=np.broadcast_to(view.index, shape),
            scale=compact(np.asarray(view.scale, np.float64) * scale),
            shift=compact(np.asarray(view.shift, np.float64) * scale + np.asarray(shift, np.float64)),
        )
        return self._fold_into_layer(pending, self.uses[name]) or pending

    def materialized(self, view: View) -> View:
        """The view with its scale and shift applied, by a step if they cannot be folded into a layer."""
        if view.plain:
            return view
        if folded := self._fold_into_layer(view, 1):
            return folded
        if id(view) not in self._applied:
            self._applied[id(view)] = view, self._apply_affine(self.without_repeats(view))
        return self._applied[id(view)][1]

    def _fold_into_layer(self, view: View, uses: int) -> View | None:
        """The view with its scale and shift folded into the convolutions that fill its buffer; None for buffers with
        other uses or filled by other steps, and for factors that vary within a channel."""
        makers = [step for step in self.steps if writes(step) == view.buffer]
        layers = [step for step in makers if isinstance(step, Convolution)]
        if self.uses[view.source] != uses or not layers or len(layers) < len(makers):
            return None
        scale, shift = (_per_channel(view.index, part, len(layers[0].bias)) for part in (view.scale, view.shift))
        if scale is None or shift is None:
            return None
        for layer in layers:
            layer.apply(scale, shift)
        return replace(view, scale=1.0, shift=0.0)

    def _apply_affine(self, view: View) -> View:
        """The view with its scale and shift applied in a new buffer."""
        scale, shift = (_in_buffer(view.index, part) for part in (view.scale, view.shift))
        if not (np.isfinite(scale).all() and np.isfinite(shift).all()):
            raise ProgramError(DIVERGED)
        period = next(
            period
            for period in range(1, len(scale) + 1)
            if len(scale) % period == 0 and _repeats(scale, period) and _repeats(shift, period)
        )
        y = self.allocate_like(view.source, view)
        tables = {"scale": self.constant(scale[:period]), "shift": self.constant(shift[:period])}
        self.steps.append({"op": "affine", "x": view.buffer, "y": y.buffer, **tables})
        return y

    # ---- two tensors

    def binary(self, op: str, name: str, a: View, b: View, factors: tuple[float, float] = (1.0, 1.0)) -> View:
        """The view that a step of the elementwise 'add', with `factors`, or 'multiply' fills; pending transforms of `a`
        and `b` are ignored.

        The result is stored like the larger one; each element of the smaller one is for a run of it, or is copied.
        """
        shape = np.broadcast_shapes(a.index.shape, b.index.shape)
        first, second = np.broadcast_to(a.index, shape), np.broadcast_to(b.index, shape)
        for axis in range(len(shape)):  # axes along which both are constant are computed once
            one = (slice(None),) * axis + (slice(1),)
            if (first == first[one]).all() and (second == second[one]).all():
                first, second = first[one], second[one]
        if self.sizes[a.buffer] < self.sizes[b.buffer]:
            a, b, first, second, factors = b, a, second, first, factors[::-1]
        a = self.without_repeats(View(a.buffer, first, a.source))
        places = np.empty(a.index.size, np.int32)
        places[a.index] = second
        run = len(places) // self.sizes[b.buffer]
        if not (run and np.array_equal(places, np.arange(len(places)) // run)):
            b, run = self.contiguous(View(b.buffer, places, b.source)), 1
        y = self.allocate_like(name, a)
        step = {"op": op, "a": a.buffer, "b": b.buffer, "y": y.buffer, "run": run}
        self.steps.append({**step, "factors": list(factors)} if op == "add" else step)
        return replace(y, index=np.broadcast_to(y.index, shape))

    # ---- result

    def program(self, last: View, shape: tuple[int, ...]) -> Program:
        """The program from a sample of this shape to the tensor `last`, without unused steps.

        Raises `ProgramError` for an output that does not depend on the input, and for weights that are not finite.
        """
        steps, wanted = [], {last.buffer}
        for step in reversed(self.steps):
            if writes(step) in wanted:
                wanted |= reads(step)
                steps.append(step)
        if last.buffer == 0 or 0 not in wanted:
            raise ProgramError("network: no layer computes its output from its input; train the run again")
        buffers = [0, *sorted(wanted - {0, last.buffer}), last.buffer]
        numbers = {buffer: number for number, buffer in enumerate(buffers)}
        work, renumbered = 0, list[Step]()
        for step in reversed(steps):
            if isinstance(step, Convolution):
                work += step.work
                step = step.step_of(self.constant(packed(step.kernel)), self.constant(step.bias.astype(np.float32)))
            else:
                work += step.pop("work", 0) + self.sizes[step["y"]]
            renumbered.append(step | {role: numbers[step[role]] for role in ("x", "a", "b", "y") if role in step})
        named = {step[role] for step in renumbered for role in TABLES if role in step}
        weights = {name: table for name, table in self.tables.items() if name in named}
        if not all(np.isfinite(table).all() for table in weights.values()):
            raise ProgramError(DIVERGED)
        return Program(
            renumbered, weights, shape, last.index.shape[1:], work, [self.sizes[buffer] for buffer in buffers]
        )


def writes(step: Step | Convolution) -> int:
    """The buffer that a step fills, or a part of it."""
    return step.y if isinstance(step, Convolution) else int(step["y"])


def reads(step: Step | Convolution) -> set[int]:
    """The buffers that a step reads."""
    return {step.x} if isinstance(step, Convolution) else {step[role] for role in ("x", "a", "b") if role in step}


def compact(part: Any) -> Any:
    """An array of equal values as one number; any other array as it is."""
    part = np.asarray(part)
    return float(part.flat[0]) if part.size and bool((part == part.flat[0]).all()) else part


def ratio(b: Any, a: Any) -> float | None:
    """The number f with b = f · a; None if there is none."""
    try:
        first, second = np.broadcast_arrays(a, b)
    except ValueError:
        return None
    top = np.abs(first).argmax()
    if first.flat[top] == 0:
        return None
    factor = float(second.flat[top] / first.flat[top])
    return factor if factor and np.allclose(second, factor * first, rtol=1e-6, atol=0) else None


def _to_channels_last(part: Any, shape: tuple[int, ...]) -> Any:
    return part if np.ndim(part) == 0 else np.broadcast_to(part, shape).transpose(IMAGES)


def _per_channel(index: np.ndarray, part: Any, channels: int) -> np.ndarray | None:
    """`part` as one number per channel of the buffer; None if it varies within a channel."""
    values = np.broadcast_to(part, index.shape)
    channel_values = np.zeros(channels)
    channel_values[index % channels] = values
    return channel_values if np.array_equal(channel_values[index % channels], values) else None


def _in_buffer(index: np.ndarray, part: Any) -> np.ndarray:
    values = np.empty(index.size, np.float32)
    values[index] = np.broadcast_to(part, index.shape)
    return values


def _repeats(values: np.ndarray, period: int) -> bool:
    return bool((values.reshape(-1, period) == values[:period]).all())
