"""HTML of the network's drawing: its layers from input to output, with one sample running through them."""

from __future__ import annotations

import html
import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from aecore.analysis.network_layers import Layer
from aecore.specs.run import RunSpec
from aecore.text import counted
from pages.widgets.images import grid
from pages.widgets.images.sample_html import sample_html

SMALLEST = 0.1  # height of the smallest bar, as a share of the largest
MOST_BARS = 40  # units of a layer drawn as bars
MAPS = 2  # feature maps in a row and a column of a convolutional layer's picture
_STYLE = """<style>
.ae-net{container-type:inline-size;font-size:.78rem;line-height:1.35;font-variant-numeric:tabular-nums}
.ae-net ol{list-style:none;margin:0;padding:0;display:flex;align-items:stretch;gap:4px}
.ae-net li{flex:1 1 0;min-width:0;margin:0;display:flex}
.ae-net .layer{flex:1;min-width:0;display:flex;flex-direction:column;align-items:center;text-align:center}
.ae-net .draw{height:104px;width:100%;display:flex;align-items:center;justify-content:center}
.ae-net .bar{width:26px;height:calc(var(--s)*100%);border-radius:4px;background:currentColor;opacity:.28}
.ae-net .codings .bar{background:#3f90da;opacity:1}
.ae-net .draw img,.ae-net .ae-vector{width:84px;height:auto;image-rendering:pixelated;border-radius:3px}
.ae-net .maps{display:grid;grid-template-columns:1fr 1fr;gap:2px;width:84px}.ae-net .maps img{width:100%}
.ae-net .values{display:flex;align-items:center;justify-content:center;height:100%;width:min(100%,120px);gap:1px}
.ae-net .values i{flex:1;background:currentColor;opacity:.55;min-width:1px;max-width:10px;
 height:calc(var(--v)*100%);min-height:1px}
.ae-net .codings .values i{background:#3f90da;opacity:1}
.ae-net b{font-weight:600}.ae-net small{font-size:1em;opacity:.75;overflow-wrap:anywhere}
.ae-net em{display:inline-block;white-space:nowrap;
 font-style:normal;border:1px solid currentColor;border-radius:9px;padding:0 7px;margin-top:3px;opacity:.85}
.ae-net em.now{background:#2f5fd0;border-color:#2f5fd0;color:#fff;opacity:1}
@container (max-width:620px){
.ae-net ol{flex-direction:column;gap:5px}
.ae-net .layer{display:grid;grid-template-columns:96px 1fr;gap:0 12px;text-align:left;align-items:center}
.ae-net .draw{height:auto;min-height:14px}
.ae-net br{display:none}.ae-net small:before{content:" · "}.ae-net em{margin-left:6px}
.ae-net .bar{height:14px;width:calc(var(--s)*100%)}
.ae-net .values{height:40px}.ae-net .draw img,.ae-net .ae-vector,.ae-net .maps{width:48px}.ae-net .maps img{width:100%}
}
</style>"""


def network_html(
    spec: RunSpec,
    layers: Sequence[Layer],
    activations: Mapping[str, np.ndarray] | None = None,
    *,
    chosen: str | None = None,
    training: Collection[str] = (),
) -> str:
    """HTML list of the layers with name, shape, kind, parameters and remarks.

    Parameters
    ----------
    activations : of one sample by layer, 'input' among them, drawn as pictures or bars. Without them a bar stands for
        the number of a layer's outputs (logarithmic).
    chosen : name of the selected layer, '' if none is; the layers are buttons then.
    training : names of the layers that a running training adjusts now.
    """
    largest = max(math.log2(1 + math.prod(layer.shape)) for layer in layers)
    entries = []
    for layer in layers:
        if activations and layer.name in activations:
            picture = _picture(layer, activations[layer.name])
        else:
            size = max(SMALLEST, math.log2(1 + math.prod(layer.shape)) / largest)
            picture = f'<span class="bar" style="--s:{size:.3f}"></span>'
        shape = " × ".join(f"{side:,}" for side in layer.shape)
        lines = [f"<b>{html.escape(layer.name.replace('_', ' '))}</b>", f"<small>{shape}</small>"]
        lines += [f"<small>{html.escape(layer.kind)}</small>"] if layer.kind else []
        lines += [f"<em>{html.escape(text)}</em>" for text in remarks(spec, layers, layer)]
        lines += ['<em class="now">training now</em>'] if layer.name in training else []
        inside = f'<span class="draw">{picture}</span><span>{"<br>".join(lines)}</span>'
        title = counted(layer.parameters, "parameter")
        opening, closing = f'<div class="layer" title="{title}">', "</div>"
        if chosen is not None:
            pressed = f'data-layer="{layer.name}" aria-pressed="{str(layer.name == chosen).lower()}"'
            opening, closing = f'<button type="button" class="layer" title="{title}" {pressed}>', "</button>"
        entries.append(f'<li class="{layer.part}">{opening}{inside}{closing}</li>')
    return f'{grid.STYLE}{_STYLE}<div class="ae-net"><ol aria-label="Layers">{"".join(entries)}</ol></div>'


