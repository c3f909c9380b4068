"""Parts of a component: what the browser has is named, what is new is sent, and names are cheap for large ones."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.components.v2.bidi_component.main import BidiComponentMixin
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner_utils import script_run_context

from pages.widgets import packing, parts

LARGE = np.arange(parts.LARGE, dtype=np.float32)


@pytest.fixture(autouse=True)
def patched() -> None:
    parts._name_by_version()


def message(array: np.ndarray, owner: str = "map") -> ForwardMsg:
    """As Streamlit hands over a part, and named."""
    header, arrays = parts.versioned("points", {"title": "x"}, {"points": array})
    made = ForwardMsg()
    part = made.delta.new_element.bidi_component
    part.component_name = parts.NAME
    part.bytes = packing.pack({"owner": owner, **header}, **arrays)
    made.metadata.delta_path.extend([0, 1])
    script_run_context.populate_hash_if_needed(made)
    return made


def test_a_large_part_is_named_by_its_version_and_sent_whole() -> None:
    one, same, other = message(LARGE), message(LARGE.copy()), message(np.roll(LARGE, 1))
    assert one.hash == same.hash and len({one.hash, other.hash, message(LARGE, "other").hash}) == 3
    assert one.metadata.cacheable and list(one.metadata.delta_path) == [0, 1]
    assert len(one.delta.new_element.bidi_component.bytes) > LARGE.nbytes
    assert one.delta.new_element.bidi_component.bytes == same.delta.new_element.bidi_component.bytes


def test_the_last_byte_of_a_large_part_counts() -> None:
    changed = LARGE.copy()
    changed[-1] += 1
    assert message(LARGE).hash != message(changed).hash


def test_everything_else_is_named_as_streamlit_does() -> None:
    theirs = script_run_context.populate_hash_if_needed.__wrapped__
    small, text = message(LARGE[:5]), ForwardMsg()
    text.delta.new_element.markdown.body = "words" * 50_000
    script_run_context.populate_hash_if_needed(text)
    for named in (small, text):
        again = ForwardMsg.FromString(named.SerializeToString())
        again.hash = ""
        theirs(again)
        assert again.hash == named.hash and again.metadata.cacheable == named.metadata.cacheable


def test_the_identity_of_a_large_part_is_its_key() -> None:
    proto = message(LARGE).delta.new_element.bidi_component
    more = {"component_name": "part", "isolate_styles": True, "width": "stretch", "height": "content"}
    assert BidiComponentMixin._build_bidi_identity_kwargs(None, proto=proto, **more) == {**more, "default": None}
