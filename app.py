"""The front door: `streamlit run app.py`."""

from pages.widgets import shell

shell.main()
