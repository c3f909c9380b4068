"""What Streamlit does is done less often, and comes out the same."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session, runtime
from streamlit.runtime.caching import cache_utils
from streamlit.runtime.scriptrunner import ScriptRunnerEvent
from streamlit.runtime.state import safe_session_state, session_state
from streamlit.testing.v1 import AppTest

from pages.widgets.server import streamlit_patches

MESSAGE, STOPPED = ScriptRunnerEvent.ENQUEUE_FORWARD_MSG, ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS
SECTIONS = ("theme", "theme.light", "theme.dark", "theme.sidebar", "theme.light.sidebar", "theme.dark.sidebar")


class Session:
    """As much of Streamlit's session as hands messages from the thread that draws to the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.wakes = 0
        self.got: list[Any] = []

    def _call_soon_on_event_loop(self, callback: Callable[[], None]) -> None:
        self.wakes += 1
        self.loop.call_soon_threadsafe(callback)

    def _handle_scriptrunner_event_on_event_loop(self, sender: Any, event: Any, message: Any, **more: Any) -> None:
        assert asyncio.get_running_loop() is self.loop
        self.got.append((event, message, more))


def theirs(session: Any, sender: Any, event: Any, forward_msg: Any = None, **more: Any) -> None:
    raise AssertionError("replaced")


tell = streamlit_patches._in_bundles(theirs)


def in_a_loop(draw: Callable[[Session], None], until: Callable[[Session], bool]) -> Session:
    """Run `draw` in a thread beside an event loop, which ends when `until` is so."""

    async def main() -> Session:
        session = Session(asyncio.get_running_loop())
        thread = threading.Thread(target=draw, args=(session,))
        thread.start()
        async with asyncio.timeout(20):
            while not until(session) or thread.is_alive():
                await asyncio.sleep(0.001)
        return session

    return asyncio.run(main())


def test_messages_of_a_page_wake_the_event_loop_twice_and_keep_their_order() -> None:
    def draw(session: Session) -> None:
        for number in range(60):
            tell(session, None, MESSAGE, number)
        tell(session, None, event=STOPPED, run_descriptor="last")

    found = in_a_loop(draw, lambda session: len(session.got) == 61)
    assert found.got == [(MESSAGE, number, {}) for number in range(60)] + [(STOPPED, None, {"run_descriptor": "last"})]
    assert found.wakes == 2


def test_a_page_that_takes_long_is_seen_while_it_is_drawn() -> None:
    seen = threading.Event()

    def draw(session: Session) -> None:
        tell(session, None, MESSAGE, "first")
        assert seen.wait(10)  # nothing more comes, and still it arrives

    def arrived(session: Session) -> bool:
        if session.got:
            seen.set()
        return bool(session.got)

    assert in_a_loop(draw, arrived).got == [(MESSAGE, "first", {})]


def test_none_is_lost_or_overtaken_between_two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamlit_patches, "BUNDLE_SECONDS", 0.0)
    count = 20_000

    def draw(session: Session) -> None:
        for number in range(count):
            tell(session, None, MESSAGE, number)

    found = in_a_loop(draw, lambda session: len(session.got) == count)
    assert [message for _, message, _ in found.got] == list(range(count))


def test_who_is_on_the_event_loop_does_not_wake_it() -> None:
    woken: list[str] = []
    say = streamlit_patches._without_waking(lambda server: woken.append(server.name))

    async def main() -> None:
        shared = SimpleNamespace(eventloop=asyncio.get_running_loop(), need_send_data=asyncio.Event())
        server = SimpleNamespace(name="server", _get_async_objs=lambda: shared)
        say(server)
        assert shared.need_send_data.is_set() and not woken
        await asyncio.to_thread(say, server)
        assert woken == ["server"]

    asyncio.run(main())


