"""Tables of a run's probe: its error and measures of its codings beside PCA codings of the same size and raw pixels.

The numbers are measured once per run by a background job, which the page submits if they are missing.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from aecore import jobs
from aecore.analysis import probe_numbers
from aecore.analysis.probe_numbers import NUMBERS, ProbeNumber
from aecore.errors import AecoreError
from aecore.specs.probe import ProbeSpec
from aecore.store.runs import ResultFolder, Run
from aecore.text import count_text, counted, error_text, share_text
from pages.widgets.basics import notice
from pages.widgets.basics.notice import plain
from pages.widgets.jobs import panel
from pages.widgets.server import presence, shared
from pages.widgets.session import active_run, keys

LOOK_SECONDS = 1.0
ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}

_STYLE = """<style>
.ae-worth{width:100%;border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
.ae-worth th,.ae-worth td{padding:.28rem .5rem .28rem 0;text-align:left;font-weight:400;vertical-align:top;border:0}
.ae-worth thead th{font-size:.8rem;opacity:.72}
.ae-worth tbody th{width:34%;cursor:help}
.ae-worth td:not(:last-child){width:22%}
.ae-worth b{font-weight:650}
.ae-worth i{display:block;height:4px;margin-top:3px;border-radius:2px;background:rgba(128,134,148,.55)}
.ae-worth td.own i{background:#3f90da}
.ae-facts tbody th{width:auto}
.ae-facts td{text-align:right;white-space:nowrap;padding-right:0}
</style>"""


def draw(run: Run) -> None:
    """Draw the section: the numbers, else the state of the job that measures them."""
    st.markdown("## Representation quality")
    work, state = run.derived(ProbeSpec()), active_run.state(run.derived(ProbeSpec()))
    if state in ("missing", "damaged"):
        _submit(run.key)
        state = active_run.state(work)
    refused = st.session_state.pop(keys.PROBE_REFUSED, "")
    result = probe_numbers.result(run) if state == "finished" else None
    if result:
        _show(result)
    elif state in active_run.PENDING:
        panel.poll([work], partial(_progress, work), seconds=LOOK_SECONDS)
    else:
        message = refused or work.status().get("message") or "it ended early"
        notice.caption(f"This run could not be measured: {message}", ":material/error:")
        st.button("Measure again", key="probe_again", icon=":material/replay:", on_click=_submit, args=(run.key,))


def _submit(key: str) -> None:
    """Submit the run's probe to the queue; if that is refused, store the reason in the session's `probe_refused`."""
    try:
        shared.queue().submit(jobs.ProbeTask(key), presence.session())
    except AecoreError as error:
        st.session_state[keys.PROBE_REFUSED] = str(error)


def _progress(work: ResultFolder) -> None:
    """Draw the progress as text; the page's progress bar belongs to the training."""
    done = f"{work.status().get('fraction') or 0:.0%} done"
    notice.caption(f"Measuring in the background, {done}: {panel.activity(work)}", ":material/hourglass_top:")


def _show(result: Mapping[str, Any]) -> None:
    notice.caption(summary(result))
    numbers = [number for number in NUMBERS if result.get(number.name) is not None]
    left, right = st.columns([3, 2], gap="medium")
    left.html(_STYLE + comparison_html(result, [number for number in numbers if number.pca]))
    right.html(_STYLE + facts_html(result, [number for number in numbers if not number.pca]))
    with st.popover("What do these numbers mean?", icon=":material/help:"):
        st.markdown("\n".join(f"- **{n.title}** {ARROWS[n.better]} {n.explanation}" for n in numbers))
        missing = reasons(result)
        if missing:
            st.markdown("\n".join(["Not here:", "", *(f"- {plain(line)}" for line in missing)]))


def summary(result: Mapping[str, Any]) -> str:
    """Two sentences: the error relative to PCA, and the accuracy of classifiers on the codings."""
    gain, sentences = result.get("gain_over_pca"), []
    if gain is not None:
        components = f"PCA with {counted(result['coding_size'], 'component')}"
        if abs(gain) < 1:
            sentences.append(f"Reconstruction error equal to {components}.")
        else:
            sentences.append(
                f"Reconstruction error {abs(gain):,.0f} % {'below' if gain > 0 else 'above'} {components}."
            )
    knn, pca = result.get("knn_accuracy"), result.get("pca_knn_accuracy")
    if knn is not None and pca is not None:
        chance = 2 * math.sqrt(pca * (1 - pca) / result["n_validation"])  # two standard errors: too close to call
        how = "equals" if abs(knn - pca) <= chance else "is above" if knn > pca else "is below"
        sentences.append(f"kNN accuracy of the codings {how} PCA's.")
    elif knn is None:
        sentences.append(f"No accuracy of classes: {result['reasons']['knn_accuracy']}.")
    sentences.append("↑ higher is better, ↓ lower is better, no arrow: neither; the best of a row is bold.")
    return " ".join(sentences)


def reasons(result: Mapping[str, Any]) -> list[str]:
    """One line for each reason why numbers are missing: 'ELBO, KL divergence: only …'."""
    return [f"{', '.join(titles)}: {why}" for why, titles in probe_numbers.missing(result).items()]


def comparison_html(result: Mapping[str, Any], numbers: list[ProbeNumber]) -> str:
    """HTML table with a row per number: this run, PCA codings of the same size and raw pixels side by side."""
    size = result["coding_size"]
    heads = ["", counted(size, "coding"), f"PCA, {size:,}"]
    heads += ["raw data"] if any(result.get(number.pixels) is not None for number in numbers) else []
    rows = []
    for number in numbers:
        names = (number.name, number.pca, number.pixels)[: len(heads) - 1]
        values = [result.get(name) if name else None for name in names]
        present = [value for value in values if value is not None]
        best = min(present) if number.better == "lower" else max(present)
        longest = 1.0 if number.kind == "share" else max(*present, 1e-12)
        cells = (_cell(value, number, best, longest, first=i == 0) for i, value in enumerate(values))
        rows.append(f"<tr>{_name(number)}{''.join(cells)}</tr>")
    head = "".join(f"<th>{text}</th>" for text in heads)
    return f'<table class="ae-worth"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def facts_html(result: Mapping[str, Any], numbers: list[ProbeNumber]) -> str:
    """HTML table of the numbers that have no baseline."""
    rows = "".join(f"<tr>{_name(number)}<td>{text(number, result)}</td></tr>" for number in numbers)
    return f'<table class="ae-worth ae-facts"><tbody>{rows}</tbody></table>'


def text(number: ProbeNumber, result: Mapping[str, Any]) -> str:
    """A number of this run as formatted text: '.828', '20 of 30', '-275.0 nats'."""
    totals = {"active_dimensions": "coding_size", "dead_units": "coding_size", "distinct_codes": "n_validation"}
    total = result.get(totals.get(number.name, ""))
    return _TEXTS[number.kind](result[number.name]) + (f" of {total:,}" if total else "")


def _name(number: ProbeNumber) -> str:
    better = "Neither direction" if number.better == "neither" else number.better.capitalize()
    tip = html.escape(f"{number.explanation} {better} is better.")
    return f'<th scope="row" title="{tip}">{number.title} <span aria-hidden="true">{ARROWS[number.better]}</span></th>'


def _cell(value: float | None, number: ProbeNumber, best: float, longest: float, first: bool) -> str:
    if value is None:
        return "<td></td>"
    shown = _TEXTS[number.kind](value)
    width = 100 * min(1.0, max(0.0, value / longest))
    bold = f"<b>{shown}</b>" if value == best else shown
    return f'<td{" class=own" if first else ""}>{bold}<i style="width:{width:.1f}%"></i></td>'


_TEXTS: dict[str, Callable[[Any], str]] = {
    "error": error_text,
    "share": share_text,
    "count": count_text,
    "percent": lambda value: f"{value:+,.1f} %",
    "nats": lambda value: f"{value:,.1f} nats",
    "nats each": lambda values: probe_numbers.ranked(values, "{:,.2f}".format),
}
