"""Page "Guide": six steps from the bottleneck to probability, each with a picture, a control and settings to open."""

import streamlit as st

from pages.widgets.frame import header, shell
from pages.widgets.guide import section
from pages.widgets.guide.steps import STEPS

shell.enter()


def main() -> None:
    st.markdown("# Guide")
    st.caption(
        "What an autoencoder learns, in six steps. Each picture is computed from a trained network as you move its "
        "control; the button below opens these settings on the first page, to look closer or to train with others."
    )
    header.notices()
    for number, step in enumerate(STEPS, 1):
        section.draw(number, step)


main()
