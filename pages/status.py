"""Page "Status" for the server's operator: visitors, jobs, memory, disk space and settings."""

import shutil
import time
from pathlib import Path

import pandas as pd
import psutil
import streamlit as st

from pages.widgets.frame import shell
from aecore import settings
from aecore.datasets import own
from aecore.errors import AecoreError
from aecore.jobs import Ticket
from aecore.presets.names import run_name
from aecore.store import eviction, listing, runs
from aecore.store.files import read_json
from pages.widgets.server import presence, render_lock, shared

shell.enter()

TICK = 2.0  # seconds between two updates
LANES = {"train": "Training", "map": "Maps and measurements"}


def main() -> None:
    st.markdown("# Status of this server")
    st.caption(
        "For the administrator. A proxy can check `/_stcore/health`, which answers 'ok'; each event of a job is one "
        "line of JSON on standard error."
    )
    render_lock.fragment(_live, TICK)()
    st.markdown("## Configuration")
    st.caption("Set by environment variables at the start. This page is public, so addresses and paths are not shown.")
    rows = [(s.name, _value(s), str(s.default), s.meaning) for s in settings.TABLE]
    st.dataframe(pd.DataFrame(rows, columns=["variable", "value", "default", "meaning"]), hide_index=True)


def _value(setting: settings.Variable) -> str:
    value = settings.get(setting.name)
    return "set" if isinstance(value, str) and value != setting.default else str(value)


def _live() -> None:
    tickets = shared.queue().tickets()
    used, count, free = _sizes(shared.cache())
    limit = settings.get("AECORE_CACHE_GB")
    waiting = sum(ticket.state == "waiting" for jobs in tickets.values() for ticket in jobs)
    memory = _memory()
    with st.container(horizontal=True, gap="large", key="numbers"):
        st.metric("Visitors", len(presence.visitors()), width="content")
        st.metric("Jobs waiting", f"{waiting} of {settings.get('AECORE_WAITING')}", width="content")
        st.metric("Memory", f"{sum(size for _, size in memory) / 1e6:,.0f} MB", width="content")
        st.metric("Runs", f"{count:,}", width="content")
        st.metric("Disk used by runs", f"{used / 1e9:.2f} GB" + (f" of {limit:g}" if limit else ""), width="content")
        st.metric("Free on disk", f"{free / 1e9:,.1f} GB", width="content")
    for lane, jobs in tickets.items():
        st.markdown(f"## {LANES[lane]}, {shared.queue().width(lane)} at once")
        if jobs:
            st.dataframe(pd.DataFrame([_row(ticket) for ticket in jobs]), hide_index=True)
        else:
            st.caption("No jobs.")
    st.markdown("## Processes")
    table = pd.DataFrame(memory, columns=["process", "MB"])
    table["MB"] = (table["MB"] / 1e6).round()
    st.dataframe(table, hide_index=True, width=360)


def _row(ticket: Ticket) -> dict[str, str | int | None]:
    status, private = read_json(ticket.folder / "status.json", {}), _is_private(ticket.folder)
    started = status.get("started")
    seconds = f"{time.time() - started:.0f} s" if ticket.state == "running" and started else ""
    wait = "" if ticket.expected_seconds is None else f"about {ticket.expected_seconds:.0f} s"
    share = f"{100 * float(status.get('fraction') or 0):.0f} %" if ticket.state == "running" else ""
    return {
        "what": "own data" if private else _name(ticket.folder),
        "key": "" if private else ticket.key,
        "state": ticket.state,
        "place": ticket.position or None,
        "done": share,
        "for": seconds or wait,
        "watched by": len(ticket.watchers),
    }


def _is_private(folder: Path) -> bool:
    """True for jobs on uploaded data: whoever has a key can open the run."""
    run = runs.Run(folder if folder.parent.name == "runs" else folder.parent.parent)
    return own.is_own(folder.name) or listing.is_private(run)


def _name(folder: Path) -> str:
    """The run's name; for a result computed from a run, with its kind before it."""
    try:
        if folder.parent.name == "runs":
            return run_name(runs.Run(folder))
        return f"{folder.parent.name} of {run_name(runs.Run(folder.parent.parent))}"
    except AecoreError:
        return folder.parent.name


def _memory() -> list[tuple[str, int]]:
    """(name, bytes of memory) of this process and its workers."""
    processes = [("pages", psutil.Process().memory_info().rss)]
    for number, child in enumerate(psutil.Process().children(recursive=True), 1):
        try:
            processes.append((f"worker {number}, process {child.pid}", child.memory_info().rss))
        except psutil.Error:  # it has just ended
            continue
    return processes


@st.cache_data(ttl=30, show_spinner=False)
def _sizes(cache: Path) -> tuple[int, int, int]:
    """Bytes of all runs, their number, and the free bytes of the disk."""
    return eviction.size(cache / "runs"), len(listing.list_runs(cache)), shutil.disk_usage(cache).free


main()
