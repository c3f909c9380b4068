"""Where the numbers of a network lie: tensors as views of numbered buffers, in any order, scaled and shifted.

A tensor that depends on the input is held as *where* each of its elements stands in a buffer, so that a
transposition, a crop or an upsampling costs nothing until somebody wants the elements in order. A scale and a shift are
kept back as well, until they can go into the layer that made the numbers.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aecore.browser.program import Convolution, Network, NetworkError, Step, packed

MOST_NUMBERS = 4_000_000  # in all buffers, a guard for the browser's memory
IMAGES = (0, 2, 3, 1)  # from ONNX's order (n, channels, rows, columns) to ours
CHANNELS = (0, 3, 1, 2)  # and back
TABLES = ("weights", "bias", "places", "scale", "shift")  # what a step names in the weights


@dataclass(frozen=True)
class Live:
    """A tensor that depends on the input: `buffer[where] * scale + shift`.

    `where` has the tensor's shape, the batch of one included; `scale` and `shift` fit it. `root` is the tensor that
    filled the buffer, of which this one is a view.
    """

    buffer: int
    where: np.ndarray
    root: str
    scale: Any = 1.0
    shift: Any = 0.0

    @property
    def bare(self) -> bool:
        return bool(np.all(self.scale == 1) and np.all(self.shift == 0))


class Layout:
    """The steps so far, the buffers they fill and the tables they name. `uses` counts who wants a tensor's numbers."""

    def __init__(self, uses: Counter[str]) -> None:
        self.uses = uses
        self.steps: list[Step | Convolution] = []
        self.sizes: list[int] = []
        self.tables: dict[str, np.ndarray] = {}
        self._names: dict[tuple[str, bytes], str] = {}
        self._applied: dict[int, tuple[Live, Live]] = {}

    # ---- buffers

    def new(self, name: str, shape: tuple[int, ...]) -> Live:
        """A new buffer, filled in the order of `shape`."""
        self.sizes.append(math.prod(shape))
        if sum(self.sizes) > MOST_NUMBERS:
            raise NetworkError(f"network: got more than {MOST_NUMBERS:,} numbers between its layers, allowed: as many")
        return Live(len(self.sizes) - 1, np.arange(self.sizes[-1], dtype=np.int32).reshape(shape), name)

    def new_image(self, name: str, rows: int, columns: int, channels: int) -> Live:
        """A new buffer of (rows, columns, channels), seen as ONNX sees it."""
        y = self.new(name, (1, rows, columns, channels))
        return replace(y, where=y.where.transpose(CHANNELS))

    def like(self, name: str, live: Live) -> Live:
        """A new buffer of the same size, seen the same way."""
        return replace(self.new(name, (self.sizes[live.buffer],)), where=live.where)

    def table(self, array: np.ndarray) -> str:
        """The name under which a table of numbers travels; equal ones travel once."""
        key = (array.dtype.str, array.tobytes())
        if key not in self._names:
            self._names[key] = f"t{len(self._names)}"
            self.tables[self._names[key]] = array
        return self._names[key]

    # ---- order

    def ordered(self, live: Live) -> Live:
        """The tensor, settled, in a buffer that holds it, and nothing else, in order; gathered where it is not."""
        live = self.settled(live)
        flat = live.where.ravel()
        if len(flat) == self.sizes[live.buffer] and bool((flat == np.arange(len(flat))).all()):
            return live
        y = self.new(live.root, live.where.shape)
        self.gather(live, y.buffer)
        return y

    def gather(self, live: Live, buffer: int, into: int = 0) -> None:
        """A step that copies the tensor's numbers, in order, to place `into` of a buffer."""
        flat = live.where.ravel()
        breaks = np.flatnonzero(np.diff(flat) != 1) + 1
        run = int(np.gcd.reduce(np.append(breaks, len(flat))))  # neighbours travel together
        places = self.table(flat[::run].astype(np.int32))
        self.steps.append({"op": "gather", "x": live.buffer, "y": buffer, "run": run, "places": places, "into": into})

    def image(self, live: Live) -> tuple[Live, tuple[int, int]]:
        """The tensor (1, channels, rows, columns) with its elements in our order, and (rows, columns)."""
        turned = [_turned(part, live.where.shape) for part in (live.where, live.scale, live.shift)]
        found = self.ordered(replace(live, where=turned[0], scale=turned[1], shift=turned[2]))
        return replace(found, where=found.where.transpose(CHANNELS)), (live.where.shape[2], live.where.shape[3])

    def once(self, live: Live) -> Live:
        """The tensor in a buffer that holds each element once, in any order; what is kept back stays so."""
        flat = live.where.ravel()
        if len(flat) == self.sizes[live.buffer] and bool((np.bincount(flat, minlength=len(flat)) == 1).all()):
            return live
        bare = replace(live, scale=1.0, shift=0.0)
        # Four sides are an image most likely: let the channels of a pixel stay together.
        y = self.image(bare)[0] if live.where.ndim == 4 else self.ordered(bare)
        return replace(live, buffer=y.buffer, where=y.where)

    # ---- scale and shift

    def affine(self, name: str, live: Live, scale: Any, shift: Any) -> Live:
        """live · scale + shift, folded into the layer that made it where nobody else wants the layer's sums."""
        shape = np.broadcast_shapes(live.where.shape, np.shape(scale), np.shape(shift))
        found = replace(
            live,
            where=np.broadcast_to(live.where, shape),
            scale=short(np.asarray(live.scale, np.float64) * scale),
            shift=short(np.asarray(live.shift, np.float64) * scale + np.asarray(shift, np.float64)),
        )
        return self._poured(found, self.uses[name]) or found

    def settled(self, live: Live) -> Live:
        """The tensor with nothing kept back: scale and shift are applied, by a step of their own if need be."""
        if live.bare:
            return live
        if poured := self._poured(live, 1):
            return poured
        if id(live) not in self._applied:
            self._applied[id(live)] = live, self._scaled(self.once(live))
        return self._applied[id(live)][1]

    def _poured(self, live: Live, uses: int) -> Live | None:
        """`live` with its scale and shift inside the convolutions that filled its buffer; None where that fails."""
        makers = [step for step in self.steps if writes(step) == live.buffer]
        layers = [step for step in makers if isinstance(step, Convolution)]
        if self.uses[live.root] != uses or not layers or len(layers) < len(makers):
            return None
        scale, shift = (_per_channel(live.where, part, len(layers[0].bias)) for part in (live.scale, live.shift))
        if scale is None or shift is None:
            return None
        for layer in layers:
            layer.apply(scale, shift)
        return replace(live, scale=1.0, shift=0.0)

    def _scaled(self, live: Live) -> Live:
        """The tensor with its scale and shift applied in a new buffer."""
        scale, shift = (_in_buffer(live.where, part) for part in (live.scale, live.shift))
        if not (np.isfinite(scale).all() and np.isfinite(shift).all()):
            raise NetworkError("network: got weights that are not numbers (NaN or infinite), allowed: finite ones")
        period = next(
            period
            for period in range(1, len(scale) + 1)
            if len(scale) % period == 0 and _repeats(scale, period) and _repeats(shift, period)
        )
        y = self.like(live.root, live)
        tables = {"scale": self.table(scale[:period]), "shift": self.table(shift[:period])}
        self.steps.append({"op": "affine", "x": live.buffer, "y": y.buffer, **tables})
        return y

    # ---- two tensors

    def pair(self, op: str, name: str, a: Live, b: Live, factors: tuple[float, float] = (1.0, 1.0)) -> Live:
        """A step that multiplies what two buffers hold, or adds it, times `factors`; what is kept back is left out.

        The result lies as the larger of the two; the other gives a number to each run of it, or is brought in order.
        """
        shape = np.broadcast_shapes(a.where.shape, b.where.shape)
        first, second = np.broadcast_to(a.where, shape), np.broadcast_to(b.where, shape)
        for axis in range(len(shape)):  # what neither needs along an axis is not computed for all of it
            one = (slice(None),) * axis + (slice(1),)
            if (first == first[one]).all() and (second == second[one]).all():
                first, second = first[one], second[one]
        if self.sizes[a.buffer] < self.sizes[b.buffer]:
            a, b, first, second, factors = b, a, second, first, factors[::-1]
        a = self.once(Live(a.buffer, first, a.root))
        places = np.empty(a.where.size, np.int32)
        places[a.where] = second
        run = len(places) // self.sizes[b.buffer]
        if not (run and np.array_equal(places, np.arange(len(places)) // run)):
            b, run = self.ordered(Live(b.buffer, places, b.root)), 1
        y = self.like(name, a)
        step = {"op": op, "a": a.buffer, "b": b.buffer, "y": y.buffer, "run": run}
        self.steps.append({**step, "factors": list(factors)} if op == "add" else step)
        return replace(y, where=np.broadcast_to(y.where, shape))

    # ---- the end

    def written(self, last: Live, shape: tuple[int, ...]) -> Network:
        """The network from a sample of this shape to the tensor `last`, with only what that needs.

        Raises `NetworkError` where there is no step at all, or weights are not numbers.
        """
        steps, wanted = [], {last.buffer}
        for step in reversed(self.steps):
            if writes(step) in wanted:
                wanted |= reads(step)
                steps.append(step)
        if last.buffer == 0 or 0 not in wanted:
            raise NetworkError("network: got an output that no layer makes of the input, allowed: at least one layer")
        kept = [0, *sorted(wanted - {0, last.buffer}), last.buffer]
        places = {buffer: place for place, buffer in enumerate(kept)}
        work, told = 0, list[Step]()
        for step in reversed(steps):
            if isinstance(step, Convolution):
                work += step.work
                step = step.written(self.table(packed(step.kernel)), self.table(step.bias.astype(np.float32)))
            else:
                work += step.pop("work", 0) + self.sizes[step["y"]]
            moved = {role: places[step[role]] for role in ("x", "a", "b", "y") if role in step}
            told.append(step | moved)
        named = {step[role] for step in told for role in TABLES if role in step}
        weights = {name: table for name, table in self.tables.items() if name in named}
        if not all(np.isfinite(table).all() for table in weights.values()):
            raise NetworkError("network: got weights that are not numbers (NaN or infinite), allowed: finite ones")
        return Network(told, weights, shape, last.where.shape[1:], work, [self.sizes[buffer] for buffer in kept])


def writes(step: Step | Convolution) -> int:
    """The buffer that a step fills, or a part of it."""
    return step.y if isinstance(step, Convolution) else int(step["y"])


def reads(step: Step | Convolution) -> set[int]:
    return {step.x} if isinstance(step, Convolution) else {step[role] for role in ("x", "a", "b") if role in step}


def short(part: Any) -> Any:
    """A constant array as one number where one says it all."""
    part = np.asarray(part)
    return float(part.flat[0]) if part.size and bool((part == part.flat[0]).all()) else part


def ratio(b: Any, a: Any) -> float | None:
    """The number f for which b = f · a, if there is one."""
    try:
        first, second = np.broadcast_arrays(a, b)
    except ValueError:
        return None
    top = np.abs(first).argmax()
    if first.flat[top] == 0:
        return None
    factor = float(second.flat[top] / first.flat[top])
    return factor if factor and np.allclose(second, factor * first, rtol=1e-6, atol=0) else None


def _turned(part: Any, shape: tuple[int, ...]) -> Any:
    return part if np.ndim(part) == 0 else np.broadcast_to(part, shape).transpose(IMAGES)


def _per_channel(where: np.ndarray, part: Any, channels: int) -> np.ndarray | None:
    """`part` as one number a channel of the buffer, if it is that."""
    wanted = np.broadcast_to(part, where.shape)
    found = np.zeros(channels)
    found[where % channels] = wanted
    return found if np.array_equal(found[where % channels], wanted) else None


def _in_buffer(where: np.ndarray, part: Any) -> np.ndarray:
    found = np.empty(where.size, np.float32)
    found[where] = np.broadcast_to(part, where.shape)
    return found


def _repeats(values: np.ndarray, period: int) -> bool:
    return bool((values.reshape(-1, period) == values[:period]).all())
