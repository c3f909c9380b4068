"""Reconstructions: what goes in against what comes out, how the network learned it, and where it fails."""

import numpy as np
import streamlit as st

from aecore import figures
from aecore.analysis import corruption, inference, metrics
from aecore.datasets import Data, as_float, watched
from aecore.store.runs import Run, open_run
from aecore.text import count_text, error_text, seconds_text, share_text
from pages.widgets.basics import charts, controls
from pages.widgets.frame import header, shell
from pages.widgets.images import grid, run_images
from pages.widgets.run import activations, probe_table
from pages.widgets.server import render_lock, shared
from pages.widgets.session import active_run, keys, selection

shell.enter()

LIVE_SECONDS = 1.0


def main() -> None:
    run, busy = active_run.shown(), active_run.pending()
    if busy and busy.latest_snapshot():
        header.draw(busy, "It is learning: shapes first, then shades. What it makes of ten images now:", [])
        render_lock.polling_fragment(_live, busy.key, LIVE_SECONDS)(busy.key)
        return
    header.draw(run, _sentence(run), _numbers(run) if run else [])
    if run:
        data = shared.data(run.spec.dataset)
        _pictures(run, data)
        _curves_and_classes(run, data)
        probe_table.draw(run)
        _errors_and_inside(run, data)


def _sentence(run: Run | None) -> str:
    if run is None:
        return ""
    codings = run.metrics.get("coding_size", run.spec.coding_size)
    sample = "image" if shared.data(run.spec.dataset).info.is_image else "sample"
    seen = f"The network saw each {sample} through {codings:,} number{'s' if codings != 1 else ''}."
    if run.spec.corrupts_input:
        return f"{seen} It was given the noisy {sample} and asked for the clean one. Good: noise goes, shape stays."
    if sample == "image":
        return f"{seen} Good: the shape and the big shades survive, print and texture go."
    return f"{seen} Good: each reconstructed bar is as long as the original's."


def _numbers(run: Run) -> list[header.Number]:
    found = run.metrics
    mse, floor = found.get("val_mse"), found.get("pca_mse")
    gain = mse / floor - 1 if mse is not None and floor else None
    numbers = [
        header.Number(
            "Error (MSE)",
            error_text(mse),
            "" if gain is None else f"{100 * gain:+.0f} % against PCA",
            None if gain is None else gain < 0,
            "Mean squared error of a pixel on validation data, smaller is better; PCA with as many components is "
            "the best a linear network can do.",
        ),
        header.Number(
            "Cross-entropy",
            error_text(found.get("val_bce")),
            help="Binary cross-entropy of a pixel on validation data, in nats; smaller is better.",
        ),
        header.Number(
            "Rounded accuracy",
            share_text(found.get("rounded_accuracy")),
            help="Share of pixels on the same side of 0.5 as the original. All black already scores .73.",
        ),
        header.Number("Parameters", count_text(found.get("parameters"))),
        header.Number("Trained in", seconds_text(found.get("seconds"))),
    ]
    return [number for number in numbers if number.value and number.value != "–"]


def _pictures(run: Run, data: Data) -> None:
    labels, names = data.validation_labels, data.info.classes
    ways = {way: text for way, text in run_images.WAYS.items() if names or way not in ("each", "class")}
    selection.forget_other(data)
    if selection.current():
        ways["selection"] = "Selected on the map"
    bar = st.container(horizontal=True, vertical_alignment="center")
    way = controls.segments(bar, "Which images", ways, keys.SHOW)
    group = 0
    if way == "class":
        name = bar.selectbox(
            "Class", names, key=keys.CLASS, label_visibility="collapsed", bind="query-params", width=180
        )
        group = names.index(name)
    if way == "random" and bar.button("Another ten", icon=":material/casino:"):
        st.session_state[keys.DRAW] = st.session_state.get(keys.DRAW, 0) + 1
    if way == "selection":
        index = np.array(selection.current()[: run_images.SHOWN])
    else:
        index = run_images.choose(
            way, run_images.errors_of(run), labels, group=group, seed=st.session_state.get(keys.DRAW, 0)
        )
    x, columns = as_float(data.numbered(index)), data.names_of(index)
    if run.spec.corrupts_input:
        noisy = corruption.corrupt(x, run.spec)
        output = inference.reconstruct(run, noisy)
        rows = [("original", x), ("noisy", noisy), ("reconstruction", output)]
    elif (index >= len(data.validation)).any():  # training samples: only the validation's are kept
        output = inference.reconstruct(run, x)
        rows = [("original", x), ("reconstruction", output)]
    else:
        output = as_float(run_images.reconstructions_of(run)[index])
        rows = [("original", x), ("reconstruction", output)]
    _grid(rows, x, output, columns)


def _grid(rows: list[tuple[str, np.ndarray]], x: np.ndarray, output: np.ndarray, columns: list[str]) -> None:
    """Rows of samples over their difference and error: images as pictures, vectors as small bars."""
    errors = [error_text(error) for error in metrics.per_sample_mse(x, output)]
    grid.show([*rows, ("difference", grid.difference(x, output))], columns, ("MSE", errors))
    if x.ndim >= 3:
        st.caption("Difference: orange where the reconstruction is too bright, blue where it is too dark.")


def _curves_and_classes(run: Run, data: Data) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("###### How it learned")
        floor = run.metrics.get("pca_mse")
        _curve(run, floor, shared.identity(run, "reconstructions.npz"))
        below = "; under the dotted line it beats the best linear code of its size" if floor else ""
        st.caption(f"The error falls fast, then slowly{below}.")
    with right:
        labels = data.validation_labels
        if labels is not None:
            st.markdown("###### Which images are hard")
            charts.draw(
                lambda colours: figures.class_errors(run_images.errors_of(run), labels, data.info.classes, colours),
                of=shared.identity(run, "reconstructions.npz"),
                key="class_errors",
                alt="Mean error of each class, hardest first",
            )
            st.caption("Mean error of each class: what has texture or straps is hard, what is plain is easy.")


def _errors_and_inside(run: Run, data: Data) -> None:
    if not data.info.is_image:
        activations.draw(run, data)
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.markdown("###### Where the errors are")
        charts.draw(
            lambda colours: figures.error_heat_map(run_images.pixel_errors_of(run), colours),
            of=shared.identity(run, "reconstructions.npz"),
            key="pixel_errors",
            alt="Mean error of each pixel",
        )
        st.caption("Mean error of each pixel: edges and sleeves, where images differ most, are hardest.")
    with right:
        activations.draw(run, data)


def _curve(run: Run, pca_mse: float | None, identity: tuple | None = None) -> None:
    charts.draw(
        lambda colours: figures.learning_curves(
            run.history,
            pca_mse,
            colours,
            epochs=run.status().get("epochs") or run.spec.epochs,
            components=run.metrics.get("coding_size"),
        ),
        of=identity,
        key="curves",
        alt="Learning curves",
    )


def _live(key: str) -> None:
    """While it trains: the same images, growing clearer, and the curve."""
    run = open_run(key, shared.cache())
    snapshot = run.latest_snapshot()
    data = shared.data(run.spec.dataset)
    if snapshot:
        output = as_float(snapshot["reconstructions"][: run_images.SHOWN])
        index = watched(len(data.validation), data.validation_labels)[: run_images.SHOWN]
        x = as_float(data.validation[index])
        _grid([("original", x), ("reconstruction", output)], x, output, data.names_of(index))
    _curve(run, run.status().get("pca_mse"))
    st.caption("Each point is one look at the training; the dotted line is PCA with as many components.")


main()
