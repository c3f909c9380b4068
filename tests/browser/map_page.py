"""A page with the map component and nothing else, and what tests do on it."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page

from tests.browser import serve

# The address tells how the map is made: `?n=200&two=1`. The page keeps the answer, as one of the app does, and writes
# it down, so that a test sees what Python was told.
SCRIPT = """
import json
import numpy as np
import streamlit as st
from pages.widgets.components import latent_map
from pages.widgets.server import streamlit_patches
from pages.widgets.components.latent_map import Mark
from pages.widgets.components.latent_map import Panel

streamlit_patches.apply()
asked = st.query_params
n, dims = int(asked.get("n", 200)), int(asked.get("dims", 2))
draws = np.random.default_rng(0)
labels = np.arange(n) % 4
corners = np.c_[labels % 2, labels // 2, labels * 0][:, :dims] * 3
points = (draws.normal(size=(n, dims)) * 0.35 + corners).astype("f4")
if asked.get("odd") == "same":
    points[:] = 1
if asked.get("odd") == "nan":
    points[::3], points[1] = np.nan, np.inf
images = np.zeros((n, 8, 8), "u1")
images[np.arange(n), labels] = 255
near = (np.arange(n)[:, None] + [4, 8, 12]) % max(n, 1)
near_map = (np.arange(n)[:, None] + [4, 5, 6]) % max(n, 1)
errors = np.linspace(0.01, 0.09, n)
colour = st.radio("colour", ["class", "error"], key="colour")
tool = st.radio("tool", ["click", "box", "lasso"], key="tool")
if st.radio("projection", ["straight", "turned"], key="projection") == "turned":
    points = np.ascontiguousarray(points[:, ::-1] * -1)
style = st.radio("style", ["dots", "images"], key="style")
panels = [Panel(points, "one", near, near_map, 255 - images, errors)]
if "two" in asked:
    panels.append(Panel(points[:, ::-1] * 2, "two", near, near_map, images))
if st.button("clear", key="clear"):
    st.session_state["kept"] = ([], None)
selected, focus = st.session_state.get("kept", ([], None))
picked = latent_map.draw(
    panels, key="map", numbers=np.arange(n) + 1000, labels=labels, class_names=["<b>bold</b>", "<img src=x>", "c", "d"],
    images=None if "vectors" in asked else images, colour=colour, style=style, tool=tool, selected=selected,
    focus=focus,
    marks=[Mark(0, (1.5,) * dims, "<i>mine</i>", images[0])] if "mark" in asked else [],
)
st.session_state["kept"] = (picked.selection, picked.point)
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
st.markdown("told " + json.dumps([picked.point, picked.selection, st.session_state["runs"]]))
"""


def panel(page: Page, number: int = 0) -> Locator:
    return page.locator("canvas.over").nth(number)


def spot(page: Page, i: int, number: int = 0) -> tuple[float, float]:
    """Where sample i stands on the page."""
    panel(page, number).scroll_into_view_if_needed()
    box = panel(page, number).bounding_box()
    at = panel(page, number).evaluate("(canvas, i) => canvas.positionOf(i)", i)
    return box["x"] + at["x"], box["y"] + at["y"]


def told(page: Page) -> tuple[int | None, list[int]]:
    """What Python was told in its latest run: the point and the selection."""
    serve.settle(page)
    point, selection, _ = json.loads(page.get_by_text("told [").inner_text().removeprefix("told "))
    return point, selection


def choose(page: Page, key: str, option: str) -> None:
    page.locator(f".st-key-{key}").get_by_text(option, exact=True).click()
    serve.settle(page)


def lonely(page: Page, among: tuple[int, ...] = (0, 1, 2, 3)) -> int:
    """A sample of these classes with nobody within 12 pixels, so that a click on it can mean nobody else."""
    found = panel(page).evaluate(
        """(canvas, among) => {
          const at = Array.from({length: 200}, (_, i) => canvas.positionOf(i));
          return at.findIndex((a, i) => among.includes(i % 4)
            && at.every((b, j) => i === j || Math.hypot(a.x - b.x, a.y - b.y) > 12));
        }""",
        among,
    )
    assert found >= 0
    return found
