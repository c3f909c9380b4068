"""Page "Latent walk": pictures decoded from codings that are moved, interpolated or random, with their diagnosis."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore.analysis import latent_axes
from aecore.errors import AecoreError
from aecore.store.runs import Run
from aecore.text import error_text
from pages.widgets.basics import notice
from pages.widgets.components import latent_walk
from pages.widgets.latent_walk import bits, interpolation, off_manifold_map, random_codings, views, walk
from pages.widgets.server import shared
from pages.widgets.session import active_run, controls, keys, link

shell.enter()


def main() -> None:
    run = active_run.shown()
    if run is None:
        header.draw(None, "", [])
        return
    data = shared.data(run.spec.dataset)
    try:
        walker = latent_walk.walker(run, data)
        head = st.container()
        walk.begin(run, data)
    except AecoreError as error:
        header.draw(run, "There is no walk through this run.", [])
        notice.warning(str(error))
        return
    view = controls.segments(st.container(horizontal=True), "View", views.of(run, walker), keys.VIEW)
    if view != "bits":
        link.drop(keys.BITS)
    with head:
        header.draw(run, views.sentence(run, walker, view), _numbers(run, walker.axes))
    if view == "bits":
        bits.draw(run, data, walker)
    elif view == "interpolation":
        interpolation.section(run, data, walker)
    elif view == "random":
        random_codings.draw(run, data, walker)
        random_codings.grid(run, data, walker)
    elif view == "off_manifold":
        off_manifold_map.section(run, data, walker)
    else:
        walk.section(run, data, walker, "plane" if view == "plane" else "sliders")
        walk.kl_bars(run)


def _numbers(run: Run, axes: list[latent_axes.Axis]) -> list[header.HeaderMetric]:
    kl = run.metrics.get("kl_per_dimension")
    numbers = [header.HeaderMetric("Error (MSE)", error_text(run.metrics.get("val_mse")))]
    if kl:
        numbers.insert(
            0,
            header.HeaderMetric(
                "KL divergence",
                f"{sum(kl):.1f} nats",
                help="Information of all codings about an image, on average, relative to the prior.",
            ),
        )
    used = sum(axis.active for axis in axes)
    rule = (
        "above 0.01."
        if run.spec.variational
        else f"above {100 * latent_axes.SILENT_SHARE:g} % of the largest one's: "
        "what counts is a coding beside the others."
    )
    text = f"Codings whose variance over the validation data is {rule}"
    return [*numbers, header.HeaderMetric("Codings in use", f"{used} of {len(axes):,}", help=text)]


main()
