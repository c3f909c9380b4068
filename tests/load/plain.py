"""For `tests.load.classroom --plain`: the same pages, with trainings and maps in threads of their process.

This is how a Streamlit app is usually written, TensorFlow beside the pages. To be started with `streamlit run`.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pages.widgets.frame import shell
from aecore.jobs import dispatch


def in_a_thread(*_: Any) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


dispatch.make_executor = in_a_thread  # type: ignore[assignment]
shell.main()
