"""Compare: two maps of the same samples, linked; and one sample through several runs."""

import streamlit as st

from pages.widgets import active, compare_maps, compare_sample, controls, header, host, shell

shell.enter()

VIEWS = {"maps": "Two maps", "sample": "One sample"}
SENTENCES = {
    "maps": "The same samples as two codes, or two projections, see them. What stays together on both sides is in the "
    "data; what moves was the network's choice, or the projection's.",
    "sample": "One sample, sent through several networks: what each keeps of it, how it writes it down, and where it "
    "files it.",
}


def main() -> None:
    run = active.shown()
    if run is None:
        header.draw(None, "", [])
        return
    head = st.container()
    bar = st.container(horizontal=True, vertical_alignment="center")
    view = controls.segments(bar, "View", VIEWS, "view")
    with head:
        header.draw(run, SENTENCES[view], [])
    data = host.data(run.spec.dataset)
    if view == "maps":
        compare_maps.draw(bar, run, data)
    else:
        compare_sample.draw(bar, run, data)


main()
