"""Page "Latent walk": pictures decoded from codings that are moved, interpolated or random, with their diagnosis."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore.analysis import latent_axes
from aecore.errors import AecoreError
from aecore.store.runs import Run
from aecore.text import error_text
from pages.widgets.basics import notice
from pages.widgets.components import latent_walk
from pages.widgets.components.latent_walk import Walker
from pages.widgets.latent_walk import bits, interpolation, off_manifold_map, random_codings, walk
from pages.widgets.server import shared
from pages.widgets.session import active_run, controls, keys, link

shell.enter()

VIEWS = {
    "sliders": "Sliders",
    "plane": "Plane",
    "interpolation": "Interpolation",
    "random": "Random",
    "off_manifold": "Off-manifold regions",
}
SENTENCES = {
    "bits": "Each coding is a bit. Flip one, and see what it stands for and which images share the code.",
    "interpolation": "Interpolation between codings, every step decoded. Good: each step could be a real image.",
    "random": "Generated images: codings drawn at random, decoded. Good: they look like the data and differ.",
    "off_manifold": "Off-manifold regions (gaps between the data): codings that do not return to their place when they "
    "are decoded and encoded again. Good: little of the plane is coloured.",
}


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
    view = controls.segments(st.container(horizontal=True), "View", _views(run, walker), keys.VIEW)
    if view != "bits":
        link.drop(keys.BITS)
    with head:
        header.draw(run, _sentence(run, walker, view), _numbers(run, walker.axes))
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


def _views(run: Run, walker: Walker) -> dict[str, str]:
    """{view: title} of the views that a run allows; planes need two codings and decoding in the browser."""
    size = len(walker.axes)
    fits = {"plane": size > 1 and walker.decoder is not None, "off_manifold": size == 2 and walker.decoder is not None}
    views = {name: text for name, text in VIEWS.items() if fits.get(name, True)}
    return {"bits": "Bits", **views} if run.spec.hashes else views


def _sentence(run: Run, walker: Walker, view: str) -> str:
    if view in SENTENCES:
        return SENTENCES[view]
    axes = walker.axes
    silent = sum(not axis.active for axis in axes)
    if silent == len(axes):
        return (
            "No coding changes the image: all of them are inactive (posterior collapse or too much sparsity), so the "
            "decoder returns one average image. Use a smaller KL or sparsity weight."
        )
    drag = "Drag a coding: its decoded image changes while you drag."
    if walker.decoder is None:
        drag = "Drag a coding and let go: the server decodes it, because this decoder does not run in the browser."
    if run.spec.variational:
        folded = f" {silent} of {len(axes)} are inactive and hidden." if silent else ""
        return (
            f"{drag} Codings are ordered by how much they carry (KL divergence); the prior says that values within ±2 "
            f"are usual.{folded}"
        )
    return (
        f"{drag} A plain autoencoder never learned which codings are likely: between and beyond the codes of its "
        "images the picture may mean nothing."
    )


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
