"""The views of the page "Latent walk": their titles, and a sentence on what each shows."""

from __future__ import annotations

from aecore.store.runs import Run
from pages.widgets.components.latent_walk import Walker

VIEWS = {
    "sliders": "Sliders",
    "plane": "Plane",
    "interpolation": "Interpolation",
    "random": "Random",
    "off_manifold": "Off-manifold regions",
}
SENTENCES = {
    "bits": "Each coding is a bit. Flip one: the image is decoded anew, and images with the new code are listed below.",
    "interpolation": "Interpolation between codings, every step decoded. Good: each step could be a real image.",
    "random": "Generated images: codings drawn at random, decoded. Good: they look like the data and differ.",
    "off_manifold": "Off-manifold regions (gaps between the data): codings that do not return to their place when they "
    "are decoded and encoded again. Good: little of the plane is coloured.",
}


def of(run: Run, walker: Walker) -> dict[str, str]:
    """{view: title} of the views that a run allows; planes need two codings and decoding in the browser."""
    size = len(walker.axes)
    fits = {"plane": size > 1 and walker.decoder is not None, "off_manifold": size == 2 and walker.decoder is not None}
    views = {name: text for name, text in VIEWS.items() if fits.get(name, True)}
    return {"bits": "Bits", **views} if run.spec.hashes else views


def sentence(run: Run, walker: Walker, view: str) -> str:
    """What the view shows, and what good looks like."""
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
        f"{drag} A plain autoencoder has no prior over codings: between and beyond the codings of the data the "
        "decoded image may look like nothing."
    )
