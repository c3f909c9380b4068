"""Published recipes on the full data, with their exact settings and the results that their authors published.

Sources: A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras & TensorFlow*, 2nd edition, O'Reilly 2019,
chapter 17, numbers from the author's notebook (ageron/handson-ml2, 17_autoencoders_and_gans.ipynb at 729fec7);
N. Hubens, *Introduction to Autoencoders*, numbers from the author's notebook (nathanhubens/Autoencoders,
Autoencoders.ipynb at a966518).
"""

from __future__ import annotations

from typing import Any

from aecore.specs.run import Phase, RunSpec
from aecore.variants import GERON, HUBENS, Preset, title


def _printed(
    name: str,
    source: str,
    description: str,
    parameters: int,
    published: dict[str, float] | None,
    words: str = "",
    **changes: Any,
) -> Preset:
    spec = RunSpec(**changes)
    author = source.split(",")[0].split()[-1]
    return Preset(name, f"{words or title(spec)} ({author})", spec, description, source, published, parameters)


def _geron(
    name: str,
    description: str,
    parameters: int,
    printed: tuple[float, float, float],
    further: dict[str, float] | None = None,
    **changes: Any,
) -> Preset:
    """A recipe of the book: full Fashion-MNIST, batches of 32, SGD. `printed`: train and val loss, accuracy."""
    common: dict[str, Any] = {
        "dataset": "fashion-mnist",
        "optimizer": "sgd",
        "learning_rate": 1.0,
        "batch_size": 32,
        "epochs": 10,
    }
    keys = ("train_loss", "val_loss", "rounded_accuracy")
    published = {**dict(zip(keys, printed, strict=True)), **(further or {})}
    return _printed(f"geron-{name}", GERON, description, parameters, published, **{**common, **changes})


def _hubens(
    name: str, description: str, parameters: int, printed: tuple[float, float] | None, **changes: Any
) -> Preset:
    """A recipe of the article's notebook or, without numbers, of its text: full MNIST, batches of 128, relu, validation
    on the 10,000 test images. `printed`: train and val loss."""
    common: dict[str, Any] = {
        "dataset": "mnist",
        "activation": "relu",
        "coding_activation": "relu",
        "optimizer": "adam",
        "learning_rate": 0.001,
        "batch_size": 128,
        "epochs": 5,
        "loss": "mse",
    }
    published = dict(zip(("train_loss", "val_loss"), printed, strict=True)) if printed else None
    return _printed(f"hubens-{name}", HUBENS, description, parameters, published, **{**common, **changes})


_ADADELTA: dict[str, Any] = {"optimizer": "adadelta", "learning_rate": 1.0, "epochs": 3, "loss": "bce"}
_NEAREST: dict[str, Any] = {"architecture": "convolutional", "bottleneck": "spatial", "upsampling": "nearest"}
_TO_4X4: dict[str, Any] = {**_NEAREST, "hidden": (16, 8, 8)}
_FROM_NOISE: dict[str, Any] = {
    **_NEAREST,
    "hidden": (32, 32),
    "noise_rate": 0.5,
    "noise_clip": True,
    "noisy_validation": True,
}
# The printed weight is per sample, as Keras 3 divides activity penalties. Read as a sum over the batch of 128, it would
# be 0.0128 of ours, with which every unit dies, contrary to the printed losses.
_L1: dict[str, Any] = {"hidden": (), "sparsity": "l1", "sparsity_weight": 1e-4, "epochs": 15}
_SPARSE: dict[str, Any] = {"coding_activation": "sigmoid", "coding_size": 300}

