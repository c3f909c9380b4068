"""Parts of a component: what the browser has is named and not even packed, what is new is sent whole."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import scriptrunner
from streamlit.runtime.scriptrunner_utils import script_run_context

from pages.widgets.components.shared import blobs, packing
from pages.widgets.server import streamlit_patches

LARGE = np.arange(100_000, dtype=np.float32)


class Browser:
    """Takes parts as Streamlit does: a message with the bytes it was given, then named."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.sent: list[ForwardMsg] = []

    def mount(self, *, key: str, data: bytes, height: str) -> None:
        made = ForwardMsg()
        part = made.delta.new_element.bidi_component
        part.component_name, part.id, part.bytes = blobs.NAME, key, data
        made.metadata.delta_path.extend([0, 1])
        script_run_context.populate_hash_if_needed(made)
        self.sent.append(made)

    def take(self, array: np.ndarray, owner: str = "map") -> ForwardMsg:
        blobs.send(owner, blobs.versioned("points", {"title": "x"}, {"points": array}))
        return self.sent[-1]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    streamlit_patches.apply()
    found = Browser()
    monkeypatch.setattr(blobs, "_component", lambda: found.mount)
    context = SimpleNamespace(cached_message_hashes=found.known)
    monkeypatch.setattr(scriptrunner, "get_script_run_ctx", lambda: context)
    return found


def data(message: ForwardMsg) -> bytes:
    return message.delta.new_element.bidi_component.bytes


def test_a_part_is_named_by_its_version_and_sent_whole(browser: Browser) -> None:
    one, same, other = browser.take(LARGE), browser.take(LARGE.copy()), browser.take(np.roll(LARGE, 1))
    assert one.hash == same.hash and len({one.hash, other.hash, browser.take(LARGE, "other").hash}) == 3
    assert one.metadata.cacheable and list(one.metadata.delta_path) == [0, 1]
    header, arrays = blobs.versioned("points", {"title": "x"}, {"points": LARGE})
    assert data(one) == data(same) == packing.pack({"owner": "map", **header}, **arrays)
    assert data(one).startswith(packing.head({"owner": "map", **header}, **arrays))


def test_what_the_browser_has_is_not_packed(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.known.add(browser.take(LARGE).hash)
    packed: list[int] = []
    monkeypatch.setattr(packing, "pack", lambda *_, **__: packed.append(1) or b"new")
    again = browser.take(LARGE)
    assert again.hash in browser.known and again.metadata.cacheable and len(data(again)) < 1000 and not packed
    assert data(browser.take(LARGE + 1)) == b"new" and packed == [1]


def test_the_last_byte_of_a_large_part_counts(browser: Browser) -> None:
    changed = LARGE.copy()
    changed[-1] += 1
    assert browser.take(LARGE).hash != browser.take(changed).hash


def test_without_the_patch_parts_travel_whole(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamlit_patches, "PATCHES", ())
    browser.known.add(browser.take(LARGE).hash)
    assert len(data(browser.take(LARGE))) > LARGE.nbytes
