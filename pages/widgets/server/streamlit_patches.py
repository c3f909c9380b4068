"""Monkey patches of Streamlit 1.67 that reduce its overhead per script run and style its first page; all uses of its
private parts.

`apply` installs the table `PATCHES` if the installed version is `WRITTEN_FOR`, else none of them; pages look the same
without, but need more processor time. `python -m tests.load.patches` measures the gain of each patch.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import logging
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import file_util

WRITTEN_FOR = "1.67.0"
REPLACED = "_aecore_replaced"  # attribute of a replacement that holds the original
BUNDLE_SECONDS = 0.03  # longest delay of a message of a running script for bundling
BLOB_HASHES = "blob hashes"


@dataclass(frozen=True)
class Patch:
    """The attribute `path` of a module, such as 'Class.method', and the function from the original to a replacement."""

    name: str
    module: str
    path: str
    replacement: Callable[[Any], Any]

    @property
    def current(self) -> Any:
        """The current value of the attribute, the original or its replacement."""
        owner, attribute = self._place()
        return getattr(owner, attribute)

    @property
    def installed(self) -> bool:
        """True if the attribute is replaced."""
        return hasattr(self.current, REPLACED)

    def install(self) -> None:
        """Replace the attribute. No effect if it is replaced already."""
        if not self.installed:
            owner, attribute = self._place()
            original = getattr(owner, attribute)
            replacement = self.replacement(original)
            setattr(replacement, REPLACED, original)
            setattr(owner, attribute, replacement)

    def _place(self) -> tuple[Any, str]:
        *classes, attribute = self.path.split(".")
        return functools.reduce(getattr, classes, importlib.import_module(self.module)), attribute


def apply() -> None:
    """Install all patches in this process, or log one line that says why not. A second call changes nothing."""
    if st.__version__ != WRITTEN_FOR:
        logging.getLogger(__name__).warning(
            "Streamlit %s: its patches are for %s and are left out; pages cost more processor time",
            st.__version__,
            WRITTEN_FOR,
        )
        return
    for patch in PATCHES:
        patch.install()


def is_history_navigation() -> bool:
    """True in a script run that the browser's Back or Forward has caused."""
    from streamlit.runtime import scriptrunner

    return bool(getattr(scriptrunner.get_script_run_ctx(), "is_history_navigation", False))


@contextlib.contextmanager
def lazy_bytes(component: str, make: Callable[[], bytes]) -> Iterator[bool]:
    """Context manager: components named `component` drawn inside send the bytes of `make()` instead of their data.

    `make` is called only if the browser does not have the message; the data passed to the component is a version of
    these bytes. Yields False if the patch is not installed; then the data must be `make()` itself.
    """
    if not any(patch.name == BLOB_HASHES and patch.installed for patch in PATCHES):
        yield False
        return
    _blob.component, _blob.make = component, make
    try:
        yield True
    finally:
        _blob.make = None


_copies = tempfile.TemporaryDirectory(prefix="aecore-page-")  # of files of Streamlit; removed when the process ends


def add_to_head(html: str) -> None:
    """Serve Streamlit's HTML page with `html` at the end of its head from now on, to visitors who load it later."""
    page = Path(file_util.get_static_dir()) / "index.html"
    copy = Path(_copies.name) / page.name
    copy.write_text(page.read_text(encoding="utf-8").replace("</head>", f"{html}</head>", 1), encoding="utf-8")


_blob = threading.local()  # `component` and `make` of the blob that this thread draws


def _lazy_blobs(populate_hash: Callable[[Any], None]) -> Callable[[Any], None]:
    """Replacement of `populate_hash_if_needed`, which hashes and copies all bytes of a message even if the browser has
    them: hashes the version of a blob and inserts the bytes when they are sent."""
    from streamlit.runtime import scriptrunner

    @functools.wraps(populate_hash)
    def populate(message: Any) -> None:
        populate_hash(message)
        make = getattr(_blob, "make", None)
        part = message.delta.new_element.bidi_component  # an empty one in any other message
        if make is None or part.component_name.split(".")[-1] != _blob.component:
            return
        message.metadata.cacheable = True
        context = scriptrunner.get_script_run_ctx()
        if context is None or message.hash not in context.cached_message_hashes:
            part.bytes = make()

    return populate


