"""Films: a camera that stands still, frames that later ones never move, and the GIF."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore import datasets
from aecore.analysis import training_film
from aecore.datasets import Data, DatasetInfo
from aecore.errors import RunError
from aecore.export import film_gif, raster
from aecore.figures import DARK, LIGHT
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run

N, WATCHED = 60, 12
SPEC = RunSpec(dataset="digits", hidden=(24,), coding_size=6, batch_size=32, epochs=2)


def made_up(shape: tuple[int, ...] = (6, 5), classes: int = 3, n: int = N, labelled: bool = True) -> Data:
    """A data set that is in no registry."""
    random = np.random.default_rng(1)
    images = len(shape) > 1
    samples = random.integers(0, 256, (n, *shape)).astype(np.uint8) if images else random.normal(size=(n, *shape))
    samples = samples if images else samples.astype(np.float32)
    names = tuple(f"<b>{i}</b>" for i in range(classes))
    info = DatasetInfo("made-up", "Made up", "", shape, n, n, names if labelled else (), images, "0")
    labels = np.arange(n) % classes if labelled else None
    return Data(info, samples, samples, labels, labels)


def training(data: Data, d: int = 5, frames: int = 8, n: int = N) -> dict[str, np.ndarray]:
    """Snapshots in which classes drift apart along random directions."""
    random = np.random.default_rng(2)
    labels = np.arange(n) % 3
    start, away = random.normal(size=(n, d)), random.normal(size=(3, d)) * 6
    codings = np.stack([start + t * away[labels] for t in np.linspace(0, 1, frames)])
    rough = np.repeat(data.validation[None, :WATCHED], frames, axis=0)
    step = np.array([0, *np.geomspace(1, 300, frames - 1).round()], np.int64) if frames > 1 else np.zeros(1, np.int64)
    return {
        "step": step,
        "epoch": (step / 100).astype(np.float32),
        "loss": np.r_[np.nan, np.linspace(0.7, 0.2, frames)[1:]].astype(np.float32),
        "val_loss": np.linspace(0.2, 0.01, frames).astype(np.float32),
        "codings": codings.astype(np.float32),
        "reconstructions": rough,
    }


def test_a_finished_run_has_one_camera_and_it_is_the_pca_of_the_end() -> None:
    data = made_up()
    snapshots = training(data)
    made = training_film.film_of_snapshots("k", snapshots, data, finished=True)
    last = snapshots["codings"][-1].astype(float)
    values = np.linalg.svd(last - last.mean(axis=0))[1]
    assert made.positions.shape == (8, N, 2) and made.positions.dtype == np.float32
    assert np.allclose(made.positions[-1].mean(axis=0), 0, atol=1e-4)
    assert np.allclose(np.square(made.positions[-1]).sum(axis=0), np.square(values[:2]), rtol=1e-4)
    assert made.explained == pytest.approx(np.square(values[:2]).sum() / np.square(values).sum())
    # The same linear map for all frames: codings that did not move do not move on the plane either.
    still = dict(snapshots, codings=np.repeat(snapshots["codings"][-1:], 8, axis=0))
    assert np.array_equal(*(training_film.film_of_snapshots("k", still, data, finished=True).positions[[0, -1]]))
    moved = np.diff(made.positions, axis=0) - np.diff(snapshots["codings"] @ made.plane.components.T, axis=0)
    assert np.abs(moved).max() < 1e-4


def test_while_it_trains_later_frames_never_move_earlier_ones() -> None:
    data = made_up()
    snapshots = training(data)
    whole = training_film.film_of_snapshots("k", snapshots, data, finished=False)
    growing = None
    for i in range(8):
        growing = training_film.film_of_snapshots(
            "k", {k: v[i : i + 1] for k, v in snapshots.items()}, data, finished=False, previous=growing
        )
        assert len(growing) == i + 1
        assert np.allclose(growing.positions, whole.positions[: i + 1], atol=1e-5)
    assert growing.caption(7) == whole.caption(7) == "epoch 3 · step 300 · error .0100"


def test_the_camera_stays_while_it_shows_enough_and_turns_as_little_as_it_can() -> None:
    random = np.random.default_rng(0)
    flat = random.normal(size=(200, 4)) * (5, 4, 0.1, 0.1)
    first = training_film.principal_plane(flat)
    assert training_film.followed_plane(flat + random.normal(size=flat.shape), first) is first
    turned = flat[:, [2, 3, 0, 1]] + 7  # now all the variance lies where the camera does not look
    second = training_film.followed_plane(turned, first)
    assert second is not first and second.explained(turned) > 0.99
    assert np.allclose(second.components @ second.components.T, np.eye(2))
    assert np.allclose(
        second.project(turned).mean(axis=0), first.project(turned.mean(axis=0))
    )  # its middle did not jump
    tilted = training_film.principal_plane(flat)
    flipped = training_film.Plane(-tilted.components[::-1], tilted.offset)
    again = training_film.followed_plane(turned, flipped)
    # The same plane, but in the orientation closest to each former one.
    closeness = [np.trace(c.components @ f.components.T) for c, f in ((second, first), (again, flipped))]
    assert min(closeness) >= 0 and not np.allclose(second.components, again.components)


@pytest.mark.parametrize("d", [1, 2])
def test_one_or_two_codings_are_shown_as_they_are(d: int) -> None:
    data = made_up()
    snapshots = training(data, d)
    made = training_film.film_of_snapshots("k", snapshots, data, finished=True)
    assert not made.projected and made.explained == 1
    assert np.allclose(made.positions[:, :, :d], snapshots["codings"])
    if d == 1:  # the other axis separates, and never moves
        assert np.ptp(made.positions[:, :, 1], axis=0).max() == 0 and np.ptp(made.positions[0, :, 1]) > 0
        parts = training_film.film_of_snapshots("k", {k: v[:4] for k, v in snapshots.items()}, data, finished=False)
        parts = training_film.film_of_snapshots(
            "k", {k: v[4:] for k, v in snapshots.items()}, data, finished=False, previous=parts
        )
        assert np.ptp(parts.positions[:, :, 1], axis=0).max() == 0


def test_bad_snapshots() -> None:
    data = made_up()
    snapshots = training(data)
    snapshots["codings"][-1, 3] = np.nan
    snapshots["codings"][4, 0, 0] = np.inf
    made = training_film.film_of_snapshots("k", snapshots, data, finished=True)
    assert len(made) == 6 and made.left_out == 2 and made.snapshot_count == 8 and np.isfinite(made.positions).all()
    snapshots["codings"][5, 1, 1] = 1e19
    assert training_film.film_of_snapshots("k", snapshots, data, finished=True).left_out == 3
    snapshots["codings"][:] = np.nan
    with pytest.raises(RunError, match="NaN or infinite values .*; train it again"):
        training_film.film_of_snapshots("k", snapshots, data, finished=True)


@pytest.mark.parametrize("finished", [True, False])
def test_collapsed_codings_and_a_single_snapshot(finished: bool) -> None:
    data = made_up()
    same = training(data)
    same["codings"][:] = 0.25
    made = training_film.film_of_snapshots("k", same, data, finished=finished)
    assert np.abs(made.positions).max() < 1e-6
    left, bottom, right, top = made.bounds()
    assert right > left and top > bottom
    one = training_film.film_of_snapshots("k", training(data, frames=1), data, finished=finished)
    assert len(one) == 1 and one.caption(0) == "untrained · error .2000"
    assert np.array_equal(one.positions_at(0.0), one.positions[0])
    assert Image.open(io.BytesIO(film_gif.gif(one, LIGHT))).size == (640, 424)
    assert film_gif.gif(made, LIGHT)


def test_the_view_is_not_ruled_by_early_outliers() -> None:
    data = made_up()
    snapshots = training(data, 2)
    snapshots["codings"][0] *= 1000
    left, bottom, right, top = training_film.film_of_snapshots("k", snapshots, data, finished=True).bounds()
    last = snapshots["codings"][-1]
    for low, high, axis in ((left, right, 0), (bottom, top, 1)):
        assert low <= last[:, axis].min() and last[:, axis].max() <= high
        assert high - low < 2.5 * np.ptp(last[:, axis])


def test_milestones_are_those_of_the_data() -> None:
    data = made_up()
    snapshots = training(data)
    made = training_film.film_of_snapshots("k", snapshots, data, finished=True)
    apart, fallen = made.separated(), made.converged()
    assert apart is not None and 0 < apart < 7  # classes drift apart evenly: soon most of the variance is between them
    assert fallen == 7  # .2 to .01 in even steps: nine tenths with the last one
    assert made.time_text(fallen) == "epoch 3" and made.time_text(1) == "step 1"
    late = dict(snapshots, codings=np.concatenate([snapshots["codings"][:1]] * 6 + [snapshots["codings"][-1:]] * 2))
    assert training_film.film_of_snapshots("k", late, data, finished=True).separated() == 6
    mixed = dict(snapshots, codings=np.random.default_rng(0).normal(size=(8, N, 5)))
    assert training_film.film_of_snapshots("k", mixed, data, finished=True).separated() is None
    worse = dict(snapshots, val_loss=np.linspace(0.1, 0.2, 8))
    assert training_film.film_of_snapshots("k", worse, data, finished=True).converged() is None
    same = dict(snapshots, codings=np.ones((8, N, 5)), val_loss=np.full(8, np.nan))
    collapsed = training_film.film_of_snapshots("k", same, data, finished=True)
    assert collapsed.separated() is None and collapsed.converged() is None


def test_between_two_frames_points_are_on_the_line_between_them() -> None:
    data = made_up()
    made = training_film.film_of_snapshots("k", training(data), data, finished=True)
    clock = made.clock
    middle = made.positions_at((clock[3] + clock[4]) / 2)
    assert np.allclose(middle, made.positions[3:5].mean(axis=0), atol=1e-4)
    assert np.allclose(made.positions_at(clock[5]), made.positions[5], atol=1e-5)
    assert np.array_equal(made.positions_at(-1.0), made.positions[0]) and np.array_equal(
        made.positions_at(99.0), made.positions[-1]
    )


@pytest.mark.parametrize(
    ("shape", "labelled"), [((6, 5), True), ((6, 5), False), ((7, 7, 3), True), ((6, 6, 1), True), ((3,), True)]
)
def test_a_gif_of_every_kind_of_data(shape: tuple[int, ...], labelled: bool) -> None:
    data = made_up(shape, labelled=labelled)
    made = training_film.film_of_snapshots("k", training(data), data, finished=True)
    light, dark = (Image.open(io.BytesIO(film_gif.gif(made, theme, "<b>"))) for theme in (LIGHT, DARK))
    assert light.n_frames > 10
    assert light.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    assert dark.convert("RGB").getpixel((1, 1)) == (0x12, 0x16, 0x1D)
    frames = []
    for i in range(light.n_frames):
        light.seek(i)
        frames.append(np.asarray(light.convert("RGB")).tobytes())
    assert len(set(frames)) == len(frames)


def test_a_gif_shows_points_where_they_are_and_pictures_as_they_are() -> None:
    data = made_up((5, 5), classes=1)
    made = training_film.film_of_snapshots("k", training(data), data, finished=True)
    # A single point without a name that would cover it.
    one = replace(made, positions=np.zeros_like(made.positions[:, :1]), numbers=made.numbers[:1], classes=("",))
    one = replace(one, labels=made.labels[:1])
    ink = film_gif._Renderer(one, LIGHT)
    picture = ink.palette[ink.frame(np.zeros((film_gif.HEIGHT, film_gif.WIDTH), np.uint8), one.clock[-1], 7)]
    left, top, right, bottom = film_gif.MAP
    x, y = (left + right) // 2, (top + bottom) // 2
    middle = picture[y - 4 : y + 4, x - 4 : x + 4].reshape(-1, 3).tolist()
    assert [0x3F, 0x90, 0xDA] in middle  # the first class's colour
    x, y, side = ink.cells[2]
    drawn = picture[y + side + 3 : y + 2 * side + 3, x : x + side, 0]
    pixel = side // 5
    assert (
        np.abs(drawn[pixel // 2 :: pixel, pixel // 2 :: pixel].astype(int)[:5, :5] - one.reconstructions[7, 2]).max()
        <= 4
    )


def test_many_classes_fit_the_palette() -> None:
    data = made_up(classes=30)
    made = training_film.film_of_snapshots("k", training(data), data, finished=True)
    assert len(film_gif._Renderer(made, DARK).palette) < raster.NOTHING
    coloured = made_up((6, 6, 3), classes=30)
    assert (
        len(
            film_gif._Renderer(
                training_film.film_of_snapshots("k", training(coloured), coloured, finished=True), LIGHT
            ).palette
        )
        < raster.NOTHING
    )


def test_names_are_pushed_apart_inside_the_box() -> None:
    names = [raster.Name(np.zeros((18, 40), np.uint8), 100.0, y) for y in (99.0, 99.5, 98.0, 3.0)]
    placed = raster.spread(names, (0, 0, 200, 100))
    heights = sorted(name.y for name in placed)
    assert min(np.diff(heights)) >= raster.LINE - 1e-9 and heights[-1] <= 100 - raster.LINE / 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from aecore.worker.training import train

    folder = tmp_path_factory.mktemp("film")
    for spec in (SPEC, SPEC.replace(coding_size=2)):
        train(spec, runs.run_of(spec, folder).folder, lambda: False)
    stop_after = iter([False] * 3 + [True] * 99)
    train(SPEC.replace(seed=7), runs.run_of(SPEC.replace(seed=7), folder).folder, lambda: next(stop_after))
    return folder


def test_runs_that_are_finished_or_stopped(trained: Path) -> None:
    data = datasets.load("digits")
    made = training_film.film_of_run(runs.run_of(SPEC, trained))
    assert made.finished and made.projected and len(made) >= 20
    assert np.array_equal(made.labels, data.validation_labels[made.numbers])
    assert np.array_equal(made.originals, data.validation[made.numbers[:16]])
    assert made.step[0] == 0 and made.caption(0).startswith("untrained")
    stopped = runs.run_of(SPEC.replace(seed=7), trained)
    assert stopped.state == "stopped"
    assert training_film.film_of_run(stopped).finished and len(training_film.film_of_run(stopped)) >= 1


def test_codings_as_they_are_end_where_they_really_are(trained: Path) -> None:
    run = runs.run_of(SPEC.replace(coding_size=2), trained)
    made = training_film.film_of_run(run)
    exact = np.asarray(run.array("codings"), np.float32)[made.numbers]
    assert np.allclose(made.positions[-1], exact, atol=1e-5)
    assert not np.allclose(run.snapshots()["codings"][-1], exact, atol=1e-3)  # which the snapshot alone does not say
    grid = np.ptp(run.snapshots()["codings"].astype(float)) / 90
    assert np.abs(made.positions - run.snapshots()["codings"]).max() < grid


def test_a_running_training_is_read_piece_by_piece(trained: Path, tmp_path: Path) -> None:
    done = runs.run_of(SPEC, trained).snapshots()
    run = Run(tmp_path / "0123456789abcdef")
    run.begin(SPEC)
    with pytest.raises(RunError, match="it has no snapshots .*; train it"):
        training_film.film_of_run(run)
    (run.folder / "snapshots").mkdir()

    def write(i: int) -> None:
        arrays = {name: array[i] for name, array in done.items()}
        files.write_arrays(run.folder / "snapshots" / f"{i:05d}.npz", arrays)

    write(0)
    first = training_film.film_of_run(run)
    assert len(first) == 1 and not first.finished
    assert training_film.film_of_run(run, first) is first  # nothing new: nothing is made
    write(1), write(2)
    torn = run.folder / "snapshots" / "00003.npz"
    torn.write_bytes(b"not yet")
    second = training_film.film_of_run(run, first)
    assert len(second) == 3
    assert np.array_equal(second.positions[:1], first.positions)
    whole = training_film.film_of_run(run)
    assert np.allclose(whole.positions, second.positions, atol=1e-5) and np.array_equal(whole.step, second.step)


def test_a_run_that_is_trained_anew_starts_a_new_film(trained: Path, tmp_path: Path) -> None:
    done = runs.run_of(SPEC, trained).snapshots()
    run = Run(tmp_path / "0123456789abcdef")
    run.begin(SPEC)
    (run.folder / "snapshots").mkdir()
    path = run.folder / "snapshots" / "00000.npz"
    files.write_arrays(path, {name: array[5] for name, array in done.items()})
    old = training_film.film_of_run(run)
    path.unlink()
    files.write_arrays(path, {name: array[0] for name, array in done.items()})
    new = training_film.film_of_run(run, old)
    assert len(new) == 1 and new.step[0] == 0
