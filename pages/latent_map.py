"""Page "Latent map": the codings in two or three dimensions, the map's quality, and the images behind the points."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore.errors import AecoreError
from pages.widgets.basics import notice
from pages.widgets.jobs import map_job
from pages.widgets.latent_map import explore, settings, training_film, trust
from pages.widgets.server import shared
from pages.widgets.session import active_run, controls, keys, link, selection

shell.enter()

VIEWS = {"map": "Explore", "own": "Your own image", "training": "Training animation"}


def main() -> None:
    run, busy = active_run.shown(), active_run.pending()
    head = st.container(key="wide")  # by this key the style sheet gives the page the width of the window
    if busy and busy.latest_snapshot():
        with head:
            header.draw(
                busy, "The codings during training: the map and reconstructions change with every snapshot.", []
            )
        training_film.section(busy, shared.data(busy.spec.dataset))
        return
    with head:
        header.draw(
            run,
            "Each point is one sample; samples with similar codings lie close together. Distances between far "
            "groups mean little.",
            [],
        )
    if run is None:
        return
    data = shared.data(run.spec.dataset)
    selection.forget_other(data)
    views = {name: text for name, text in VIEWS.items() if name != "own" or data.info.is_image}
    view = controls.segments(st.container(horizontal=True), "View", views, keys.VIEW)
    if view == "training":
        training_film.section(run, data)
        return
    link.drop(keys.FRAME)
    bar = st.container(horizontal=True, vertical_alignment="center")
    choices = settings.controls(bar, run, data)
    try:
        spec = settings.spec_from(run, choices.method)
    except AecoreError as error:
        notice.warning(str(error))
        return
    work = map_job.finished(run, spec)
    if work and view == "own":
        explore.own_image_map(run, data, work, choices)
    elif work:
        explore.section(run, data, work, choices)
        trust.stability(run, data, work, spec)


main()
