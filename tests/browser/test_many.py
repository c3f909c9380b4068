"""Several visitors at once, and a worker that is killed."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Page, expect

from aecore.store import runs
from tests.browser.conftest import Open
from tests.browser.serve import PATIENCE, await_trained, click, go, heading, knob, progress, run_in, type_into

pytestmark = pytest.mark.browser


def test_two_visitors_share_one_training_and_no_knobs(server: str, cache: Path, visit: Open) -> None:
    link = f"{server}/?dataset=digits&epochs=60&seed=21"
    first, second = visit(link), visit(link)
    click(first, "train")
    click(second, "train")
    expect(progress(first)).to_be_visible()
    expect(progress(second)).to_be_visible()
    folder = runs.open_run(run_in(first), cache).folder
    assert run_in(second) == folder.name
    expect(first.get_by_text(re.compile("epoch [1-9]")).first).to_be_visible(timeout=PATIENCE)
    started = runs.Run(folder).status()["started"]
    assert await_trained(first) == await_trained(second) == folder.name
    for page in (first, second):
        expect(heading(page)).to_have_text("Stacked · 30 codings · 60 epochs")
    assert runs.Run(folder).status()["started"] == started  # nobody started it anew
    same = [
        path for path in (cache / "runs").glob("*/spec.json") if json.loads(path.read_text())["spec"].get("seed") == 21
    ]
    assert same == [folder / "spec.json"]

    type_into(first, "seed", 22)
    go(second, "sparsity")
    expect(knob(second, "seed")).to_have_value("21")
    expect(knob(first, "seed")).to_have_value("22")


def test_a_worker_killed_twice_fails_with_a_reason_and_can_train_again(cache: Path, server: str, visit: Open) -> None:
    page = visit(f"{server}/?epochs=200&seed=31")
    click(page, "train")
    expect(progress(page)).to_be_visible()
    killed: set[int] = set()
    kill_worker(page, server, cache, killed)
    kill_worker(page, server, cache, killed)
    alert = page.get_by_test_id("stAlert").filter(has_text="killed twice")
    expect(alert).to_be_visible(timeout=PATIENCE)
    expect(progress(page)).to_have_count(0)
    click(page, "again")
    expect(page.get_by_text(re.compile(r"epoch \d+ of 200")).first).to_be_visible(timeout=PATIENCE)
    click(page, "stop")
    expect(heading(page)).to_have_text("Stacked · 30 codings · 200 epochs · stopped early", timeout=PATIENCE)


def kill_worker(page: Page, url: str, cache: Path, killed: set[int]) -> None:
    """SIGKILL the worker in the middle of a training, one that is not among those `killed` before; add it there."""
    folder = runs.open_run(run_in(page), cache)
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        # In this order: the folder is emptied before a second worker starts, so its epoch is not the first one's.
        workers = [worker for worker in workers_of(url) if worker.pid not in killed]
        if workers and folder.status().get("epoch"):
            for worker in workers:
                worker.kill()
                killed.add(worker.pid)
            return
        page.wait_for_timeout(100)
    raise TimeoutError(f"no worker trains; the status is {folder.status()}")


def workers_of(url: str) -> list[psutil.Process]:
    """The worker processes of the server at that address."""
    port = f"--server.port={urlsplit(url).port}"
    servers = [child for child in psutil.Process().children() if port in command(child)]
    return [child for server in servers for child in server.children() if "popen_loky" in command(child)]


def command(process: psutil.Process) -> str:
    """Its command line, '' when it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
