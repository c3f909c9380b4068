"""Names of the optimizers, and their arguments as one short text: 'momentum=0.9 nesterov=1'.

Pages and the command line read them here; `aecore.worker.training.objectives` creates the Keras optimizer.
"""

from __future__ import annotations

import math
from typing import Any

from aecore.errors import SpecError
from aecore.specs.fields import did_you_mean, number, shown

MAX_LEARNING_RATE = 10.0
MAX_LENGTH = 200

_SHARE, _POSITIVE, _SWITCH = (0.0, 0.999999), (0.0, 1000.0), (0.0, 1.0)
_ADAM = {"beta_1": _SHARE, "beta_2": _SHARE, "epsilon": _POSITIVE}
# Keras's names of the arguments, with their ranges; a switch is 0 or 1.
ARGUMENTS: dict[str, dict[str, tuple[float, float]]] = {
    "sgd": {"momentum": _SHARE, "nesterov": _SWITCH},
    "adam": {**_ADAM, "amsgrad": _SWITCH},
    "adamw": {**_ADAM, "amsgrad": _SWITCH},
    "nadam": _ADAM,
    "rmsprop": {"rho": _SHARE, "momentum": _SHARE, "epsilon": _POSITIVE, "centered": _SWITCH},
    "adadelta": {"rho": _SHARE, "epsilon": _POSITIVE},
    "muon": {
        "momentum": _SHARE,
        "nesterov": _SWITCH,
        "adam_beta_1": _SHARE,
        "adam_beta_2": _SHARE,
        "adam_lr_ratio": _POSITIVE,
        "adam_weight_decay": _SHARE,
        "epsilon": _POSITIVE,
    },
}
OPTIMIZERS = tuple(ARGUMENTS)
_ANY = {"weight_decay": _SHARE, "clipnorm": _POSITIVE, "global_clipnorm": _POSITIVE}
_SWITCHES = ("nesterov", "amsgrad", "centered")


def canonical(text: Any) -> str:
    """`text` with sorted names and the shortest form of numbers, so that equal arguments have equal texts."""
    return " ".join(f"{name}={value:.12g}" for name, value in sorted(_read(text).items()))


def arguments(text: str) -> dict[str, float | bool]:
    """Keyword arguments for the Keras optimizer."""
    return {name: bool(value) if name in _SWITCHES else value for name, value in _read(text).items()}


def check(optimizer: str, text: str, field: str = "optimizer_arguments") -> None:
    """Raise `SpecError` for an argument that the optimizer does not have or that is outside its range."""
    allowed = {**ARGUMENTS[optimizer], **_ANY}
    for name, value in _read(text).items():
        if name not in allowed:
            near = did_you_mean(name, allowed)
            raise SpecError(f"{field}: got {name!r:.40} for {optimizer}, allowed: {', '.join(allowed)}{near}")
        low, high = allowed[name]
        if not (low <= value <= high and (name not in _SWITCHES or value in (0, 1))):
            span = "0 or 1" if name in _SWITCHES else f"{low:g} to {high:g}"
            raise SpecError(f"{field}: got {name}={value:g}, allowed: {name} of {span}")


def _read(text: Any) -> dict[str, float]:
    try:
        if len(text) > MAX_LENGTH:
            raise ValueError
        pairs = [part.partition("=") for part in text.lower().replace(",", " ").split()]
        values = {name: number(value) for name, _, value in pairs}
        if len(values) != len(pairs) or not all(name and math.isfinite(value) for name, value in values.items()):
            raise ValueError
    except (AttributeError, TypeError, ValueError):
        raise SpecError(
            f"optimizer_arguments: got {shown(text)}, allowed: name=number pairs such as momentum=0.9 nesterov=1"
        ) from None
    return values
