"""Buttons Train, Stop and Knobs for a narrow screen, where the sidebar is closed.

They click the hidden buttons of the sidebar. Every page has the bar, and CSS shows it on narrow screens only.
"""

from __future__ import annotations

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle, packing


def draw(train: str, *, trains: bool, stops: bool) -> None:
    """Draw the bar.

    Parameters
    ----------
    train : label of the Train button.
    trains, stops : whether Train and Stop are enabled.
    """
    _component()(key="phone_bar", data={"train": train, "trains": trains, "stops": stops})


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "phone_bar",
        html=packing.markup("phone_bar/phone_bar.html"),
        css=packing.style("phone_bar/phone_bar.css"),
        js=bundle.script("phone_bar/phone_bar.js"),
    )