def test_the_theme_from_memory_is_streamlits() -> None:
    fill = app_session._populate_theme_msg
    while hasattr(fill, "__wrapped__"):  # an earlier test has opened the queue
        fill = fill.__wrapped__
    ours = streamlit_patches._theme_from_memory(fill)
    for _ in range(2):
        for section in SECTIONS:
            expected, found = CustomThemeConfig(), CustomThemeConfig()
            fill(expected, section)
            ours(found, section)
            assert found == expected and bool(found.ByteSize()) == (section in SECTIONS[:4])


def test_once_is_enough_and_what_is_missing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    streamlit_patches.apply()
    where = (
        (app_session, "_populate_theme_msg"),
        (cache_utils, "_get_positional_arg_name"),
        (app_session.AppSession, "_on_scriptrunner_event"),
        (runtime.Runtime, "_enqueued_some_message"),
        (safe_session_state.SafeSessionState, "filtered_state"),
        (session_state.SessionState, "_remove_stale_widgets"),
    )
    found = [getattr(owner, name) for owner, name in where]
    assert all(hasattr(function, "__wrapped__") for function in found)
    streamlit_patches.apply()
    assert [getattr(owner, name) for owner, name in where] == found
    remove = found[-1].__wrapped__
    with monkeypatch.context() as older:
        older.delattr(session_state, "_is_stale_widget")
        assert streamlit_patches._and_their_callbacks(remove) is remove
    for owner, name in where:
        monkeypatch.delattr(owner, name)
    streamlit_patches.apply()
    assert not any(hasattr(owner, name) for owner, name in where)


def test_a_widget_finds_its_value_without_all_of_the_sessions_state() -> None:
    def script() -> None:
        import streamlit as st
        from streamlit.runtime.state import get_session_state

        from pages.widgets.server import streamlit_patches

        streamlit_patches.apply()
        streamlit_patches.apply()
        st.session_state["own"] = None
        st.number_input("Number", 0, 9, 4, key="number")
        st.selectbox("Choice", list("abc"), key="choice", index=1)
        asked, whole = get_session_state().filtered_state, type(get_session_state()).filtered_state.__wrapped__
        st.session_state["same"] = dict(asked) == whole.__get__(get_session_state()), len(asked)
        st.session_state["found"] = asked["own"], asked["number"], asked["choice"], "nothing" in asked

    at = AppTest.from_function(script).run()
    at.number_input(key="number").set_value(7).run()
    assert not at.exception
    assert at.session_state["found"] == (None, 7, "b", False)
    assert at.session_state["same"][0] and at.session_state["same"][1] >= 3


def test_what_a_widget_that_is_gone_had_in_its_hands_is_let_go() -> None:
    def script() -> None:
        import weakref

        import streamlit as st
        from streamlit.runtime.state import get_session_state

        from pages.widgets.server import streamlit_patches

        streamlit_patches.apply()

        class Heavy:
            def used(self) -> None:
                st.session_state["clicked"] = st.session_state.get("clicked", 0) + 1

        @st.fragment
        def part() -> None:
            heavy = Heavy()
            st.session_state.setdefault("seen", []).append(weakref.ref(heavy))
            st.button("Use it", key="use", on_click=heavy.used)
            st.slider("Inside", 0, 9, 3, key="inside")

        page = st.radio("Page", ["one", "two"], key="page")
        st.number_input("Kept", 0, 9, 4, key="kept", on_change=Heavy().used)
        if page == "one":
            part()
        st.session_state["told"] = len(get_session_state()._state._new_widget_state.widget_metadata)

    at = AppTest.from_function(script).run()
    at.number_input(key="kept").set_value(7).run()
    at.button(key="use").click().run()
    assert at.session_state["clicked"] == 2 and at.session_state["told"] == 4
    at.radio(key="page").set_value("two").run()
    at.run()
    assert at.session_state["told"] == 2 and at.number_input(key="kept").value == 7
    gc.collect()
    assert not any(seen() for seen in at.session_state["seen"])
    at.radio(key="page").set_value("one").run()
    at.button(key="use").click().run()
    assert not at.exception and at.session_state["clicked"] == 3 and at.slider(key="inside").value == 3
