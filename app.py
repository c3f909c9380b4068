"""The front door: `streamlit run app.py`."""

from pages.widgets.frame import shell

shell.main()
