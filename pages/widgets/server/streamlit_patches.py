"""What Streamlit does anew for every page of every visitor and need do only once, or for many messages at a time.

All of it is private to Streamlit (whose version is pinned), so any of it may be missing one day: then it is left as it
is. What it is worth: `python -m tests.load.classroom` says how long a class waits.
"""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from streamlit.runtime import app_session, runtime
from streamlit.runtime.caching import cache_utils
from streamlit.runtime.scriptrunner import ScriptRunnerEvent, get_script_run_ctx
from streamlit.runtime.state import safe_session_state, session_state

BUNDLE_SECONDS = 0.03  # that a message of a page under way may wait for others


def apply() -> None:
    """For this process; a second call changes nothing."""
    _wrap(app_session, "_populate_theme_msg", _theme_from_memory)
    _wrap(cache_utils, "_get_positional_arg_name", functools.lru_cache(maxsize=1000))
    _wrap(app_session.AppSession, "_on_scriptrunner_event", _in_bundles)
    _wrap(runtime.Runtime, "_enqueued_some_message", _without_waking)
    _wrap(safe_session_state.SafeSessionState, "filtered_state", _AsAsked)
    _wrap(session_state.SessionState, "_remove_stale_widgets", _and_their_callbacks)


def _wrap(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    """Replace `owner.name` by `wrap(owner.name)`, which must say what it wraps."""
    function = getattr(owner, name, None)
    if function is not None and not hasattr(function, "__wrapped__"):
        setattr(owner, name, wrap(function))


def _theme_from_memory(fill: Callable[..., None]) -> Callable[..., None]:
    """Streamlit looks through all its options six times for every run of every page and fragment, to tell the browser
    a theme that cannot change."""
    filled: dict[str, Any] = {}

    @functools.wraps(fill)
    def copy(message: Any, section: str = "theme") -> None:
        if section not in filled:
            fill(made := type(message)(), section)
            filled[section] = made
        if filled[section].ByteSize():  # an empty one would still count as set
            message.MergeFrom(filled[section])

    return copy


def _in_bundles(tell: Callable[..., None]) -> Callable[..., None]:
    """Each of a page's 60 messages wakes the event loop, which then wants Python from the thread that draws. So they
    are gathered in their order, until one comes that says more than what is drawn, or for `BUNDLE_SECONDS`."""

    @functools.wraps(tell)
    def gather(session: Any, sender: Any, event: ScriptRunnerEvent, forward_msg: Any = None, **more: Any) -> None:
        waiting: deque[Any] = session.__dict__.setdefault("_bundle", deque())
        waiting.append((sender, event, forward_msg, more))
        if event is not ScriptRunnerEvent.ENQUEUE_FORWARD_MSG:
            session._call_soon_on_event_loop(functools.partial(_deliver, session, waiting))
        elif len(waiting) == 1:  # else whoever delivers those before it finds it, too
            session._call_soon_on_event_loop(functools.partial(_later, session, waiting))

    return gather


def _without_waking(tell: Callable[[Any], None]) -> Callable[[Any], None]:
    """Whoever is on the event loop need not wake it to say that there is something to send."""

    @functools.wraps(tell)
    def say(server: Any) -> None:
        shared = server._get_async_objs()
        if asyncio._get_running_loop() is shared.eventloop:
            shared.need_send_data.set()
        else:
            tell(server)

    return say


def _and_their_callbacks(remove: Callable[..., None]) -> Callable[..., None]:
    """A session forgets the values of widgets that are gone, but not what it was told about them: their callbacks,
    and with these all that a page of another run had in its hands."""
    stale = getattr(session_state, "_is_stale_widget", None)
    if stale is None:
        return remove

    @functools.wraps(remove)
    def remove_both(state: Any, active: frozenset[str]) -> None:
        remove(state, active)
        told, context = state._new_widget_state.widget_metadata, get_script_run_ctx()
        if context is None:
            return
        for name, metadata in list(told.items()):
            if stale(metadata, active, context.fragment_ids_this_run):
                del told[name]

    return remove_both


class _AsAsked(property):
    """Every widget with a key asks for all of a session's state, of which it wants its own value."""

    def __init__(self, whole: property) -> None:
        super().__init__(lambda state: _State(state, whole))
        self.__wrapped__ = whole


class _State(Mapping[str, Any]):
    """What `whole` gives of a session's state, of which a single value is looked up alone."""

    def __init__(self, state: Any, whole: property) -> None:
        self._safe, self._whole = state, whole

    def __getitem__(self, key: str) -> Any:
        with self._safe._lock:
            return self._safe._state[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> dict[str, Any]:
        return self._whole.__get__(self._safe)


def _later(session: Any, waiting: deque[Any]) -> None:
    asyncio.get_running_loop().call_later(BUNDLE_SECONDS, _deliver, session, waiting)


def _deliver(session: Any, waiting: deque[Any]) -> None:
    while waiting:
        sender, event, message, more = waiting.popleft()
        session._handle_scriptrunner_event_on_event_loop(sender, event, message, **more)
