"""Rules between the fields of a `RunSpec`: which choices exclude each other, and which fields have no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aecore.specs.fields import require

if TYPE_CHECKING:
    from aecore.specs.run import RunSpec


def check(spec: RunSpec) -> None:
    """Raise `SpecError` for choices that exclude each other, with the allowed ones and the reason."""
    if spec.loss == "bce":
        require(
            spec.output_activation == "sigmoid",
            "output_activation",
            spec.output_activation,
            "sigmoid with loss bce (cross-entropy needs outputs between 0 and 1), or loss mse",
        )
    if spec.architecture != "dense":
        require(bool(spec.hidden), "hidden", spec.hidden, f"at least one layer for a {spec.architecture} network")
        require(not spec.tied, "tied", True, "dense networks only (a kernel is transposed)")
        require(spec.schedule == "joint", "schedule", spec.schedule, "joint, or a dense network")
    if spec.tied:
        require(not spec.variational, "tied", True, "plain codings (a variational encoder has two output layers)")
        require(not spec.decoder_hidden, "decoder_hidden", spec.decoder_hidden, "empty with tied weights")
        require(spec.schedule == "joint", "schedule", spec.schedule, "joint with tied weights")
    if spec.architecture == "convolutional" and spec.decoder_hidden:
        same = len(spec.decoder_hidden) == len(spec.hidden)
        require(same, "decoder_hidden", spec.decoder_hidden, f"{len(spec.hidden)} layers, one for each of the encoder")
    if spec.schedule == "layerwise":
        require(not spec.variational, "schedule", "layerwise", "plain codings")
        require(not spec.decoder_hidden, "decoder_hidden", spec.decoder_hidden, "empty with schedule layerwise")
        require(spec.normalization == "none", "normalization", spec.normalization, "none with schedule layerwise")
        require(len(spec.phases) in (0, spec.layer_count), "phases", len(spec.phases), f"none or {spec.layer_count}")
        for depth, phase in enumerate(spec.phases, 1):
            output = spec.output_activation if depth == 1 else spec.activation
            fits = phase.loss == "mse" or output == "sigmoid"
            require(fits, "phases", "bce", f"mse for layer {depth}, which {output} reconstructs")
    if spec.sparsity == "kl" and spec.sparsity_weight > 0:
        require(
            not spec.variational and spec.coding_activation == "sigmoid",
            "sparsity",
            "kl",
            "sigmoid codings (KL compares probabilities), or sparsity l1, l2 or mse",
        )
    if spec.spatial:
        require(not spec.variational, "bottleneck", "spatial", "plain codings, or a dense bottleneck")


def unused(spec: RunSpec) -> list[str]:
    """Names of the fields without effect in this composition; a name may occur twice."""
    unused: list[str] = []
    for name, declared in spec.settings().items():
        if declared.off_at_0 and getattr(spec, name) == 0:
            unused += declared.off_at_0
    if spec.hashes:
        unused += ["noise_clip", "noisy_validation"]
    if spec.sparsity in ("l1", "l2"):
        unused += ["sparsity_target"]
    if spec.architecture != "convolutional":
        unused += ["bottleneck", "upsampling", "downsampling", "dense_hidden"]
    if spec.spatial:
        unused += ["coding_size", "dense_hidden"]
    unused += ["coding_activation"] if spec.variational else ["kl_weight"]
    if spec.architecture == "recurrent" or (not spec.hidden and not spec.decoder_hidden):
        unused += ["activation", "normalization"]
    if spec.penalty == "none":
        unused += ["penalty_weight"]
    if spec.decoder_hidden == tuple(reversed(spec.hidden)):
        unused += ["decoder_hidden"]
    if spec.schedule == "joint":
        unused += ["phases"]
    return unused
