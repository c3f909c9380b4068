"""One real browser in the class: opens page after page until the lesson ends, and prints the seconds as JSON.

python -m tests.load.sitting URL SECONDS NUMBER
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import serve

PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23


def main() -> None:
    os.nice(5)  # below the many, whose seconds count: its own laptop would draw its pages
    with contextlib.suppress(OSError, AttributeError):  # Linux; where it may, Chromium raises its own priority
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)
    url, length, number = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    draw, end = random.Random(1000 + number), time.monotonic() + length
    seconds: list[float] = []
    with chromium() as browser:
        page = serve.visit(browser, url)
        while time.monotonic() < end:
            page.wait_for_timeout(draw.uniform(2000, 10_000))
            started = time.perf_counter()
            serve.go(page, draw.choice(list(serve.PATHS)))
            seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium in this process's session. Playwright would give it one of its own, and Linux may share the processors
    between sessions before it asks who is niced (`sched_autogroup_enabled`): then five browsers get five shares while
    the server gets one."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [serve.CHROMIUM, *serve.FLAGS, "--headless=new", f"--user-data-dir={folder}"]
        process = subprocess.Popen([*command, "--remote-debugging-port=0"], stderr=subprocess.DEVNULL)
        try:
            port = Path(folder) / "DevToolsActivePort"
            end = time.monotonic() + 60
            while not (port.exists() and port.read_text()) and time.monotonic() < end:
                time.sleep(0.1)
            with sync_playwright() as playwright:
                yield playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port.read_text().split()[0]}")
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main()
