"""Drawing of the network that the knobs describe, from its input to its output, with one sample running through it."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from aecore import datasets
from aecore.analysis.network_layers import Layer, network_layers
from aecore.datasets import Data, as_float
from aecore.specs.run import RunSpec
from aecore.store.runs import Run
from aecore.text import count_text, counted
from pages.widgets.images import grid, run_images
from pages.widgets.images.sample_html import sample_html

SMALLEST = 0.1  # height of the smallest bar, as a share of the largest
MOST_BARS = 40  # codings drawn as bars
INTRODUCTION = (
    "An **autoencoder** is a neural network that is trained to reproduce its input. In the middle it has only a few "
    "units, the codings, so it has to find a short description of each image. Comparing input and output shows what "
    "that description keeps: press **Train again** and watch it learn."
)
_STYLE = """<style>
.ae-net{container-type:inline-size;font-size:.78rem;line-height:1.35;font-variant-numeric:tabular-nums}
.ae-net ol{list-style:none;margin:0;padding:0;display:flex;align-items:flex-start;gap:4px}
.ae-net li{flex:1 1 0;min-width:0;margin:0;display:flex;flex-direction:column;align-items:center;text-align:center}
.ae-net .draw{height:104px;width:100%;display:flex;align-items:center;justify-content:center}
.ae-net .bar{width:26px;height:calc(var(--s)*100%);border-radius:4px;background:currentColor;opacity:.28}
.ae-net .codings .bar{background:#3f90da;opacity:1}
.ae-net img,.ae-net .ae-vector{width:84px;height:auto;image-rendering:pixelated;border-radius:3px}
.ae-net .values{display:flex;align-items:center;height:100%;width:min(100%,120px);gap:1px}
.ae-net .values i{flex:1;background:#3f90da;min-width:1px;height:calc(var(--v)*100%);min-height:1px}
.ae-net b{font-weight:600}.ae-net small{font-size:1em;opacity:.75;overflow-wrap:anywhere}
.ae-net em{font-style:normal;border:1px solid currentColor;border-radius:9px;padding:0 7px;margin-top:3px;opacity:.85}
@container (max-width:620px){
.ae-net ol{flex-direction:column;align-items:stretch;gap:5px}
.ae-net li{display:grid;grid-template-columns:96px 1fr;gap:0 12px;text-align:left;align-items:center}
.ae-net .draw{height:auto;min-height:14px}
.ae-net br{display:none}.ae-net small:before{content:" · "}.ae-net em{margin-left:6px}
.ae-net .bar{height:14px;width:calc(var(--s)*100%)}
.ae-net .values{height:40px}.ae-net img,.ae-net .ae-vector{width:48px}
}
</style>"""


def draw(spec: RunSpec, run: Run | None, data: Data | None) -> None:
    """Draw the layers of `spec`; with its finished `run` also a sample, its codings and its reconstruction."""
    info = datasets.info(spec.dataset)
    layers = network_layers(spec, info.shape)
    sample, codings, output = _example(run, data) if run and data else (None, None, None)
    st.html(drawing_html(spec, layers, sample, codings, output))
    st.caption(sentence(layers))


def sentence(layers: Sequence[Layer]) -> str:
    """A line on the sizes of input and codings and on the number of parameters."""
    inputs = math.prod(layers[0].shape)
    codings = math.prod(next(layer.shape for layer in layers if layer.part == "codings"))
    ratio = inputs / codings
    many = f"{ratio:,.0f} times fewer" if ratio >= 1.5 else "about as many" if ratio > 0.67 else "more than the input"
    parameters = count_text(sum(layer.parameters for layer in layers))
    return (
        f"The encoder turns {counted(inputs, 'number')} into {counted(codings, 'coding')} ({many}), the decoder turns "
        f"them back. Training adjusts {parameters} weights so that output and input agree."
    )


def drawing_html(
    spec: RunSpec,
    layers: Sequence[Layer],
    sample: np.ndarray | None = None,
    codings: np.ndarray | None = None,
    output: np.ndarray | None = None,
) -> str:
    """HTML list of the layers: a bar whose length stands for the number of outputs (logarithmic), name, shape, kind and
    parameters; `sample`, `codings` and `output` replace the bars of input, codings and output."""
    largest = max(math.log2(1 + math.prod(layer.shape)) for layer in layers)
    entries = []
    for layer in layers:
        size = max(SMALLEST, math.log2(1 + math.prod(layer.shape)) / largest)
        picture = f'<div class="bar" style="--s:{size:.3f}"></div>'
        if layer.part == "input" and sample is not None:
            picture = sample_html(sample, "One validation sample, the input")
        elif layer.part == "output" and output is not None:
            picture = sample_html(output, "Its reconstruction, the output")
        elif layer.part == "codings" and codings is not None:
            picture = _values_html(codings)
        shape = " × ".join(f"{side:,}" for side in layer.shape)
        lines = [f"<b>{html.escape(layer.name.replace('_', ' '))}</b>", f"<small>{shape}</small>"]
        lines += [f"<small>{html.escape(layer.kind)}</small>"] if layer.kind else []
        lines += [f"<em>{html.escape(text)}</em>" for text in remarks(spec, layer)]
        words = f"<div>{'<br>'.join(lines)}</div>"
        title = f"{counted(layer.parameters, 'parameter')}"
        entries.append(f'<li class="{layer.part}" title="{title}"><div class="draw">{picture}</div>{words}</li>')
    return f'{grid.STYLE}{_STYLE}<div class="ae-net"><ol aria-label="Layers">{"".join(entries)}</ol></div>'


def remarks(spec: RunSpec, layer: Layer) -> list[str]:
    """What training does at a layer besides its forward pass: noise, the draw of the codings, penalties."""
    kind = {"gaussian": f"noise σ {spec.noise_rate:g}", "dropout": f"dropout {100 * spec.noise_rate:g} %"}[spec.noise]
    if layer.part == "input":
        return [kind] if spec.corrupts_input else []
    if layer.part != "codings":
        return []
    lines = [kind] if spec.hashes else []
    if spec.variational:
        lines.append(f"sampled, KL × {spec.kl_weight:g}")
    if spec.sparsity_weight:
        aim = f" to {spec.sparsity_target:g}" if spec.sparsity in ("kl", "mse") else ""
        lines.append(f"sparsity {spec.sparsity.upper()}{aim} × {spec.sparsity_weight:g}")
    if spec.penalty != "none":
        lines.append(f"{spec.penalty} × {spec.penalty_weight:g}")
    return lines


def _values_html(codings: np.ndarray) -> str:
    """The first codings of a sample as bars, scaled to the largest."""
    values = np.abs(np.nan_to_num(np.asarray(codings, np.float64).ravel()[:MOST_BARS]))
    scale = float(values.max(initial=0)) or 1.0
    bars = "".join(f'<i style="--v:{value / scale:.3f}"></i>' for value in values)
    return f'<div class="values" role="img" aria-label="Sizes of the codings of this sample">{bars}</div>'


def _example(run: Run, data: Data) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first validation sample, its codings and its reconstruction."""
    output = as_float(run_images.reconstructions_of(run)[:1])[0]
    return as_float(data.validation[:1])[0], np.asarray(run.array("codings")[0], np.float32), output
