"""The app around every page: page configuration, style, navigation and sidebar; also for deep links."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

import streamlit as st

from pages.widgets.frame import sidebar
from aecore.errors import AecoreError, SpecError
from aecore.store.events import log_event
from pages.widgets.basics import notice
from pages.widgets.components import first_paint, page_history, phone_bar, reconnect
from pages.widgets.server import presence, render_lock, shared
from pages.widgets.session import active_run, keys, lesson, link, opening, page_titles

_PAGES = Path(__file__).resolve().parents[2]
_STYLE = f"<style>{Path(__file__).with_name('style.css').read_text(encoding='utf-8')}</style>"
# An icon in the package, since Streamlit fetches its default icon from the internet; read once, not for every page.
_ICON = f"data:image/png;base64,{base64.b64encode((_PAGES.parent / 'static' / 'icon.png').read_bytes()).decode()}"


def pages() -> list[st.Page]:
    """All pages in the order of the navigation. A file's name is its URL path, so that deep links work.

    Created in every script run, since `st.navigation` modifies the pages.
    """
    return [
        *(
            st.Page(_PAGES / f"{name}.py", title=title, default=name == active_run.HOME)
            for name, title in page_titles.TITLES.items()
        ),
        st.Page(_PAGES / "status.py", title="Status", visibility="hidden"),  # for the server's operator, by its URL
    ]


def main() -> None:
    """Draw the whole app: navigation, then the sidebar, then the page.

    In another order the first session after a server start loses its knobs at the first change of page.
    """
    with render_lock.acquire(first=keys.PAGE not in st.session_state):
        _draw()


def _draw() -> None:
    st.set_page_config(page_title="Autoencoder explorer", page_icon=_ICON, layout="wide")
    st.html(_STYLE)
    first_paint.draw()
    page = st.navigation(pages(), position="top")
    st.session_state[keys.PAGE] = page.url_path or active_run.HOME
    if refused := _refused():
        st.markdown("# This server cannot work as it is set")
        notice.error(refused)
        return
    presence.attend()
    reconnected = reconnect.draw()
    page_history.draw()
    link.begin(st.session_state[keys.PAGE])
    opening.begin(reconnected)
    lesson.keep_link()
    lesson.enforce()
    buttons = sidebar.draw()
    with st.container():  # always there, so that what follows keeps its place in the page
        if page.url_path != "status":
            lesson.draw()
    if page.url_path == "status" or not lesson.covered():
        lesson.note(st.session_state[keys.PAGE])
        st.session_state[keys.ROUTED] = True
        if page.url_path != "status":
            phone_bar.draw(buttons.label, trains=buttons.trains, stops=buttons.busy)
        page.run()
        if link.pending():
            link.finish(whole=active_run.pending() is None and active_run.shown() is not None)
    shared.queue().warm()


def _refused() -> str:
    """One line on why the server's settings are invalid; '' if they are valid.

    A scheduler's address is only logged to standard error, since a client that reaches the scheduler can run code.
    """
    try:
        shared.queue()
        return ""
    except SpecError as error:
        _log(str(error))
        return str(error)
    except AecoreError as error:
        _log(str(error))
        return "AECORE_SCHEDULER: got something else than tcp://host:port"


@st.cache_resource(show_spinner=False)
def _log(line: str) -> None:
    """Log a line once per server process, not in every script run."""
    log_event("refused", logging.ERROR, message=line)


def enter() -> None:
    """Draw the whole app if this page runs without `app.py`; every page calls this first.

    A new server runs only the page's file for its first deep link (Streamlit's discovery of `pages/`).
    """
    if not st.session_state.pop(keys.ROUTED, False):
        main()
        st.stop()