def remarks(spec: RunSpec, layers: Sequence[Layer], layer: Layer) -> list[str]:
    """What is special about a layer: noise, the draw of the codings, penalties, shared kernels, training phases."""
    lines = []
    if layer.part != "input" and spec.schedule == "layerwise":
        lines.append(f"phase {pair_of(layers, layer.name)}")
    if layer.part != "input" and spec.tied:
        transposed = "ᵀ" if layer.part in ("decoder", "output") else ""
        lines.append(f"kernel W{pair_of(layers, layer.name)}{transposed}")
    kind = {"gaussian": f"noise σ {spec.noise_rate:g}", "dropout": f"dropout {100 * spec.noise_rate:g} %"}[spec.noise]
    if layer.part == "input":
        return [kind] if spec.corrupts_input else []
    if layer.part != "codings":
        return lines
    lines += [kind] if spec.hashes else []
    if spec.variational:
        lines.append(f"sampled, KL × {spec.kl_weight:g}")
    if spec.sparsity_weight:
        aim = f" to {spec.sparsity_target:g}" if spec.sparsity in ("kl", "mse") else ""
        lines.append(f"sparsity {spec.sparsity.upper()}{aim} × {spec.sparsity_weight:g}")
    if spec.penalty != "none":
        lines.append(f"{spec.penalty} × {spec.penalty_weight:g}")
    return lines


def pair_of(layers: Sequence[Layer], name: str) -> int:
    """The number, from 1 outside, of the pair of a dense encoder's and decoder's layers to which this layer belongs.

    A pair shares a kernel if the weights are tied, and a phase of a layer-by-layer training.
    """
    place = [layer.name for layer in layers[1:]].index(name)
    return min(place, len(layers) - 2 - place) + 1


def trained_now(layers: Sequence[Layer], phase: str) -> list[str]:
    """The layers that are trained in a phase as a run's status names it: 'layer 1 of 2', 'fine-tuning'."""
    words = phase.split()
    names = [layer.name for layer in layers[1:]]
    if words[:1] == ["layer"]:
        return [name for name in names if pair_of(layers, name) == int(words[1])]
    return names if phase == "fine-tuning" else []


def _picture(layer: Layer, values: np.ndarray) -> str:
    """One sample's activations: an image, the feature maps that vary most, a sequence as an image, or bars."""
    name = layer.name.replace("_", " ")
    if layer.part in ("input", "output"):
        words = "One validation sample, the input" if layer.part == "input" else "Its reconstruction, the output"
        return sample_html(values.reshape(layer.shape), words)
    if len(layer.shape) == 1:
        return _values_html(values, name)
    values = values.reshape(layer.shape)
    low, high = float(values.min()), float(values.max())
    values = (values - low) / max(high - low, 1e-9)
    if len(layer.shape) == 2:
        return sample_html(values[:, : layer.shape[0]], f"Activations of {name}, a row for each row of the image")
    maps = np.moveaxis(values, -1, 0)
    most = np.argsort(-maps.reshape(len(maps), -1).var(axis=1), kind="stable")[: MAPS**2]
    images = "".join(sample_html(maps[number], f"Feature map {number + 1} of {name}") for number in most)
    return f'<span class="maps">{images}</span>'


def _values_html(values: np.ndarray, name: str) -> str:
    """The first activations of a layer as bars, scaled to the largest."""
    sizes = np.abs(np.nan_to_num(np.asarray(values, np.float64).ravel()[:MOST_BARS]))
    scale = float(sizes.max(initial=0)) or 1.0
    bars = "".join(f'<i style="--v:{size / scale:.3f}"></i>' for size in sizes)
    return f'<span class="values" role="img" aria-label="Sizes of the activations of {name}">{bars}</span>'
