"""The guide's steps: text, demonstrations, control, picture and the settings that it opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from aecore import datasets
from aecore.analysis.network_layers import network_layers
from aecore.datasets import Data
from aecore.specs.run import RunSpec
from aecore.store.runs import Run
from pages.widgets.guide import pictures
from pages.widgets.session import controls, keys

NOISE_RATES = (0.1, 0.9)
HOTTEST = 3.0  # largest temperature


@dataclass(frozen=True)
class Step:
    """A step of the guide.

    Parameters
    ----------
    text : three sentences.
    demonstrations : names of the runs in the picture; the step opens the settings of the first.
    control : draws the control for that run's spec, disabled or not, and returns its value.
    picture : draws the picture of these runs for the control's value.
    setting : the field of the spec that the control sets as well; '' if it is no setting of a training.
    """

    name: str
    title: str
    text: str
    demonstrations: tuple[str, ...]
    control: Callable[[RunSpec, bool], Any]
    picture: Callable[[Sequence[Run], Data, Any], None]
    setting: str = ""


def _kept_components(spec: RunSpec, disabled: bool) -> int:
    most = spec.coding_size
    return controls.number(
        st.slider, "Components kept", 1, most, min(5, most), key=keys.GUIDE_COMPONENTS, disabled=disabled
    )


def _class(spec: RunSpec, disabled: bool) -> str:
    classes = datasets.info(spec.dataset).classes
    return controls.choice(st.selectbox, "Class", classes, key=keys.GUIDE_CLASS, disabled=disabled)


def _convolutional_layer(spec: RunSpec, disabled: bool) -> str:
    layers = network_layers(spec, datasets.info(spec.dataset).shape)
    maps = [layer for layer in layers if len(layer.shape) == 3 and layer.name.startswith("hidden")]
    titles = {layer.name: f"{layer.name.replace('_', ' ')}, {layer.part}" for layer in maps}
    return controls.segments(st.container(), "Layer", titles, keys.GUIDE_LAYER, disabled=disabled)


def _noise_rate(spec: RunSpec, disabled: bool) -> float:
    return controls.number(
        st.slider, "Noise rate", *NOISE_RATES, spec.noise_rate, key=keys.GUIDE_NOISE, step=0.1, disabled=disabled
    )


def _kept_codings(spec: RunSpec, disabled: bool) -> int:
    most = spec.coding_size
    return controls.number(st.slider, "Codings kept", 1, most, min(20, most), key=keys.GUIDE_CODINGS, disabled=disabled)


def _temperature(spec: RunSpec, disabled: bool) -> float:
    return controls.number(
        st.slider, "Temperature", 0.0, HOTTEST, 1.0, key=keys.GUIDE_TEMPERATURE, step=0.1, disabled=disabled
    )


STEPS = (
    Step(
        "bottleneck",
        "Bottleneck",
        "The encoder describes each image by a few numbers, its **codings**, and the decoder has to rebuild every "
        "pixel from them. So the network learns what images have in common, most important features first. Keep fewer "
        "components of the codings and see what is lost.",
        ("stacked",),
        _kept_components,
        pictures.bottleneck,
        "coding_size",
    ),
    Step(
        "depth",
        "Depth",
        "Without hidden layers and activation functions, encoder and decoder are two matrices, and the best that they "
        "can do is **principal component analysis** (PCA). Hidden layers with nonlinear activations describe curved "
        "structure, so their error can fall below that of PCA. Choose a class and compare both networks.",
        ("linear", "stacked"),
        _class,
        pictures.depth,
    ),
    Step(
        "convolution",
        "Convolution",
        "A **convolutional layer** applies the same small filters at every position of an image, so it needs few "
        "weights and finds a pattern wherever it is. Each filter gives a feature map; pooling halves the maps, and the "
        "next layer combines them to larger patterns. Choose a layer and see its feature maps of one image.",
        ("convolutional",),
        _convolutional_layer,
        pictures.convolution,
    ),
    Step(
        "noise",
        "Noise",
        "A **denoising autoencoder** gets a corrupted image and is trained to return the clean one. Copying its input "
        "does not help, so it has to learn what images look like and to fill in what is missing. Raise the noise rate, "
        "the share of missing pixels, and compare it with a network that was trained without noise.",
        ("denoising-dropout", "stacked"),
        _noise_rate,
        pictures.noise,
        "noise_rate",
    ),
    Step(
        "sparsity",
        "Sparsity",
        "A code can also be limited by a **sparsity penalty**: there are many codings, but only a few may be active "
        "for each image. Each coding then stands for one feature that some images have and most have not. Decode only "
        "the largest codings of each image: the sparse network needs few, the one without penalty nearly all.",
        ("sparse-kl", "sparse-baseline"),
        _kept_codings,
        pictures.sparsity,
    ),
    Step(
        "probability",
        "Probability",
        "A **variational autoencoder** encodes an image as a normal distribution, with a mean and a variance for each "
        "coding, and decodes a random draw from it. The KL divergence in its loss keeps these distributions close to "
        "the standard normal, so that a draw from the latter decodes to a plausible new image. Change the temperature "
        "and compare with random codings of a plain network.",
        ("variational-2", "stacked"),
        _temperature,
        pictures.probability,
    ),
)
