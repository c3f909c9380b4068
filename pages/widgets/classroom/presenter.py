"""The presenter's view: one picture at a time in large type, stepped through by keys.

The steps are, for each run, its reconstructions and then a map of its codings. The runs are those selected on the
leaderboard, else the active run and the demonstrations. The step is stored in the link as `step=`.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import streamlit as st

from aecore.analysis import metrics
from aecore.datasets import Data, as_float
from aecore.errors import AecoreError
from aecore.figures import PLOTLY_CONFIG
from aecore.figures.class_map import class_map
from aecore.presets import demonstrations
from aecore.presets.names import run_name
from aecore.store import files, runs
from aecore.store.runs import ResultFolder, Run
from aecore.text import counted, error_text
from pages.widgets.basics import charts
from pages.widgets.classroom import leaderboard
from pages.widgets.components import presenter_keys
from pages.widgets.images import grid, run_images
from pages.widgets.jobs import map_job
from pages.widgets.server import open_runs, shared
from pages.widgets.session import active_run, keys, link

SHOWN = 5  # large images in a row
POINTS = 3000
MAPS = ("none", "tsne", "umap", "pca")  # the first that is finished is shown

# Hides everything around the picture; letters have 28 pixels or more, to be read from the last row of a lecture hall.
_STYLE = """<style>
[data-testid="stSidebar"],[data-testid="stHeader"],[data-testid="stExpandSidebarButton"],.st-key-classroom_bar,
.st-key-phone_bar{display:none!important}
[data-testid="stMainBlockContainer"]{max-width:min(1700px,calc((100vh - 250px) * 2.35));min-width:min(100%,600px);
 padding-top:1rem}
.ae-slide h1{font-size:44px;line-height:1.15;font-weight:650;margin:0 0 .3rem;padding:0}
.ae-slide p{font-size:28px;line-height:1.3;margin:0;opacity:.85}
.ae-slide dl,.ae-slide dt{padding:0;margin:0}
.ae-slide dl{display:flex;flex-wrap:wrap;gap:.2rem 3rem;margin:.5rem 0 0;font-variant-numeric:tabular-nums}
.ae-slide div{display:flex;align-items:baseline;gap:.7rem}
.ae-slide dt{font-size:28px;opacity:.75}
.ae-slide dd{font-size:52px;font-weight:650;margin:0}
.st-key-slide .ae-grid{font-size:28px}
.st-key-slide .ae-names{max-width:none;opacity:1}
.st-key-slide .ae-name{opacity:1}
.st-key-slide .ae-block{gap:10px}
.st-key-slide .ae-caption{font-size:20px}
@media (max-width:768px){.ae-slide h1{font-size:30px}.ae-slide dd{font-size:36px}.ae-slide dl{gap:.1rem 1.5rem}
 [data-testid="stMainBlockContainer"]{max-width:100%}.st-key-slide .ae-grid{font-size:14px}}
</style>"""


@dataclass(frozen=True)
class Step:
    """One picture: a run's reconstructions, or a map of its codings."""

    run: Run
    kind: str  # 'pictures' or 'map'
    method: str = "none"  # of a map: the projection; 'none' for two codings that are drawn as they are
    work: ResultFolder | None = None  # of a projection: the map's folder


def draw() -> None:
    """Draw the current step."""
    st.html(_STYLE)
    steps = steps_of(_runs())
    if not steps:
        st.markdown("# Nothing to present yet")
        st.caption("Train makes the first run.")
    open_runs.note(*dict.fromkeys(step.run for step in steps))
    at = _at(len(steps))
    bar = st.container()
    if steps:
        with st.container(key="slide"):
            _slide(steps[at])
    with bar:
        presenter_keys.draw(keys.PRESENTER, at, max(1, len(steps)), " ".join(step.run.key for step in steps))


def steps_of(chosen: list[Run]) -> list[Step]:
    """The steps of these runs: for each its reconstructions, then its map if one is finished."""
    steps = []
    for run in chosen:
        steps.append(Step(run, "pictures"))
        if run.metrics.get("coding_size") == 2:
            steps.append(Step(run, "map"))
        elif found_map := _map_of(run):
            steps.append(Step(run, "map", *found_map))
    return steps


def _runs() -> list[Run]:
    """The readable runs to present, each once."""
    shown = active_run.shown_key()
    run_keys = leaderboard.ticked() or [*([shown] if shown else []), *demonstrations.keys().values()]
    opened = []
    for key in dict.fromkeys(run_keys):
        try:
            run = runs.open_run(key, shared.cache())
        except AecoreError:
            continue
        if run.readable:
            opened.append(run)
    return opened


