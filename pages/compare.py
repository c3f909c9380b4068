"""Page "Compare": two linked maps of the same samples, and one sample in several runs."""

import streamlit as st

from pages.widgets.frame import header, shell
from pages.widgets.compare import maps, run_picker, sample
from pages.widgets.server import shared
from pages.widgets.session import active_run, controls, keys

shell.enter()

VIEWS = {"maps": "Two maps", "sample": "One sample"}
SENTENCES = {
    "maps": "The same samples on two maps, of two runs or two projections. Groups that stay together on both sides "
    "come from the data; what differs comes from the network or the projection.",
    "sample": "One sample in several runs: its reconstruction, its codings and its position on the map in each.",
}


def main() -> None:
    run = active_run.shown()
    if run is None:
        header.draw(None, "", [])
        return
    run_picker.read_link(run)
    head = st.container()
    bar = st.container(horizontal=True, vertical_alignment="center")
    view = controls.segments(bar, "View", VIEWS, keys.VIEW)
    with head:
        header.draw(run, SENTENCES[view], [])
    data = shared.data(run.spec.dataset)
    if view == "maps":
        maps.draw(bar, run, data)
    else:
        sample.draw(bar, run, data)


main()
