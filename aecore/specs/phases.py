"""`Phase`: the settings for the training of one layer in a layer-by-layer schedule."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from aecore.errors import SpecError
from aecore.specs import fields, optimizers
from aecore.specs.fields import require, shown, unknown
from aecore.specs.optimizers import MAX_LEARNING_RATE, OPTIMIZERS

LOSSES = ("bce", "mse")
MAX_EPOCHS = 1000


@dataclass(frozen=True)
class Phase:
    """Training of one layer in a layer-by-layer schedule: epochs, optimizer, learning rate and loss."""

    epochs: int
    optimizer: str
    learning_rate: float
    loss: str
    optimizer_arguments: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON types, without empty optimizer arguments, which would change the keys of older runs."""
        values = dataclasses.asdict(self)
        if not self.optimizer_arguments:
            del values["optimizer_arguments"]
        return values


def read_phases(value: Any) -> tuple[Phase, ...]:
    """Phases from a list of `Phase` or of dictionaries, or from its JSON text; raises `SpecError`."""
    try:
        rows = json.loads(value) if isinstance(value, str) else value
        phases = tuple(_phase(dataclasses.asdict(row) if isinstance(row, Phase) else row) for row in rows)
    except (TypeError, ValueError, OverflowError):
        allowed = "a list of phases with epochs, optimizer, learning_rate and loss"
        raise SpecError(f"phases: got {shown(value)}, allowed: {allowed}") from None
    for phase in phases:
        require(1 <= phase.epochs <= MAX_EPOCHS, "phases", phase, f"epochs of 1 to {MAX_EPOCHS:,}")
        rate = f"learning_rate above 0, up to {MAX_LEARNING_RATE:g}"
        require(0 < phase.learning_rate <= MAX_LEARNING_RATE, "phases", phase, rate)
        for value, choices in ((phase.optimizer, OPTIMIZERS), (phase.loss, LOSSES)):
            if value not in choices:
                raise SpecError(unknown("phases", value, choices))
        optimizers.check(phase.optimizer, phase.optimizer_arguments, "phases")
    return phases


def _phase(values: dict[str, Any]) -> Phase:
    phase = Phase(**values)
    return Phase(
        fields.whole_number(phase.epochs),
        str(phase.optimizer).lower(),
        fields.number(phase.learning_rate),
        str(phase.loss).lower(),
        optimizers.canonical(phase.optimizer_arguments),
    )
