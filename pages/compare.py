"""Page "Compare": two linked maps of the same samples, and one sample in several runs."""

import streamlit as st

from pages.widgets.basics import controls
from pages.widgets.compare import maps, sample
from pages.widgets.frame import header, shell
from pages.widgets.server import shared
from pages.widgets.session import active_run, keys

shell.enter()

VIEWS = {"maps": "Two maps", "sample": "One sample"}
SENTENCES = {
    "maps": "The same samples as two codes, or two projections, see them. What stays together on both sides is in the "
    "data; what moves was the network's choice, or the projection's.",
    "sample": "One sample, sent through several networks: what each keeps of it, how it writes it down, and where it "
    "files it.",
}


def main() -> None:
    run = active_run.shown()
    if run is None:
        header.draw(None, "", [])
        return
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