def _copied_page(init: Callable[..., None]) -> Callable[..., None]:
    """Replacement of `FileResponse.__init__`: Streamlit's page as `add_to_head` wrote it."""
    page, copy = Path(file_util.get_static_dir()) / "index.html", Path(_copies.name) / "index.html"

    @functools.wraps(init)
    def init_with_copy(response: Any, path: Any, *args: Any, **more: Any) -> None:
        if Path(path) == page and copy.exists():
            path = copy
            if "stat_result" in more:
                more["stat_result"] = copy.stat()
        init(response, path, *args, **more)

    return init_with_copy


def _cached_theme(populate: Callable[..., None]) -> Callable[..., None]:
    """Replacement of `_populate_theme_msg`, which reads all options of six sections of a constant theme in every script
    run: reads each section once."""
    sections: dict[str, Any] = {}

    @functools.wraps(populate)
    def populate_from_cache(message: Any, section: str = "theme") -> None:
        if section not in sections:
            theme = type(message)()
            populate(theme, section)
            sections[section] = theme
        if sections[section].ByteSize():  # merging an empty one would mark the section as set
            message.MergeFrom(sections[section])

    return populate_from_cache


def _bundled_messages(on_event: Callable[..., None]) -> Callable[..., None]:
    """Replacement of `_on_scriptrunner_event`, which wakes the event loop for each message of a page, so that it
    competes for the GIL with the script thread: delivers messages together, in their order, at the next event of
    another kind or after `BUNDLE_SECONDS`."""
    from streamlit.runtime.scriptrunner import ScriptRunnerEvent

    @functools.wraps(on_event)
    def collect(session: Any, sender: Any, event: ScriptRunnerEvent, forward_msg: Any = None, **more: Any) -> None:
        bundle: deque[Any] = session.__dict__.setdefault("_bundle", deque())
        bundle.append((sender, event, forward_msg, more))
        if event is not ScriptRunnerEvent.ENQUEUE_FORWARD_MSG:
            session._call_soon_on_event_loop(functools.partial(_deliver, session, bundle))
        elif len(bundle) == 1:  # else the delivery of the first one includes this one
            session._call_soon_on_event_loop(functools.partial(_deliver_later, session, bundle))

    return collect


def _deliver_later(session: Any, bundle: deque[Any]) -> None:
    asyncio.get_running_loop().call_later(BUNDLE_SECONDS, _deliver, session, bundle)


def _deliver(session: Any, bundle: deque[Any]) -> None:
    while bundle:
        sender, event, message, more = bundle.popleft()
        session._handle_scriptrunner_event_on_event_loop(sender, event, message, **more)


class _LazyState(property):
    """Replacement of `filtered_state`, which copies the whole session state for every widget with a key: a view."""

    def __init__(self, original: property) -> None:
        super().__init__(lambda state: _StateView(state, original))


class _StateView(Mapping[str, Any]):
    """The mapping that `original` returns for a `SafeSessionState`, without a copy for the lookup of one value."""

    def __init__(self, state: Any, original: property) -> None:
        self._state, self._original = state, original

    def __getitem__(self, key: str) -> Any:
        with self._state._lock:
            return self._state._state[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._copy())

    def __len__(self) -> int:
        return len(self._copy())

    def __repr__(self) -> str:
        return repr(self._copy())

    def _copy(self) -> dict[str, Any]:
        return self._original.__get__(self._state)


PATCHES: tuple[Patch, ...] = (
    Patch("theme", "streamlit.runtime.app_session", "_populate_theme_msg", _cached_theme),
    Patch("message bundles", "streamlit.runtime.app_session", "AppSession._on_scriptrunner_event", _bundled_messages),
    Patch(
        "session state",
        "streamlit.runtime.state.safe_session_state",
        "SafeSessionState.filtered_state",
        _LazyState,
    ),
    Patch(
        BLOB_HASHES,
        "streamlit.runtime.scriptrunner_utils.script_run_context",
        "populate_hash_if_needed",
        _lazy_blobs,
    ),
    Patch("page with a style", "starlette.responses", "FileResponse.__init__", _copied_page),
)
