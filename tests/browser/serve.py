"""Start the app as a newcomer would, on a free port, and drive it in headless Chromium."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
# The same engine without the browser's own window, where it is installed: it takes less processor time.
HEADLESS = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or CHROMIUM
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
WIDE, LAPTOP, PHONE = (1440, 900), (1366, 768), (380, 844)
PATHS = {
    "": "Reconstructions",
    "guide": "Guide",
    "latent_map": "Latent map",
    "latent_walk": "Latent walk",
    "compare": "Compare",
    "sparsity": "Sparsity",
    "anomalies": "Anomalies",
    "pretraining": "Pretraining",
    "classroom": "Classroom",
}
PATIENCE = 90_000  # milliseconds; the machine may be busy, and a worker's first training waits for TensorFlow


@contextlib.contextmanager
def app(script: Path | None = None, *, port: int = 0, **environment: str) -> Iterator[str]:
    """The running app's address, or that of another script which may import ours. The server and its workers are gone
    when the context ends. `port` is a free one by default."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script or "app.py"), "--server.headless=true"]
    server = subprocess.Popen(
        [*command, f"--server.port={port}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        start_new_session=True,
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(2)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        if port not in used_ports:
            used_ports.append(port)


used_ports: list[int] = []  # by apps that have ended


def free_port() -> int:
    """A port on which nobody listens, one of an app that has ended if there is one: a browser keeps Streamlit's scripts
    by their address."""
    for port in (*used_ports, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of that app may linger
            probe.bind(("127.0.0.1", port))
            if port:
                used_ports.remove(port)
            return probe.getsockname()[1]
    raise OSError("no free port")


def wait_for(port: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no server on port {port} after {seconds} s")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=HEADLESS, args=FLAGS)
        yield browser
        browser.close()


def new_page(browser: Browser, size: tuple[int, int] = WIDE, scheme: str = "light") -> Page:
    """A new visitor's empty page."""
    return browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()


def visit(browser: Browser, url: str, size: tuple[int, int] = WIDE, scheme: str = "light") -> Page:
    """A new visitor's page, settled."""
    page = new_page(browser, size, scheme)
    page.goto(url)
    settle(page)
    return page


def settle(page: Page, seconds: float = 60) -> None:
    """Wait until the script has run to its end and nothing is stale."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=seconds * 1000)
    written = page.get_by_test_id("stMainBlockContainer").locator('[data-testid="stMarkdown"], h1')
    written.first.wait_for(timeout=seconds * 1000)
    page.wait_for_timeout(250)


# What a visitor does. Each waits until the page shows that it was understood.


def knob(page: Page, key: str) -> Locator:
    """The control of a widget by its key: an input, a slider's handle, a button."""
    return page.locator(f".st-key-{key}").locator("input, button:not([aria-label])").first


def type_into(page: Page, key: str, text: object) -> None:
    """Fill a number or text field and leave it with Enter."""
    field = knob(page, key)
    field.fill(str(text))
    field.press("Enter")
    expect(field).to_have_value(str(text))
    settle(page)


def pick(page: Page, key: str, option: str) -> None:
    """Choose from a drop-down list."""
    field, entry = knob(page, key), page.get_by_role("option", name=option, exact=True)
    for _ in range(5):
        field.click()
        with contextlib.suppress(PlaywrightTimeout):  # the click scrolled the sidebar, which closes the list again
            entry.click(timeout=3000)
            break
    expect(field).to_have_value(option)
    settle(page)


def nudge(page: Page, key: str, arrow: str, times: int = 1) -> None:
    """Move a slider with the keyboard."""
    handle = knob(page, key)
    handle.focus()
    for _ in range(times):
        handle.press(arrow)
    settle(page)


def click(page: Page, key: str) -> None:
    expect(knob(page, key)).to_be_enabled(timeout=PATIENCE)
    knob(page, key).click()


def sent(page: Page) -> list[bytes | str]:
    """What the page sends to the server from its next load on; a list that grows."""
    messages: list[bytes | str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: messages.append(frame)))
    return messages


GREYS = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, k) => k % 4 === 0)"


def greys(canvas: Locator) -> np.ndarray:
    """The canvas's pixels, one level of 0 to 255 each, row by row."""
    return np.array(canvas.evaluate(GREYS), int)


def go(page: Page, path: str) -> None:
    """Change pages through the navigation."""
    page.get_by_test_id("stTopNavLink").filter(has_text=PATHS[path]).click()
    page.wait_for_url(re.compile(rf"^[^?]*/{path}(\?|$)"), timeout=PATIENCE)
    settle(page)


def heading(page: Page) -> Locator:
    """The line that says which run the page shows."""
    return page.get_by_test_id("stMain").locator("h1").first


def progress(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_test_id("stProgress")


def await_trained(page: Page) -> str:
    """Wait until the training that was asked for is over and its run is the picture; its key."""
    expect(page.locator(".st-key-train button")).to_have_text(re.compile("Train again"), timeout=PATIENCE)
    settle(page)
    expect(page.locator(".st-key-stop button")).to_be_disabled(timeout=PATIENCE)
    expect(progress(page)).to_have_count(0, timeout=PATIENCE)
    expect(page.locator(".st-key-numbers")).to_be_visible(timeout=PATIENCE)
    settle(page)
    return run_in(page)


def run_in(page: Page) -> str:
    """The key of the run that the link names, once it names one."""
    named = re.compile(r"[?&]run=([0-9a-f]{16})")
    page.wait_for_url(named)
    return named.search(page.url)[1]
