"""Prices on the codings that a variant brings along, by name: the open end of `RunSpec.penalty`.

A variant's file registers one with `@penalty("name")`. It is called by the worker, with the model, a batch of clean
samples and a seed for whatever it draws, and gives a scalar tensor; it imports Keras itself, inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Penalty = Callable[[Any, Any, Any], Any]

PENALTIES: dict[str, Penalty] = {}


def penalty(name: str) -> Callable[[Penalty], Penalty]:
    """Register a function (model, x, seed) -> scalar under `name`."""

    def register(function: Penalty) -> Penalty:
        PENALTIES[name] = function
        return function

    return register
