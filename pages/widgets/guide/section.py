"""One step of the guide on the page: its text, control and picture, and the button that opens its settings."""

from __future__ import annotations

import streamlit as st

from aecore.presets import demonstrations
from aecore.specs.run import RunSpec
from aecore.store import runs
from pages.widgets.basics import notice
from pages.widgets.guide.steps import Step
from pages.widgets.server import render_lock, shared
from pages.widgets.session import active_run, keys, knobs, lesson

spec_of = demonstrations.spec


def draw(number: int, step: Step) -> None:
    """Draw a step; moving its control redraws this step only."""
    with st.container(key=f"step_{step.name}"):
        st.markdown(f"## {number} · {step.title}")
        _step(step)


@render_lock.fragment
def _step(step: Step) -> None:
    specs = [spec_of(name) for name in step.demonstrations]
    found = [runs.run_of(spec, shared.cache()) for spec in specs]
    missing = not all(run.readable for run in found)
    left, right = st.columns([3, 5], gap="large")
    with left:
        st.markdown(step.text)
        value = step.control(specs[0], missing)
        spec = specs[0].replace(**{step.setting: value}) if step.setting else specs[0]
        name = f"open_{step.name}"
        if st.button("Open these settings", key=name, icon=":material/tune:", on_click=_open, args=[spec]):
            st.switch_page(f"pages/{active_run.HOME}.py", query_params={})  # the bound knobs write their own
        setting = f", {knobs.LABELS[step.setting].lower()} {value:g}" if step.setting else ""
        st.caption(f"{knobs.in_words(keys.VARIANT, knobs.preset_name(spec))}{setting}")
    with right:
        if missing:
            notice.caption("No picture: its demonstration is not on this server. Open the settings and press Train.")
            return
        with notice.errors():
            step.picture(found, shared.data(specs[0].dataset), value)


def _open(spec: RunSpec) -> None:
    """Callback: set the knobs to `spec`, and show its run if it is trained."""
    st.session_state.pop(keys.NOTICE, None)
    st.session_state.update(knobs.of_spec(spec) | lesson.locked())
    run = runs.run_of(spec, shared.cache())
    if run.readable:
        active_run.choose(run.key)
