"""The visitor's own image, drawn, uploaded or picked by number: its reconstruction, error, and place on a map."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from aecore.analysis import inference
from aecore.analysis import neighbours as placing
from aecore.datasets import Data, as_float, own_image
from aecore.errors import AecoreError
from aecore.store import runs
from aecore.store.files import read_json
from aecore.store.runs import ResultFolder, Run
from aecore.text import error_text, percent_text
from pages.widgets.basics import notice
from pages.widgets.components import drawing
from pages.widgets.images import grid, run_images
from pages.widgets.images.sample_html import difference, sample_html
from pages.widgets.run import activations
from pages.widgets.server import shared
from pages.widgets.session import controls, keys

WAYS = {"draw": "Draw", "upload": "Upload", "sample": "Validation image"}
NEIGHBOURS = 8
REFERENCE = 256  # validation codings for the usual distance of nearest neighbours
MOST_ENCODED = 5_000  # points of a map that are encoded to place a sample among them
MOST_VALUES = 10_000_000  # values in the activations of these points: 40 MB
TWICE = 2.0

_STYLE = """<style>
.ae-own{container-type:inline-size}
.ae-own>div{display:grid;grid-template-columns:repeat(3,minmax(0,220px));gap:14px}
.ae-own figure{margin:0;min-width:0}
.ae-own img{display:block;width:100%;max-width:190px;height:auto;image-rendering:pixelated;border-radius:3px}
.ae-own b{display:block;font-weight:600;font-size:.9rem;margin-top:6px}
.ae-own figcaption{font-size:.86rem;line-height:1.4;font-variant-numeric:tabular-nums}
.ae-own span{opacity:.75}
@container (max-width:500px){
.ae-own>div{grid-template-columns:1fr;gap:10px}
.ae-own figure{display:grid;grid-template-columns:104px 1fr;gap:12px;align-items:center}
.ae-own b{margin-top:0}
}
</style>"""


@dataclass(frozen=True)
class Placed:
    """One sample's reconstruction, codings, error, neighbours and place on a map.

    `sample` (*shape) uint8, `reconstruction` (*shape) float32, `codings` (d,) float32. `error` is the mean squared
    error, `typical` the median error of the validation samples, `harder` the share of them with a larger error.
    `neighbours` (k,) are the validation samples with the closest codings, nearest first, at `distances` (k,);
    `usual` is the median distance of a validation coding to its nearest other one. `point` is the place on the map,
    None without a map or with a reason in `unplaced`.
    """

    sample: np.ndarray
    reconstruction: np.ndarray
    codings: np.ndarray
    error: float
    typical: float
    harder: float
    neighbours: np.ndarray
    distances: np.ndarray
    usual: float
    point: tuple[float, ...] | None = None
    unplaced: str = ""


def choose(data: Data, ways: Sequence[str] = tuple(WAYS)) -> np.ndarray | None:
    """The sample that the visitor draws, uploads or picks, uint8 of the data set's shape; None before there is one.

    `ways` are the keys of `WAYS` to offer. An image that cannot be used causes a warning, and the last usable upload is
    returned.
    """
    if not data.info.is_image:
        notice.caption(f"{data.info.title} holds vectors: there is nothing to draw or upload. Choose data of images.")
        return None
    way = controls.segments(st.container(horizontal=True), "Own image", {way: WAYS[way] for way in ways}, keys.OWN_WAY)
    return {"draw": _from_drawing, "upload": _from_upload, "sample": _from_number}[way](data)


def located(run: Run, data: Data, sample: np.ndarray, work: ResultFolder | None = None) -> Placed:
    """Encode, reconstruct and place one sample. Raises `AecoreError` if the run cannot process it."""
    x = as_float(sample[None])
    codings = inference.encode(run, x)
    reconstruction = inference.decode(run, codings)[0]
    error = float(np.square(reconstruction - x[0]).mean())
    errors = run_images.errors_of(run)
    neighbours, distances = placing.nearest(codings, run.array("codings"), NEIGHBOURS)
    point, unplaced = None, ""
    if work is not None:
        try:
            point = _place(run, x, codings, work)
        except AecoreError as trouble:
            unplaced = str(trouble)
    return Placed(
        sample,
        reconstruction,
        codings[0],
        error,
        float(np.median(errors)),
        float((errors > error).mean()),
        neighbours[0],
        distances[0],
        _usual(*shared.identity(run)),
        point,
        unplaced,
    )


def show(run: Run, data: Data, sample: np.ndarray, work: ResultFolder | None = None) -> Placed | None:
    """Draw a sample's reconstruction, error and neighbours. Returns its `Placed`; None, after a warning, if the run
    cannot process it."""
    try:
        placed = located(run, data, sample, work)
    except AecoreError as error:
        notice.warning(str(error))
        return None
    st.html(pictures_html(placed))
    st.markdown(f"**Its nearest among the validation images** · {distance_sentence(placed)}")
    names = data.names_of(placed.neighbours)
    grid.show(
        [("image", data.validation[placed.neighbours])],
        names,
        ("distance", [f"{distance:.2f}" for distance in placed.distances]),
        per_row=NEIGHBOURS,
        alt=lambda row, name: f"Neighbour: {name}",
    )
    if placed.unplaced:
        notice.caption(f"Not on the map: {placed.unplaced}", ":material/info:")
    return placed


def pictures_html(placed: Placed) -> str:
    """HTML of the network's input, its reconstruction and their difference, each with a sentence."""
    x = as_float(placed.sample)
    entries = (
        ("What the network gets", x, "The image as the data set would have it: its size, its grey, its place."),
        ("Reconstruction", placed.reconstruction, f"All that {placed.codings.size:,} codings say of it, decoded."),
        ("Difference", difference(x[None], placed.reconstruction[None])[0], error_sentence(placed)),
    )
    figures = "".join(
        f"<figure>{sample_html(image, name)}<figcaption><b>{name}</b><span>{html.escape(text)}</span></figcaption>"
        "</figure>"
        for name, image, text in entries
    )
    return f'{_STYLE}<div class="ae-own"><div>{figures}</div></div>'