def leave_if_asked() -> None:
    """Switch to the leaderboard if Escape was pressed; call it before the page's controls are drawn."""
    if presenter_keys.pressed(keys.PRESENTER) == presenter_keys.LEAVE:
        st.session_state[keys.VIEW] = "board"
        st.session_state.pop(keys.PRESENT_STEP, None)
        st.query_params.pop(keys.STEP, None)


def _at(count: int) -> int:
    """Number of the step below `count`, from the session or the link; written into the link."""
    pressed = presenter_keys.pressed(keys.PRESENTER)
    if pressed is not None:
        st.session_state[keys.PRESENT_STEP] = pressed
    elif keys.PRESENT_STEP not in st.session_state:
        linked = link.read(keys.STEP, link.whole_number(keys.STEP, 1, max(1, count)))
        st.session_state[keys.PRESENT_STEP] = (linked or 1) - 1
    at = min(max(st.session_state[keys.PRESENT_STEP], 0), max(0, count - 1))
    # Always written: a cancelled script run may have sent the browser another value than `st.query_params` shows.
    st.query_params[keys.STEP] = str(at + 1)
    return at


def _slide(step: Step) -> None:
    data = shared.data(step.run.spec.dataset)
    st.html(slide_html(step.run, _sentence(step)))
    if step.kind == "pictures":
        _pictures(step.run, data)
    else:
        _map(step, data)


def slide_html(run: Run, sentence: str) -> str:
    """HTML of a run's title, sentence and large numbers."""
    metrics = run.metrics
    mse, floor, parameters = metrics.get("val_mse"), metrics.get("pca_mse"), metrics.get("parameters")
    numbers = [("Error (MSE)", error_text(mse))]
    if mse is not None and floor:
        numbers.append(("PCA", error_text(floor)))
        numbers.append(("against PCA", f"{100 * (mse / floor - 1):+.0f} %"))
    if isinstance(parameters, int):
        numbers.append(("Parameters", f"{parameters:,}"))
    facts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in numbers)
    name = html.escape(run_name(run))
    return f'<section class="ae-slide"><h1>{name}</h1><p>{html.escape(sentence)}</p><dl>{facts}</dl></section>'


def _sentence(step: Step) -> str:
    if step.kind == "pictures":
        codings = step.run.metrics.get("coding_size", step.run.spec.coding_size)
        return f"Above the input, below its reconstruction from {counted(codings, 'number')}."
    if step.work is None:
        return "Each point is one image: its two codings."
    return f"Each point is one image: its codings, as {map_job.METHODS[step.method]} draws them."


def _pictures(run: Run, data: Data) -> None:
    index = run_images.choose("each", run_images.errors_of(run), data.validation_labels)
    index = index[:: max(1, len(index) // SHOWN)][:SHOWN]
    x, output = as_float(data.validation[index]), as_float(run_images.reconstructions_of(run)[index])
    columns = data.names_of(index)
    errors = [error_text(error) for error in metrics.per_sample_mse(x, output)]
    grid.show([("in", x), ("out", output)], columns, ("MSE", errors), per_row=SHOWN)


def _map(step: Step, data: Data) -> None:
    if step.work is None:
        points, numbers = np.asarray(step.run.array("codings"), np.float32), np.arange(len(data.validation))
    else:
        points, numbers = np.asarray(step.work.array("points")), np.asarray(step.work.array("index"))
    labels = data.labels_of(numbers)
    charts.draw(
        lambda colours: class_map(
            points[:POINTS], None if labels is None else labels[:POINTS], data.info.classes, colours
        ),
        of=(step.run.folder.as_posix(), step.method, points[:POINTS].tobytes()),
        key="present_map",
        alt=f"Map of the codings of {run_name(step.run)}",
        config=PLOTLY_CONFIG | {"staticPlot": True},
    )


def _map_of(run: Run) -> tuple[str, ResultFolder] | None:
    """Method and folder of a finished two-dimensional map of the run, by the first method of `MAPS`; else None."""
    finished = {}
    for done in run.folder.glob("map/*/DONE"):
        work = ResultFolder(done.parent)
        described = files.read_json(work.folder / "spec.json", {}).get("map", {})
        flat = isinstance(described, dict) and described.get("dimensions") == 2
        if flat and described.get("layer") == "codings" and work.state == "finished":
            finished[described.get("method")] = work
    return next(((method, finished[method]) for method in MAPS if method in finished), None)
