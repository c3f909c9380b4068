"""The app without some of its patches of Streamlit, for `tests.load.patches`.

streamlit run tests/load/without_patches.py -- NAME ...
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pages.widgets.frame import shell
from pages.widgets.server import streamlit_patches

streamlit_patches.PATCHES = tuple(p for p in streamlit_patches.PATCHES if p.name not in sys.argv[1:])
shell.main()
