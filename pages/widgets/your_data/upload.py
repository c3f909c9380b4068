"""The upload: files, the choices of `UploadSpec`, and the job that reads them in a worker."""

from __future__ import annotations

from typing import Any

import streamlit as st

from aecore import jobs, settings
from aecore.datasets import own
from aecore.errors import AecoreError
from aecore.specs.base import Setting
from aecore.specs.upload import NO_LABEL, UploadSpec
from aecore.store import own_data
from aecore.store.runs import ResultFolder
from pages.widgets.basics import notice
from pages.widgets.jobs import panel
from pages.widgets.server import shared
from pages.widgets.session import active_run, keys
from pages.widgets.session import own_data as session_data

PLACE = "own_data"  # the place on the page that waits for the job
SHARED = ("name", "label", "validation", "seed")
OPTIONS = {
    "Images": ("side", "fit", "colour"),
    "Tables": ("columns", "scale", "missing"),
    "Sequences": ("lengths",),
}


def draw() -> None:
    """Draw the uploader, the options, and the button or the progress of the job."""
    limit = settings.get("AECORE_UPLOAD_MB")
    files = st.file_uploader(
        "Files", accept_multiple_files=True, key="own_files", max_upload_size=limit, on_change=_forget_refusal
    )
    try:
        spec: UploadSpec | None = _options()
    except AecoreError as error:
        notice.warning(str(error))
        spec = None
    pending = st.session_state.get(keys.asked(PLACE))
    if pending:
        _await(pending)
        return
    ready = bool(files) and spec is not None
    if st.button("Add", type="primary", icon=":material/add:", key="own_add", disabled=not ready) and spec:
        _submit([(file.name, file.getvalue()) for file in files], spec)
    if refusal := st.session_state.get(keys.OWN_REFUSED):
        notice.error(refusal)
    elif not files:
        st.caption(f"At most {limit:,} MB, 200,000 samples and 300 million numbers.")


def _options() -> UploadSpec:
    """The choices on the page. Raises `SpecError`."""
    declared = UploadSpec.settings()
    values: dict[str, Any] = {name: _widget(declared[name]) for name in ("name", "read_as", "label")}
    with st.expander("More options"):
        for title, names in OPTIONS.items():
            st.caption(title)
            values |= {name: _widget(declared[name]) for name in names}
        st.caption("Split")
        values |= {name: _widget(declared[name]) for name in ("validation", "seed")}
    return UploadSpec.from_dict(values)


def _widget(declared: Setting) -> Any:
    key, text = f"own_{declared.name}", f"{declared.help[0].upper()}{declared.help[1:]}."
    if declared.choices:
        return st.selectbox(declared.label, declared.choices, key=key, help=notice.plain(text))
    if declared.kind in (int, float):
        step: Any = declared.kind(declared.step or 1)
        low, high = declared.kind(declared.low or 0), declared.kind(declared.high or 0)
        return st.number_input(declared.label, low, high, declared.default, step=step, key=key, help=notice.plain(text))
    placeholder = {"label": f"guessed ({NO_LABEL} for none)", "columns": "all that fit"}.get(declared.name, "")
    return st.text_input(declared.label, key=key, placeholder=placeholder, help=notice.plain(text))


def _submit(files: list[tuple[str, bytes]], spec: UploadSpec) -> None:
    """Store the files and submit the job that reads them; a refusal is drawn."""
    name = own_data.new_name()
    _forget_refusal()
    try:
        received = own_data.receive(name, files, shared.cache())
    except (AecoreError, OSError) as error:
        own_data.discard_upload(name, shared.cache())
        st.session_state[keys.OWN_REFUSED] = str(error)
        return
    if panel.submit(jobs.DataTask(name, received, spec)) is None:
        own_data.discard_upload(name, shared.cache())
        return
    st.session_state[keys.asked(PLACE)] = name
    st.rerun()


def _await(name: str) -> None:
    """Draw the progress of the job; once it has ended, the data set becomes the sidebar's, or the refusal is kept."""
    work = ResultFolder(own.folder(name, shared.cache()))
    state = active_run.state(work)
    if state in active_run.PENDING:
        panel.wait(work, "Reading", stop_key="own_stop")
        return
    del st.session_state[keys.asked(PLACE)]
    if state == "finished":
        session_data.adopt(name)
        st.session_state[keys.OWN_SHOWN] = name
    elif state == "failed":
        st.session_state[keys.OWN_REFUSED] = str(work.status().get("message") or "the files could not be read")
        own_data.remove(name, shared.cache())
    else:
        own_data.discard_upload(name, shared.cache())
    st.rerun()


def _forget_refusal() -> None:
    st.session_state.pop(keys.OWN_REFUSED, None)
