"""Small real runs, trained once, and the app as Streamlit's own test harness drives it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aecore.specs.probe import ProbeSpec
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.basics.notice import JOINER
from pages.widgets.session import knobs
from tests import trained as trained_runs

ROOT = Path(__file__).resolve().parents[2]
SMALL = RunSpec(dataset="digits", hidden=(24,), coding_size=6, batch_size=32, epochs=2)
SPECS = {
    "stacked": SMALL,
    "convolutional": SMALL.replace(architecture="convolutional", hidden=(4, 8)),
    "spatial": SMALL.replace(architecture="convolutional", hidden=(4, 4), bottleneck="spatial"),
    "recurrent": SMALL.replace(architecture="recurrent", hidden=(8,), coding_activation="tanh"),
    "denoising": SMALL.replace(noise_rate=0.3),
    "sparse-kl": SMALL.replace(coding_activation="sigmoid", sparsity="kl", sparsity_weight=0.05),
    "variational-2": SMALL.replace(coding="variational", coding_size=2),
    "hashing": SMALL.replace(coding_activation="sigmoid", noise_on="coding", noise_rate=5.0),
    "vectors": RunSpec(
        dataset="plane-3d",
        hidden=(),
        coding_size=2,
        coding_activation="linear",
        output_activation="linear",
        loss="mse",
        batch_size=20,
        epochs=2,
    ),
}
# The knobs of a lesson about `SMALL`: those that differ from the variant's own.
OF_VARIANT = knobs.defaults("stacked")
SMALL_KNOBS = {
    name: value for name, value in knobs.of_spec(SMALL).items() if name == "variant" or value != OF_VARIANT[name]
}
PAGES = ("reconstructions", "latent_map", "latent_walk", "compare", "sparsity", "anomalies", "pretraining", "classroom")


@pytest.fixture(scope="session")
def trained(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A cache folder with one finished and probed run of every kind in `SPECS`; not to be written to."""
    cache = trained_runs.folder(pytestconfig, tmp_path_factory.mktemp("trained")) / "pages"
    # Where they are missing, two xdist workers meet in the middle.
    for spec in reversed(SPECS.values()) if worker_id == "gw1" else SPECS.values():
        trained_runs.ensure(spec, cache, train_and_measure)
    return cache


def train_and_measure(spec: RunSpec, run: Run) -> None:
    from aecore.worker.probe import measure
    from aecore.worker.training import train

    train(spec, run.folder, lambda: False)
    measure.compute(ProbeSpec(), run, run.derived(ProbeSpec()).folder)


@pytest.fixture
def cache(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the trained runs, with an own queue that works in this process."""
    folder = tmp_path / "cache"
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns(".*"))
    monkeypatch.setenv("AECORE_CACHE", str(folder))
    monkeypatch.setenv("AECORE_SCHEDULER", "inline")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield folder
    st.cache_resource.clear()
    st.cache_data.clear()


Open = Callable[..., AppTest]


@pytest.fixture
def visit(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a page as a link does: `visit("sparsity", run=key)`."""
    monkeypatch.chdir(ROOT)

    def opened(page: str = "reconstructions", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        if page != "reconstructions":
            app.switch_page(f"pages/{page}.py")
        return app.run()

    return opened


def key(name: str) -> str:
    return runs.run_key(SPECS[name])


def texts(app: AppTest) -> str:
    """Everything written on the page, for what must or must not be said."""
    kinds = ("markdown", "caption", "warning", "error", "info")
    return "\n".join(unescaped(element.value) for kind in kinds for element in getattr(app, kind))


def unescaped(markdown: str) -> str:
    """Markdown that `notice.plain` made, as it is read on the page."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", markdown).replace(JOINER, "")