def error_sentence(placed: Placed) -> str:
    """A sentence on the error, relative to those of the validation samples."""
    numbers = f"Error {error_text(placed.error)}, typical {error_text(placed.typical)}"
    times = placed.error / max(placed.typical, 1e-12)
    if placed.harder == 0 or (times >= TWICE and placed.harder < 0.05):
        return f"{numbers}: {times:.1f} times as much. This network has not seen such a thing."
    if times >= TWICE:
        hardest = percent_text(max(placed.harder, 0.01))
        return f"{numbers}: {times:.1f} times as much, as for the hardest {hardest} of validation images."
    if placed.harder < 0.25:
        return f"{numbers}: harder than most validation images."
    return f"{numbers}: as good as for validation images."


def distance_sentence(placed: Placed) -> str:
    """A sentence on the distance of the nearest neighbour, relative to the usual one.

    A map alone cannot show that a sample is far from the data, because it places every sample among its points.
    """
    nearest = float(placed.distances[0])
    if nearest == 0:
        return "the first is the same."
    if placed.usual == 0:
        return f"the first is {nearest:.2f} away."
    times = nearest / placed.usual
    if times >= TWICE:
        return f"{times:.1f} times as far as neighbours usually are: nothing is near, whatever the map shows."
    if times > 1.25:
        return f"{times:.1f} times as far as neighbours usually are."
    return "about as far as neighbours usually are." if times > 0.5 else "closer than neighbours usually are."


def _from_drawing(data: Data) -> np.ndarray | None:
    try:
        canvas = drawing.draw("own_canvas")
        sample = own_image.from_drawing(canvas.pixels, data.info, canvas.framed) if canvas else None
    except AecoreError as error:
        notice.warning(f"{error}.")
        sample = None
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Begin with an image", icon=":material/image:"):
            number = _number(data, keys.OWN_BEGIN)
            grid.large_image(data.validation[number], f"Validation image {number}", width=120)
            st.button(
                "Draw over it",
                key="own_over",
                type="primary",
                on_click=_draw_over,
                args=(data.info.name,),
            )
        if sample is None:
            st.caption(f"Draw {_example(data)}: it is encoded whenever a stroke ends.")
    return sample


