"""Log events are lines of JSON."""

from __future__ import annotations

import json
import logging

import pytest

from aecore.store.events import log_event


def test_an_event_is_one_json_line_without_empty_values(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="aecore.jobs")
    log_event("failed", logging.ERROR, key="0123", message="", position=None, watchers=0)
    (record,) = caplog.records
    values = json.loads(record.getMessage())
    assert record.levelno == logging.ERROR and values.pop("time") > 0
    assert values == {"event": "failed", "key": "0123", "watchers": 0}
