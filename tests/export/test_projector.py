"""The log folder of the Embedding Projector: by the documented format, and by TensorBoard's own plugin if installed."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from PIL import Image

from aecore import datasets, export
from aecore.datasets import Data
from aecore.export import projector
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run

DIGITS = datasets.load("digits")


def make_run(cache: Path, d: int, **settings: Any) -> Run:
    spec = RunSpec(**{"dataset": "digits", **settings})
    run = runs.run_of(spec, cache)
    run.begin(spec)
    n = len(datasets.load(spec.dataset).validation)
    files.write_array(run.folder / "codings.npy", np.random.default_rng(0).normal(size=(n, d)).astype(np.float32))
    run.mark("DONE")
    return run


def parsed(config: str) -> Any:
    """The `ProjectorConfig` of a text, by the fields that TensorBoard's projector_config.proto declares."""
    text, number, message = (getattr(FieldDescriptorProto, f"TYPE_{kind}") for kind in ("STRING", "UINT32", "MESSAGE"))
    one, many = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED
    declared = {
        "SpriteMetadata": [("image_path", text, one, ""), ("single_image_dim", number, many, "")],
        "EmbeddingInfo": [
            *((name, text, one, "") for name in ("tensor_name", "metadata_path", "bookmarks_path", "tensor_path")),
            ("tensor_shape", number, many, ""),
            ("sprite", message, one, ".SpriteMetadata"),
        ],
        "ProjectorConfig": [("model_checkpoint_path", text, one, ""), ("embeddings", message, many, ".EmbeddingInfo")],
    }
    file = FileDescriptorProto(name="projector_config.proto", syntax="proto3")
    for name, fields in declared.items():
        described = file.message_type.add(name=name)
        for place, (field, kind, label, of) in enumerate(fields, 1):
            described.field.add(name=field, number=place, type=kind, label=label, type_name=of or None)
    pool = DescriptorPool()
    pool.Add(file)
    return text_format.Parse(config, GetMessageClass(pool.FindMessageTypeByName("ProjectorConfig"))())


@pytest.mark.parametrize("d", [1, 2, 3, 7])
def test_the_files_are_those_that_the_configuration_names(tmp_path: Path, d: int) -> None:
    run = make_run(tmp_path, d)
    contents = export.files(run, "projector")
    (embedding,) = parsed(contents["projector_config.pbtxt"].decode()).embeddings
    named = {embedding.tensor_path, embedding.metadata_path, embedding.sprite.image_path}
    assert named | {"projector_config.pbtxt"} == set(contents) and embedding.tensor_name == "codings"
    vectors, codings = np.loadtxt(io.BytesIO(contents["vectors.tsv"]), np.float32, delimiter="\t"), run.array("codings")
    assert list(embedding.tensor_shape) == list(vectors.shape) == [360, max(3, d)]
    np.testing.assert_array_equal(vectors[:, :d], codings)
    assert not vectors[:, d:].any()
    rows = [line.split("\t") for line in contents["metadata.tsv"].decode().splitlines()]
    assert rows[0] == ["id", "label"] and len(rows) == 361
    assert rows[5] == ["4", DIGITS.info.classes[DIGITS.validation_labels[4]]]  # type: ignore[index]
    zeros = f"{d} coding{'s' * (d > 1)} and {3 - d} column{'s' * (d < 2)} of zeros: the projector needs 3"
    assert projector.notes(run) == ([zeros] if d < 3 else [])


def test_the_sprite_has_each_sample_at_its_place(tmp_path: Path) -> None:
    contents = projector.files(make_run(tmp_path, 2))
    (embedding,) = parsed(contents["projector_config.pbtxt"].decode()).embeddings
    assert list(embedding.sprite.single_image_dim) == [8, 8]
    sheet = np.asarray(Image.open(io.BytesIO(contents["sprite.png"])))
    assert sheet.shape == (19 * 8, 19 * 8)  # a square of 19 × 19 places for 360 images
    for number in (0, 18, 19, 359):
        row, column = divmod(number, 19)
        np.testing.assert_array_equal(
            sheet[8 * row : 8 * row + 8, 8 * column : 8 * column + 8], DIGITS.validation[number]
        )
    assert not sheet[18 * 8 :, 18 * 8 :].any()


