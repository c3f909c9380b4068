"""What a preset is, the families one can pick, and a short preset for each.

A *variant* is a family (`stacked`); its preset trains in seconds on 10,000 of Fashion-MNIST's images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aecore.spec import RunSpec

GERON = "A. Géron, Hands-On Machine Learning, 2nd edition, chapter 17"
HUBENS = "N. Hubens, Introduction to Autoencoders"


@dataclass(frozen=True)
class Preset:
    """A named spec. `published` holds what its source printed: train_loss, val_loss, rounded_accuracy, …"""

    name: str
    title: str
    spec: RunSpec
    description: str
    source: str = ""
    published: dict[str, float] | None = None
    parameters: int | None = None


def variant_of(spec: RunSpec) -> str:
    """The variant that a spec belongs to, by its most telling choice: `variant_of(VARIANTS[name].spec) == name`."""
    noisy, sparse = spec.noise_rate > 0, spec.sparsity_weight > 0
    convolutional = spec.architecture == "convolutional"
    marks = {
        "hashing": noisy and spec.noise_on == "coding",
        "variational": spec.coding == "variational",
        "sparse-l1": sparse and spec.sparsity in ("l1", "l2"),
        "sparse-kl": sparse,
        "denoising-convolutional": noisy and convolutional,
        "denoising-dropout": noisy and spec.noise == "dropout",
        "denoising": noisy,
        "convolutional": convolutional,
        "recurrent": spec.architecture == "recurrent",
        "layerwise": spec.schedule == "layerwise",
        "tied": spec.tied,
        "linear": spec.linear,
        "vanilla": not spec.hidden,
    }
    return next((name for name, applies in marks.items() if applies), "stacked")


def title(spec: RunSpec) -> str:
    """The family in words, composed as the spec is: 'Convolutional denoising', 'Tied sparse (L1) variational'."""
    noisy, words = spec.noise_rate > 0, []
    if spec.architecture != "dense":
        words.append(spec.architecture)
    if spec.tied:
        words.append("tied")
    if spec.schedule == "layerwise":
        words.append("layer by layer")
    if noisy and spec.noise_on == "input":
        words.append("denoising" if spec.noise == "gaussian" else "denoising (dropout)")
    if spec.sparsity_weight > 0:
        words.append(f"sparse ({spec.sparsity.upper()})")
    if spec.coding == "variational":
        words.append("variational")
    if noisy and spec.noise_on == "coding":
        words.append("hashing")
    if spec.linear:
        words.insert(0, "linear")
    elif not words:
        words.append("stacked" if spec.hidden else "vanilla")
    text = " ".join(words)
    return text[0].upper() + text[1:]


# What short presets share: the book's stacked network, with an optimizer that needs fewer epochs than plain SGD.
_SHORT: dict[str, Any] = {"optimizer": "nadam", "learning_rate": 0.003, "batch_size": 32, "epochs": 12}


def _variant(name: str, description: str, **changes: Any) -> Preset:
    spec = RunSpec(**{**_SHORT, **changes})
    return Preset(name, title(spec), spec, description)


VARIANTS: tuple[Preset, ...] = (
    _variant(
        "stacked",
        "Two dense layers down to the codings, two up again: the classic autoencoder. Look at how much sharper it is "
        f"than PCA with as many numbers. From {GERON}.",
    ),
    _variant(
        "linear",
        "No hidden layer and no activation: the best it can do is principal component analysis, and its error comes "
        f"down to PCA's. After Baldi and Hornik (1989) and {GERON}.",
        hidden=(),
        coding_activation="linear",
        output_activation="linear",
        loss="mse",
        optimizer="adam",
        learning_rate=0.0005,
        epochs=25,
    ),
    _variant(
        "vanilla",
        "One coding layer and nothing else, with an activation: the smallest autoencoder that is not linear. Compare "
        f"it with linear and stacked. From {HUBENS}.",
        hidden=(),
        activation="relu",
        coding_activation="relu",
    ),
    _variant(
        "tied",
        "The decoder's kernels are the encoder's, transposed: half the parameters, nearly the same error. "
        f"From {GERON}.",
        tied=True,
    ),
    _variant(
        "layerwise",
        "Each layer is first an autoencoder of the one before it, then the whole is fine-tuned: how deep networks "
        f"were first made to train (Bengio et al. 2007). Watch the error jump between the phases. From {GERON}.",
        schedule="layerwise",
        epochs=5,
    ),
    _variant(
        "convolutional",
        "Convolutions and pooling see neighbouring pixels together; a dense layer makes the codings. Look for edges "
        f"and textures that dense networks blur. After {GERON}.",
        architecture="convolutional",
        hidden=(16, 32),
        activation="relu",
        coding_activation="linear",
        optimizer="adam",
        learning_rate=0.004,
        epochs=5,
    ),
    _variant(
        "recurrent",
        "Reads an image row by row, as a sequence, and writes it row by row. The slowest to train; look for streaks "
        f"along the rows. From {GERON}.",
        architecture="recurrent",
        coding_activation="tanh",
        learning_rate=0.007,
        batch_size=64,
        epochs=4,
    ),
    _variant(
        "denoising",
        "Gaussian noise is added to the input and the clean image is asked for, so copying is no longer enough. Turn "
        f"the noise up and see what is still recognised. From {GERON}, after Vincent et al. (2008).",
        noise_rate=0.2,
    ),
    _variant(
        "denoising-dropout",
        "Half of the pixels are switched off and have to be guessed from the others. Look at how the holes are "
        f"filled. From {GERON}.",
        noise="dropout",
        noise_rate=0.5,
    ),
    _variant(
        "denoising-convolutional",
        "A convolutional network that takes strong noise off an image; its codings are feature maps, so it keeps "
        f"details. Look at the error against the noise. After {HUBENS}.",
        architecture="convolutional",
        bottleneck="spatial",
        hidden=(16, 16),
        activation="relu",
        coding_activation="relu",
        noise_rate=0.5,
        noise_clip=True,
        noisy_validation=True,
        learning_rate=0.004,
        batch_size=64,
        epochs=5,
    ),
    _variant(
        "sparse-l1",
        "Ten times more codings than needed, and a price on each activation (L1): most are pushed to zero. Look at "
        f"the histogram of the activations. From {GERON}.",
        coding_activation="sigmoid",
        coding_size=300,
        sparsity="l1",
        sparsity_weight=1e-3,
    ),
    _variant(
        "sparse-kl",
        "Each of 300 codings is asked to be active a tenth of the time (KL divergence from the target): about 70 % "
        f"of the activations end below 0.1, their mean near 0.1. From {GERON}.",
        coding_activation="sigmoid",
        coding_size=300,
        sparsity="kl",
        sparsity_weight=0.05,
        optimizer="adam",
        learning_rate=0.005,
    ),
    _variant(
        "variational",
        "Each image becomes a cloud instead of a point, and all clouds together fill a normal distribution, so that "
        f"any point decodes to something (Kingma and Welling 2014). Walk through its codings. From {GERON}.",
        hidden=(150, 100),
        coding="variational",
        coding_size=10,
        learning_rate=0.002,
        batch_size=64,
    ),
    _variant(
        "hashing",
        "Strong noise before sigmoid codings leaves them no choice but 0 or 1: sixteen bits a picture, and similar "
        f"pictures share most of them (Salakhutdinov and Hinton 2009). From {GERON}.",
        coding_activation="sigmoid",
        coding_size=16,
        noise_on="coding",
        noise_rate=15.0,
        optimizer="adam",
        epochs=15,
    ),
)
