"""Page "Reconstructions": samples against their reconstructions, the network, learning curves and errors."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore.store.runs import Run
from aecore.text import count_text, counted, error_text, seconds_text, share_text
from pages.widgets.reconstructions import errors, live, network, pictures
from pages.widgets.run import probe_table
from pages.widgets.server import shared
from pages.widgets.session import active_run

shell.enter()


def main() -> None:
    run, busy = active_run.shown(), active_run.pending()
    if busy and busy.latest_snapshot():
        header.draw(busy, "Reconstructions of ten validation images so far. Shapes come first, details later.", [])
        live.draw(busy)
        return
    header.draw(run, _sentence(run), _numbers(run) if run else [])
    if active_run.is_demonstration():
        st.markdown(network.INTRODUCTION)
        st.page_link("pages/guide.py", label="Guide: autoencoders in six steps", icon=":material/school:")
    want = active_run.wanted()
    is_shown = bool(run and want.run and want.run.key == run.key)
    if want.spec:
        network.draw(want.spec, run if is_shown else None, shared.data(want.spec.dataset) if is_shown else None)
    if run:
        data = shared.data(run.spec.dataset)
        pictures.draw(run, data)
        errors.learning(run, data)
        probe_table.draw(run)
        if data.info.is_image:
            errors.pixels(run)


def _sentence(run: Run | None) -> str:
    if run is None:
        return ""
    codings = run.metrics.get("coding_size", run.spec.coding_size)
    sample = "image" if shared.data(run.spec.dataset).info.is_image else "sample"
    seen = (
        f"Each {sample} is encoded as {counted(codings, 'number')} and decoded from {'it' if codings == 1 else 'them'}."
    )
    if run.spec.corrupts_input:
        return f"{seen} The input is the noisy {sample}, the target the clean one. Good: noise goes, shape stays."
    if sample == "image":
        return f"{seen} Good: shape and large shades are kept, print and texture are lost."
    return f"{seen} Good: each reconstructed bar is as long as the original's."


def _numbers(run: Run) -> list[header.HeaderMetric]:
    measured = run.metrics
    mse, floor = measured.get("val_mse"), measured.get("pca_mse")
    gain = mse / floor - 1 if mse is not None and floor else None
    numbers = [
        header.HeaderMetric(
            "Error (MSE)",
            error_text(mse),
            "" if gain is None else f"{100 * gain:+.0f} % against PCA",
            None if gain is None else gain < 0,
            "Mean squared error of a pixel on validation data, smaller is better; PCA with as many components is "
            "the best a linear network can do.",
        ),
        header.HeaderMetric(
            "Cross-entropy",
            error_text(measured.get("val_bce")),
            help="Binary cross-entropy of a pixel on validation data, in nats; smaller is better.",
        ),
        header.HeaderMetric(
            "Rounded accuracy",
            share_text(measured.get("rounded_accuracy")),
            help="Share of pixels on the same side of 0.5 as the original. All black already scores .73.",
        ),
        header.HeaderMetric("Parameters", count_text(measured.get("parameters"))),
        header.HeaderMetric("Trained in", seconds_text(measured.get("seconds"))),
    ]
    return [number for number in numbers if number.value and number.value != "–"]


main()
