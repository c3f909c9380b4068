"""Take screenshots of every page: `python -m tests.browser.look FOLDER [path?query …]`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.browser.serve import PATHS, PHONE, WIDE, app, chromium, visit

VIEWS = (("wide-light", WIDE, "light"), ("wide-dark", WIDE, "dark"), ("phone-light", PHONE, "light"))


def main(folder: Path, paths: tuple[str, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with app() as url, chromium() as browser:
        for path in paths:
            for view, size, scheme in VIEWS:
                page = visit(browser, f"{url}/{path}", size, scheme)
                page.wait_for_timeout(1500)
                name = re.sub(r"[^\w-]+", "-", path) or "home"
                full = page.locator('[data-testid="stMainBlockContainer"]').bounding_box()
                page.set_viewport_size({"width": size[0], "height": int(max(size[1], full["height"] + 120))})
                page.wait_for_timeout(500)
                page.screenshot(path=folder / f"{name}-{view}.png")
                page.context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(sys.argv[2:]) or tuple(PATHS))
