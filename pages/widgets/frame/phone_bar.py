"""Bar with Train, Stop and a button that opens the sidebar, for narrow screens, where the sidebar is closed.

It is one component whose buttons click those of the sidebar, which are in the page even while the sidebar is closed. It
is part of every page and shown by CSS, since only the browser knows its width.
"""

from __future__ import annotations

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.frame.sidebar import Buttons

_HTML = (
    '<button data-clicks=".st-key-train button"></button><button data-clicks=".st-key-stop button">Stop</button>'
    """<button data-clicks='[data-testid="stExpandSidebarButton"]'>Knobs</button>"""
)
_CSS = """
:host, .bar { display: block; }
button { font: inherit; color: var(--st-text-color); background: var(--st-background-color); cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, .4rem);
  box-sizing: border-box; width: 5.2rem; min-height: 2.5rem; padding: 0 .6rem; margin-left: .5rem; }
button:first-of-type { width: calc(100% - 11.4rem); margin-left: 0; color: #fff; background: var(--st-primary-color);
  border-color: var(--st-primary-color); }
button:disabled { cursor: not-allowed; color: color-mix(in srgb, var(--st-text-color) 40%, transparent);
  background: transparent; border-color: var(--st-border-color); }
"""
_JS = """
export default function({parentElement, data}) {
  const [train, stop, knobs] = parentElement.querySelectorAll("button");
  train.textContent = data.train;
  train.disabled = !data.trains;
  stop.disabled = !data.stops;
  for (const button of [train, stop, knobs]) button.onclick = () => {
    const target = document.querySelector(button.dataset.clicks);
    if (target) target.click();
  };
}
"""


def draw(buttons: Buttons) -> None:
    """Draw the bar; its buttons are labelled and enabled like those of the sidebar."""
    _component()(key="phone_bar", data={"train": buttons.label, "trains": buttons.trains, "stops": buttons.busy})


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component("phone_bar", html=_HTML, css=_CSS, js=_JS)
