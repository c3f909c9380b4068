"""The app around every page; to be imported before all else of this package and of `aecore`.

Streamlit runs the scripts of several sessions in threads, and Python raises `_DeadlockError` where one thread imports a
package while another imports a module that the package itself imports. So `app.py` and every page begin with this
package, which imports those packages of `aecore`, and other threads wait for it.
"""

import aecore.browser
import aecore.datasets
import aecore.export
import aecore.figures
import aecore.jobs
import aecore.presets
import aecore.variants  # noqa: F401
