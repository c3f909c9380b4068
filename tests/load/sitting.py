"""One real browser in the class: opens page after page until the lesson ends, and prints the seconds as JSON.

python -m tests.load.sitting URL SECONDS NUMBER
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import sys
import time

from tests.browser import serve

PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23


def main() -> None:
    os.nice(5)  # below the many, whose seconds count: its own laptop would draw its pages
    with contextlib.suppress(OSError, AttributeError):  # Linux; where it may, Chromium raises its own priority
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)
    url, length, number = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    draw, end = random.Random(1000 + number), time.monotonic() + length
    seconds: list[float] = []
    with serve.chromium() as browser:
        page = serve.visit(browser, url)
        while time.monotonic() < end:
            page.wait_for_timeout(draw.uniform(2000, 10_000))
            started = time.perf_counter()
            serve.go(page, draw.choice(list(serve.PATHS)))
            seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
