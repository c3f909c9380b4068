"""One visitor without a browser: a websocket that speaks Streamlit's protocol, as its front end does.

A visitor keeps the values of the widgets it changed, sends them all with every rerun, answers the server's requests to
rerun fragments (`run_every`), knows widgets by the keys that the pages give them, and keeps large messages as a browser
does, so that the server only names those it sent before.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

DONE = ForwardMsg.FINISHED_SUCCESSFULLY
LARGEST = 200_000_000  # bytes of a message


class Student:
    """One session. `errors` holds what went wrong in its own words."""

    def __init__(self, address: str) -> None:
        self.address = address.replace("http", "ws", 1) + "/_stcore/stream"
        self.widgets: dict[str, str] = {}  # key: id
        self.values: dict[str, WidgetState] = {}  # by id
        self.pages: dict[str, str] = {}  # URL path: hash
        self.page = ""
        self.query = ""
        self.errors: list[str] = []
        self.key = ""  # of the run that the link names
        self._kept: dict[str, tuple[ForwardMsg, int]] = {}  # hash: message, the run of the script it was last used in
        self._runs, self._oldest = 0, 0
        self._socket: ClientConnection | None = None
        self._finished = asyncio.Event()
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def arrive(self, query: str = "") -> float:
        """Connect and draw the first page; seconds."""
        started = time.perf_counter()
        self.query = query
        self._socket = await connect(
            self.address,
            subprotocols=["streamlit"],
            max_size=LARGEST,
            open_timeout=60,
            ping_interval=None,  # type: ignore[list-item]
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        await self._rerun()
        return time.perf_counter() - started

    async def go(self, path: str) -> float:
        """Open another page; seconds."""
        self.page = self.pages[path]
        self.query = f"run={self.key}" if self.key else ""
        return await self._rerun()

    async def set(self, **values: Any) -> float:
        """Change widgets by their keys (a number, a text, or True for a click); seconds of the rerun."""
        clicked = []
        for key, value in values.items():
            state = WidgetState(id=self.widgets[key])
            if value is True:
                state.trigger_value = True
                clicked.append(state.id)
            elif isinstance(value, str):
                state.string_value = value
            else:
                state.double_value = value
            self.values[state.id] = state
        seconds = await self._rerun()
        for name in clicked:
            del self.values[name]
        return seconds

    async def leave(self) -> None:
        """Close the tab."""
        for task in [*self._timers.values(), *filter(None, [self._reader])]:
            task.cancel()
        if self._socket:
            with contextlib.suppress(Exception):
                await self._socket.close()

    async def _rerun(self, timeout: float = 120.0) -> float:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._finished.clear()
        started = time.perf_counter()
        await self._send()
        try:
            await asyncio.wait_for(self._finished.wait(), timeout)
        except TimeoutError:
            self.errors.append(f"no answer in {timeout:.0f} s")
        return time.perf_counter() - started

    async def _send(self, fragment: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self.page
        state.widget_states.widgets.extend(self.values.values())
        kept = self._kept.items()
        state.cached_message_hashes.extend(name for name, (_, at) in kept if self._runs - at <= self._oldest)
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        assert self._socket
        await self._socket.send(message.SerializeToString())

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for data in socket:
                assert isinstance(data, bytes)
                message = ForwardMsg.FromString(data)
                self._take(message, message.WhichOneof("type"))
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}"[:200])
            self._finished.set()

    def _take(self, message: ForwardMsg, kind: str | None) -> None:
        if kind == "ref_hash":
            message = self._kept[message.ref_hash][0]
            kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._kept[message.hash] = message, self._runs
        if kind == "new_session":
            self._oldest = message.new_session.config.max_cached_message_age
        elif kind == "navigation":
            listed = [page for page in message.navigation.app_pages if not page.is_hidden]
            self.pages = {page.url_pathname: page.page_script_hash for page in listed}
            self.page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
            parts = dict(part.split("=", 1) for part in self.query.split("&") if "=" in part)
            self.key = parts.get("run", "")
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._element(message.delta.new_element)
        elif kind == "auto_rerun":
            again = message.auto_rerun
            if again.fragment_id not in self._timers:
                self._timers[again.fragment_id] = asyncio.create_task(self._tick(again.interval, again.fragment_id))
        elif kind == "script_finished" and message.script_finished == DONE:
            self._runs += 1
            # Twice as long as they are announced: a rerun that was asked for before may still name one.
            kept = self._kept.items()
            self._kept = {name: (old, at) for name, (old, at) in kept if self._runs - at <= 2 * self._oldest}
            self._finished.set()

    def _element(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(f"exception: {element.exception.type}: {element.exception.message}"[:200])
        name = getattr(getattr(element, kind), "id", "") if kind else ""
        if isinstance(name, str) and name.startswith("$$ID-"):
            self.widgets[name.split("-", 2)[2]] = name

    async def _tick(self, seconds: float, fragment: str) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._send(fragment)