RECIPES: tuple[Preset, ...] = (
    Preset(
        "geron-linear",
        "Linear (Géron)",
        RunSpec(
            dataset="plane-3d",
            hidden=(),
            coding_activation="linear",
            output_activation="linear",
            coding_size=2,
            loss="mse",
            optimizer="sgd",
            learning_rate=1.5,
            batch_size=32,
            epochs=20,
        ),
        "PCA by gradient descent: 60 points near a plane in space, two linear layers.",
        GERON,
        {"train_loss": 0.0055},
        17,
    ),
    _geron(
        "stacked",
        "The book's stacked autoencoder: 784-100-30-100-784.",
        163_814,
        (0.2814, 0.2835, 0.9370),
        learning_rate=1.5,
        epochs=20,
    ),
    _geron(
        "tied",
        "The stacked autoencoder with the encoder's kernels, transposed, in the decoder.",
        82_414,
        (0.2828, 0.2839, 0.9338),
        learning_rate=1.5,
        tied=True,
    ),
    _geron(
        "layerwise",
        "The stacked autoencoder, one layer at a time, then fine-tuned.",
        163_814,
        (0.2839, 0.2857, 0.9371),
        {"phase_1_val_loss": 0.2781, "phase_2_val_loss": 0.1687},
        learning_rate=0.1,
        schedule="layerwise",
        phases=(Phase(10, "sgd", 1.5, "bce"), Phase(10, "sgd", 0.05, "mse")),
    ),
    _geron(
        "convolutional",
        "Three stages of convolution and pooling, 3 × 3 × 64 codings, transposed convolutions back.",
        46_529,
        (0.2665, 0.2671, 0.9511),
        architecture="convolutional",
        bottleneck="spatial",
        hidden=(16, 32, 64),
        epochs=5,
    ),
    _geron(
        "recurrent",
        "Rows as time steps: LSTM 100 and 30, back through LSTM 100.",
        122_548,
        (0.3190, 0.3206, 0.9015),
        architecture="recurrent",
        coding_activation="tanh",
        learning_rate=0.1,
    ),
    _geron(
        "denoising-gaussian",
        "The stacked autoencoder with noise of standard deviation 0.2 on its input.",
        163_814,
        (0.2935, 0.2920, 0.9291),
        noise_rate=0.2,
    ),
    _geron(
        "denoising-dropout",
        "The stacked autoencoder with half of its input dropped.",
        163_814,
        (0.3004, 0.2958, 0.9237),
        noise="dropout",
        noise_rate=0.5,
    ),
    _geron(
        "sigmoid",
        "The baseline for the sparse ones: sigmoid codings, no penalty.",
        163_814,
        (0.3088, 0.3092, 0.9118),
        words="Sigmoid codings",
        coding_activation="sigmoid",
    ),
    _geron(
        "sparse-l1",
        "300 sigmoid codings with an L1 penalty; the printed losses include it.",
        218_084,
        (0.3205, 0.3212, 0.9083),
        {"silent_share": 0.96},
        sparsity="l1",
        sparsity_weight=1e-3,
        **_SPARSE,
    ),
    _geron(
        "sparse-kl",
        "300 sigmoid codings, each to be active a tenth of the time; the printed losses include the penalty.",
        218_084,
        (0.3044, 0.3053, 0.9174),
        {"silent_share": 0.68, "mean_activation": 0.105},
        sparsity="kl",
        sparsity_weight=0.05,
        **_SPARSE,
    ),
    _geron(
        "variational",
        "784-150-100-10 and back, mean and log-variance, the divergence divided by 784.",
        269_504,
        (0.3118, 0.3133, 0.9228),
        hidden=(150, 100),
        coding="variational",
        coding_size=10,
        optimizer="rmsprop",
        learning_rate=0.001,
        batch_size=128,
        epochs=25,
    ),
    _geron(
        "hashing",
        "16 sigmoid codings behind noise of standard deviation 15.",
        161_000,
        (0.3858, 0.4002, 0.8147),
        coding_activation="sigmoid",
        coding_size=16,
        noise_on="coding",
        noise_rate=15.0,
    ),
    _hubens("vanilla", "One hidden layer: 784-64-784.", 101_200, (0.0062, 0.0055), hidden=(), coding_size=64),
    _hubens("multilayer", "784-128-64-128-784.", 218_192, (0.0090, 0.0082), hidden=(128,), coding_size=64),
    _hubens(
        "convolutional",
        "Three stages of convolution and pooling to 4 × 4 × 8, nearest upsampling back.",
        4_385,
        (0.1471, 0.1429),
        **_TO_4X4,
        **_ADADELTA,
    ),
    _hubens(
        "sparse",
        "784-32-784 with an L1 penalty. The article prints 64 units, its notebook has 32.",
        50_992,
        (0.0102, 0.0099),
        coding_size=32,
        **_L1,
    ),
    _hubens(
        "denoising-convolutional",
        "Noise of standard deviation 0.5 taken off by convolutions, validated from noisy to clean.",
        28_353,
        (0.1149, 0.1124),
        **_FROM_NOISE,
        **_ADADELTA,
    ),
    _hubens(
        "article-convolutional",
        "The convolutional net with Adam and squared error, as the article has it; epochs as in its notebook.",
        4_385,
        None,
        words="Convolutional with Adam",
        epochs=3,
        **_TO_4X4,
    ),
    _hubens(
        "article-sparse",
        "784-64-784 with an L1 penalty, as the article has it; epochs as in its notebook.",
        101_200,
        None,
        words="Sparse (L1), 64 codings",
        coding_size=64,
        **_L1,
    ),
    _hubens(
        "article-denoising-convolutional",
        "The denoising net with Adam and squared error, as the article has it; epochs as in its notebook.",
        28_353,
        None,
        words="Convolutional denoising with Adam",
        epochs=3,
        **_FROM_NOISE,
    ),
)
