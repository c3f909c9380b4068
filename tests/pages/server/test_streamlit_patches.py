"""Patches of Streamlit: each does the same as the original, and another version is left alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from starlette.responses import FileResponse
from streamlit import file_util
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.runtime.scriptrunner import ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils import script_run_context
from streamlit.testing.v1 import AppTest

from pages.widgets.server import streamlit_patches
from pages.widgets.server.streamlit_patches import PATCHES, REPLACED
from tests.pages.conftest import ROOT, Open, key

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


tell = streamlit_patches._bundled_messages(theirs)


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


def test_the_cached_theme_is_streamlits(unpatched: None) -> None:
    fill = app_session._populate_theme_msg
    ours = streamlit_patches._cached_theme(fill)
    for _ in range(2):
        for section in SECTIONS:
            expected, found = CustomThemeConfig(), CustomThemeConfig()
            fill(expected, section)
            ours(found, section)
            assert found == expected and bool(found.ByteSize()) == (section in SECTIONS[:4])


@pytest.fixture
def unpatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit as it is installed, whatever earlier tests patched."""
    for patch in PATCHES:
        if patch.installed:
            owner, attribute = patch._place()
            monkeypatch.setattr(owner, attribute, getattr(patch.current, REPLACED))


def test_the_patches_are_for_the_version_that_is_required() -> None:
    pins = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("streamlit")]
    assert [pin.partition("==")[2] for pin in pins] == [streamlit_patches.WRITTEN_FOR]


def test_every_patch_is_installed_once(unpatched: None) -> None:
    originals = [patch.current for patch in PATCHES]
    assert not any(patch.installed for patch in PATCHES) and len({patch.name for patch in PATCHES}) == len(PATCHES)
    streamlit_patches.apply()
    replacements = [patch.current for patch in PATCHES]
    assert [getattr(replacement, REPLACED) for replacement in replacements] == originals
    streamlit_patches.apply()
    assert [patch.current for patch in PATCHES] == replacements


def test_another_version_is_left_as_it_is_and_the_app_works(
    unpatched: None, visit: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(st, "__version__", "1.99.0")
    app = visit(run=key("stacked"))
    assert not app.exception and not any(patch.installed for patch in PATCHES)
    lines = [record.getMessage() for record in caplog.records if record.name == streamlit_patches.__name__]
    assert lines == ["Streamlit 1.99.0: its patches are for 1.67.0 and are left out; pages cost more processor time"]


def test_a_message_that_is_no_blob_is_hashed_as_streamlit_does(unpatched: None) -> None:
    theirs = script_run_context.populate_hash_if_needed
    ours = streamlit_patches._lazy_blobs(theirs)
    text, component = ForwardMsg(), ForwardMsg()
    text.delta.new_element.markdown.body = "words" * 50_000
    component.delta.new_element.bidi_component.component_name = "canvas"
    component.delta.new_element.bidi_component.bytes = bytes(5000)
    streamlit_patches.apply()
    with streamlit_patches.lazy_bytes("blob", bytes) as lazy:
        assert lazy
        for message in (text, component):
            ours(message)
            again = ForwardMsg.FromString(message.SerializeToString())
            again.hash = ""
            theirs(again)
            assert again == message


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
        safe, patched = get_session_state(), type(get_session_state()).filtered_state
        asked, original = safe.filtered_state, getattr(patched, streamlit_patches.REPLACED)
        st.session_state["same"] = dict(asked) == original.__get__(safe), len(asked)
        st.session_state["found"] = asked["own"], asked["number"], asked["choice"], "nothing" in asked

    at = AppTest.from_function(script).run()
    at.number_input(key="number").set_value(7).run()
    assert not at.exception
    assert at.session_state["found"] == (None, 7, "b", False)
    assert at.session_state["same"][0] and at.session_state["same"][1] >= 3


def test_a_style_is_added_to_streamlits_page_and_to_no_other_file(
    unpatched: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr(streamlit_patches, "_copies", SimpleNamespace(name=str(folder)))
    page, other = (Path(file_util.get_static_dir()) / name for name in ("index.html", "manifest.json"))
    streamlit_patches.apply()

    def sent(path: Path, **more: Any) -> FileResponse:
        return FileResponse(path, **more)

    assert Path(sent(page).path) == page
    before = sent(page, stat_result=page.stat()).headers["etag"]
    streamlit_patches.add_to_head("<style>p { color: red }</style>")
    for response in (sent(page), sent(str(page), stat_result=page.stat())):
        text = Path(response.path).read_text()
        assert text.replace("<style>p { color: red }</style></head>", "</head>") == page.read_text()
        assert text != page.read_text() and response.media_type == "text/html"
    assert sent(page, stat_result=page.stat()).headers["etag"] != before  # a browser does not keep the one it has
    assert Path(sent(other).path) == other