def _from_upload(data: Data) -> np.ndarray | None:
    images: dict[str, np.ndarray] = st.session_state.setdefault(keys.OWN_UPLOADS, {})
    seen: dict[str, tuple[str, str]] = st.session_state.setdefault(keys.OWN_SEEN, {})  # last file's id and its error
    name = data.info.name
    file = st.file_uploader(
        "An image file, one thing on a plain background",
        type=["png", "jpg", "jpeg", "webp", "gif", "bmp"],
        key="own_upload",
        max_upload_size=own_image.MAX_BYTES // 2**20,
    )
    if file is None:
        seen.pop(name, None)
    elif seen.get(name, ("", ""))[0] != file.file_id:  # once per file, not in each script run
        try:
            images[name] = own_image.from_upload(file.getvalue(), data.info)
            seen[name] = file.file_id, ""
        except AecoreError as error:
            seen[name] = file.file_id, str(error)
    if name in seen and seen[name][1]:
        stays = " The last good image stays." if name in images else ""
        notice.warning(f"{seen[name][1]}.{stays}")
    return images.get(name)


def _draw_over(dataset: str) -> None:
    """Callback: put the picked validation sample onto the canvas."""
    drawing.begin_with("own_canvas", shared.data(dataset).validation[st.session_state[keys.OWN_BEGIN]])


def _from_number(data: Data) -> np.ndarray:
    return data.validation[_number(data, keys.OWN_NUMBER)]


def _number(data: Data, key: str) -> int:
    last = len(data.validation) - 1
    if st.session_state.get(key, 0) > last:
        st.session_state[key] = last  # the number was picked in a larger data set
    return int(st.number_input(f"Number, 0 to {last:,}", 0, last, key=key))


def _example(data: Data) -> str:
    return "a digit" if data.info.classes and data.info.classes[0].isdigit() else "a garment"


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)


def _place(run: Run, x: np.ndarray, codings: np.ndarray, work: ResultFolder) -> tuple[float, ...]:
    """The place (2 or 3 floats) on a map of a sample (1, *shape) with its codings (1, d)."""
    spec = read_json(work.folder / "spec.json", {}).get("map", {})
    layer, points = spec.get("layer", "codings"), work.array("points")
    z = codings if layer == "codings" else _flat(activations.activations(run, x, layer))
    if spec.get("method") in ("pca", "none"):  # linear maps need no codings of other samples
        place = placing.place_on_map(z, work, np.broadcast_to(np.float32(0), (len(points), z.shape[1])))
    else:
        positions, others = _mapped(*shared.identity(run), work.key, layer, z.shape[1])
        if len(positions) == len(points):
            place = placing.place_on_map(z, work, others)
        else:
            near, _ = placing.nearest(z, others, placing.VOTERS)
            place = np.median(points[positions[near]], axis=1)
    return tuple(float(value) for value in place[0])


@st.cache_resource(show_spinner=False, max_entries=8)
def _mapped(cache: str, key: str, modified: int, map_key: str, layer: str, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions (k,) of points in a map, and their codings or a layer's activations (k, width).

    All points with stored codings, and a subset of the others, which have to be encoded.
    """
    run = runs.open_run(key, shared.cache())
    data = shared.data(run.spec.dataset)
    index = np.asarray(ResultFolder(run.folder / "map" / map_key).array("index"))
    most = max(placing.VOTERS, min(MOST_ENCODED, MOST_VALUES // width))
    if layer != "codings":
        positions = _spread(np.arange(len(index)), most)
        return positions, _flat(activations.activations(run, data.numbered(index[positions]), layer))
    stored = np.concatenate([run.array("codings"), run.array("codings_train")], dtype=np.float32)
    with_codings = np.flatnonzero(index < len(stored))
    rest = _spread(np.flatnonzero(index >= len(stored)), most)
    values = np.concatenate([stored[index[with_codings]], inference.encode(run, data.numbered(index[rest]))])
    return np.concatenate([with_codings, rest]), values


def _spread(values: np.ndarray, most: int) -> np.ndarray:
    """At most `most` of the values, evenly spaced."""
    return values[np.linspace(0, len(values) - 1, min(most, len(values))).astype(int)]


@st.cache_resource(show_spinner=False, max_entries=32)
def _usual(cache: str, key: str, modified: int) -> float:
    """The median distance of `REFERENCE` validation codings to their nearest other one."""
    codings = np.asarray(runs.open_run(key, shared.cache()).array("codings"), np.float32)
    picked = np.linspace(0, len(codings) - 1, min(REFERENCE, len(codings))).astype(int)
    return float(np.median(placing.nearest(codings[picked], codings, 2)[1][:, -1]))