@pytest.mark.parametrize(
    ("side", "size", "note"),
    [
        (19 * 8, (8, 8), ""),
        (19 * 8 - 1, (7, 7), "thumbnails of 7 × 7 pixels"),
        (19 * 4 - 1, None, "no thumbnails: 360"),
    ],
)
def test_a_sheet_that_is_too_large_is_made_smaller_or_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int, size: tuple[int, int] | None, note: str
) -> None:
    monkeypatch.setattr(projector, "SIDE", side)
    run = make_run(tmp_path, 3)
    contents = projector.files(run)
    assert projector.thumbnail(DIGITS, 360) == size
    assert ("sprite.png" in contents) == ("sprite" in contents["projector_config.pbtxt"].decode()) == (size is not None)
    if size:
        assert max(Image.open(io.BytesIO(contents["sprite.png"])).size) <= side
    assert [line[: len(note)] for line in projector.notes(run)] == ([note] if note else [])


def test_images_of_another_shape_and_colours() -> None:
    info = dataclasses.replace(DIGITS.info, shape=(6, 12, 3))
    data = Data(info, np.zeros((1, 6, 12, 3), np.uint8), np.zeros((1, 6, 12, 3), np.uint8), None, None)
    assert projector.thumbnail(data, 10_000) == (12, 6)
    assert projector.thumbnail(data, 2_000_000) == (5, 2) or projector.thumbnail(data, 2_000_000) is None
    samples = np.random.default_rng(0).random((5, 6, 12, 3))
    sheet = np.asarray(Image.open(io.BytesIO(projector._sprite(samples, (12, 6)))))
    assert sheet.shape == (18, 36, 3)
    np.testing.assert_array_equal(sheet[6:12, :12], np.round(samples[3] * 255).astype(np.uint8))


def test_vectors_have_no_sprite(tmp_path: Path) -> None:
    run = make_run(tmp_path, 2, dataset="plane-3d", loss="mse", output_activation="linear", hidden=())
    contents = projector.files(run)
    assert set(contents) == {"projector_config.pbtxt", "vectors.tsv", "metadata.tsv"}
    assert projector.notes(run)[-1] == "no thumbnails: the samples are vectors"


def test_tensorboards_own_plugin_shows_the_folder(tmp_path: Path) -> None:
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.projector import projector_plugin
    from werkzeug import test, wrappers

    logdir = tmp_path / "projector"
    logdir.mkdir()
    run = make_run(tmp_path, 2)
    for name, content in projector.files(run).items():
        (logdir / name).write_bytes(content)
    plugin = projector_plugin.ProjectorPlugin(base_plugin.TBContext(logdir=str(logdir), data_provider=None))

    def answer(route: str, **arguments: str) -> Any:
        client = test.Client(plugin.get_plugin_apps()[route], wrappers.Response)
        return client.get(route, query_string=arguments)

    assert answer("/runs").json == ["."]  # without event files the log folder itself is the run
    (embedding,) = answer("/info", run=".").json["embeddings"]
    assert embedding["tensorShape"] == [360, 3] and embedding["sprite"]["singleImageDim"] == [8, 8]
    tensor = np.frombuffer(answer("/tensor", run=".", name="codings").data, np.float32).reshape(360, 3)
    np.testing.assert_array_equal(tensor[:, :2], run.array("codings"))
    assert answer("/metadata", run=".", name="codings").data.decode().splitlines()[0] == "id\tlabel"
    assert answer("/sprite_image", run=".", name="codings").data == (logdir / "sprite.png").read_bytes()
