"""Hypothesis strategies: `run_specs()` draws specs that are valid and that their data set can serve."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from aecore import datasets
from aecore.specs import run
from aecore.specs.optimizers import ARGUMENTS
from aecore.specs.run import PENALTIES, Phase, RunSpec


@st.composite
def run_specs(
    draw: st.DrawFn,
    *,
    datasets_from: tuple[str, ...] = tuple(datasets.names()),
    max_width: int = run.MAX_WIDTH,
    max_layers: int = run.MAX_LAYERS,
    max_epochs: int = run.MAX_EPOCHS,
) -> RunSpec:
    """A valid spec. Fields that its composition does not use are drawn too: `RunSpec` is to drop them.

    `datasets_from`, `max_width`, `max_layers` and `max_epochs` keep it small enough to be trained.
    """
    info = datasets.info(draw(st.sampled_from(datasets_from)))
    architecture = draw(st.sampled_from(run.ARCHITECTURES)) if info.is_image else "dense"
    style = draw(st.sampled_from(("free", "tied", "layerwise"))) if architecture == "dense" else "free"
    bottleneck = draw(st.sampled_from(run.BOTTLENECKS))
    plain = style != "free" or (architecture == "convolutional" and bottleneck == "spatial")
    coding = "plain" if plain else draw(st.sampled_from(run.CODINGS))

    fewest = 0 if architecture == "dense" else 1
    most = min(max_layers, min(info.shape).bit_length() - 1) if architecture == "convolutional" else max_layers
    hidden = draw(_layers(fewest, most, max_width))
    decoder_hidden: tuple[int, ...] = ()
    if style == "free" and draw(st.booleans()):
        same = architecture == "convolutional"
        decoder_hidden = draw(_layers(len(hidden) if same else 0, len(hidden) if same else most, max_width))

    loss = draw(st.sampled_from(run.LOSSES)) if info.unit_range else "mse"
    noise = draw(st.sampled_from(run.NOISES))
    sparsity = draw(st.sampled_from(run.SPARSITIES))
    weight = draw(_off_or(run.MAX_SPARSITY_WEIGHT))
    coding_activation = draw(st.sampled_from(run.ACTIVATIONS))
    if sparsity == "kl" and weight > 0:  # KL compares probabilities
        sparsity, coding_activation = ("kl", "sigmoid") if coding == "plain" else ("l1", coding_activation)
    phases = draw(st.one_of(st.just(()), st.tuples(*[_phases(max_epochs)] * (len(hidden) + 1))))
    activation = draw(st.sampled_from(run.ACTIVATIONS))
    output_activation = "sigmoid" if loss == "bce" else draw(st.sampled_from(run.OUTPUT_ACTIVATIONS))
    outputs = (output_activation if info.unit_range else "", *(activation for _ in hidden))
    phases = tuple(
        phase if output == "sigmoid" else replace(phase, loss="mse")
        for phase, output in zip(phases, outputs, strict=False)
    )

    optimizer = draw(st.sampled_from(run.OPTIMIZERS))
    return RunSpec(
        dataset=info.name,
        architecture=architecture,
        hidden=hidden,
        decoder_hidden=decoder_hidden,
        tied=style == "tied",
        bottleneck=bottleneck,
        upsampling=draw(st.sampled_from(run.UPSAMPLINGS)),
        activation=activation,
        coding_activation=coding_activation,
        output_activation=output_activation,
        coding=coding,
        coding_size=draw(st.integers(1, min(max_width, run.MAX_CODING_SIZE))),
        kl_weight=draw(st.floats(0, 1000)),
        noise=noise,
        noise_rate=draw(_off_or(run.MAX_DROPOUT if noise == "dropout" else run.MAX_GAUSSIAN)),
        noise_on=draw(st.sampled_from(run.NOISE_PLACES)),
        noise_clip=info.unit_range and draw(st.booleans()),
        noisy_validation=draw(st.booleans()),
        sparsity=sparsity,
        sparsity_weight=weight,
        sparsity_target=draw(st.floats(0.001, 0.999)),
        loss=loss,
        optimizer=optimizer,
        learning_rate=draw(_rates()),
        batch_size=draw(st.integers(1, run.MAX_BATCH_SIZE)),
        epochs=draw(st.integers(1, max_epochs)),
        seed=draw(st.integers(0, 2**31 - 1)),
        schedule="layerwise" if style == "layerwise" else "joint",
        phases=phases,
        optimizer_arguments=draw(_arguments(optimizer)),
        decay=draw(st.sampled_from(run.DECAYS)),
        warmup=draw(st.floats(0, run.MAX_WARMUP)),
        normalization="none" if style == "layerwise" else draw(st.sampled_from(run.NORMALIZATIONS)),
        downsampling=draw(st.sampled_from(run.DOWNSAMPLINGS)),
        dense_hidden=draw(_layers(0, max_layers, max_width)),
        penalty=draw(st.sampled_from(PENALTIES)),
        penalty_weight=draw(_off_or(run.MAX_PENALTY_WEIGHT)),
    )


def _layers(fewest: int, most: int, max_width: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, max_width), min_size=fewest, max_size=most).map(tuple)


def _off_or(most: float) -> st.SearchStrategy[float]:
    return st.one_of(st.just(0.0), st.floats(0, most))


def _rates() -> st.SearchStrategy[float]:
    return st.floats(0, run.MAX_LEARNING_RATE, exclude_min=True)


def _arguments(optimizer: str) -> st.SearchStrategy[str]:
    """Arguments that every value of is harmless: the optimizer's own shares, up to a half."""
    names = [name for name, (_, high) in ARGUMENTS[optimizer].items() if 0.5 < high < 1]
    pairs = st.dictionaries(st.sampled_from(names), st.floats(0, 0.5), max_size=2)
    return pairs.map(lambda values: " ".join(f"{name}={value}" for name, value in values.items()))


@st.composite
def _phases(draw: st.DrawFn, max_epochs: int) -> Phase:
    optimizer = draw(st.sampled_from(run.OPTIMIZERS))
    epochs, loss = draw(st.integers(1, max_epochs)), draw(st.sampled_from(run.LOSSES))
    return Phase(epochs, optimizer, draw(_rates()), loss, draw(_arguments(optimizer)))
