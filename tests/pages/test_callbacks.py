"""Callbacks of widgets refer to runs, data sets and samples by name.

Streamlit keeps the callbacks of a session also for widgets that are gone, with all that they refer to.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore.jobs import Queue
from pages.widgets.session import keys
from tests.pages.conftest import PAGES, Open, key

VIEWS = {
    **{(page, ""): "" for page in PAGES},
    ("latent_walk", "Plane"): "plane",
    ("latent_walk", "Interpolation"): "interpolation",
    ("compare", "One sample"): "sample",
    ("latent_map", "Your own image"): "own",
}


def referred(start: Any) -> Iterator[Any]:
    """Everything that a callback and its arguments keep alive, except modules, classes and the server's queue."""
    waiting, seen = [start], set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type | types.ModuleType | Queue):
            continue
        seen.add(id(value))
        yield value
        if isinstance(value, types.MethodType):
            waiting += [value.__self__, value.__func__]
        elif isinstance(value, functools.partial):
            waiting += [value.func, value.args, value.keywords]
        elif isinstance(value, types.FunctionType):
            waiting += [cell.cell_contents for cell in value.__closure__ or ()]
            waiting += [value.__defaults__, value.__kwdefaults__]
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        else:
            waiting += [getattr(value, "__dict__", None)]
            waiting += [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]


def widgets(app: AppTest) -> dict[str, Any]:
    """What Streamlit keeps of every widget of the session, its callbacks among it, by the widget's id."""
    return app._session_state._state._new_widget_state.widget_metadata


@pytest.mark.parametrize(("page", "view"), VIEWS)
def test_no_callback_holds_an_array(visit: Open, page: str, view: str) -> None:
    app = visit(page, run=key("variational-2"), **({"view": view} if view else {}))
    assert not app.exception
    assert not view or app.session_state[keys.VIEW] == VIEWS[page, view]
    assert any(widget.callback for widget in widgets(app).values())
    for name, widget in widgets(app).items():
        assert not [value for value in referred(widget) if isinstance(value, np.ndarray)], name


def test_the_search_looks_into_closures_methods_and_arguments() -> None:
    array = np.zeros(3)

    class Holder:
        def __init__(self) -> None:
            self.inside = {"deep": [array]}

        def method(self) -> None: ...

    for callback in (lambda: array, Holder().method, functools.partial(print, array), (print, (Holder(),))):
        assert any(value is array for value in referred(callback))
