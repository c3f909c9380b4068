"""What the map refuses, what it makes of an answer, and what its parts hold."""

import numpy as np
import pytest

from pages.widgets.components import latent_map
from pages.widgets.components.latent_map import Mark, Panel, Picked


def checked(
    panels=None, numbers=range(4), labels=None, images=None, values=None, colour="class", style="dots", tool="click"
):
    panels = [Panel(np.zeros((4, 2)))] if panels is None else panels
    return latent_map._check(panels, np.array(numbers), labels, images, values, colour, style, tool)


@pytest.mark.parametrize("dims", [2, 3])
def test_what_belongs_together_is_taken(dims):
    panel = Panel(np.zeros((4, dims)), near=np.zeros((4, 3), int), near_map=np.full((4, 3), 3), errors=np.zeros(4))
    assert checked([panel, panel], labels=np.arange(4), images=np.zeros((4, 2, 2)), colour="error") == 4
    assert checked([Panel(np.zeros((0, 2)), near=np.zeros((0, 3), int))], numbers=[]) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"panels": []}, "panels: got 0"),
        ({"panels": [Panel(np.zeros((4, 2)))] * 3}, "panels: got 3"),
        ({"panels": [Panel(np.zeros((3, 2)))]}, r"points: got shape \(3, 2\)"),
        ({"panels": [Panel(np.zeros((4, 4)))]}, r"points: got shape \(4, 4\)"),
        ({"panels": [Panel(np.zeros((4, 2)), near=np.zeros((3, 2), int))]}, "near: got 3"),
        ({"panels": [Panel(np.zeros((4, 2)), near=np.full((4, 2), 4))]}, "near: got 4 to 4"),
        ({"panels": [Panel(np.zeros((4, 2)), near_map=np.full((4, 2), -1))]}, "near: got -1"),
        ({"panels": [Panel(np.zeros((4, 2)), reconstructions=np.zeros((5, 2, 2)))]}, "reconstructions: got 5"),
        ({"labels": np.zeros(3)}, "labels: got 3"),
        ({"images": np.zeros((3, 2, 2))}, "images: got 3"),
        ({"values": np.zeros(5)}, "values: got 5"),
        ({"colour": "error"}, "colour: got 'error'"),
        ({"colour": "trust"}, "colour: got 'trust'"),
        ({"style": "stars"}, "got 'stars'"),
        ({"tool": "hammer"}, "'hammer'"),
    ],
)
def test_what_does_not_belong_together_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        checked(**wrong)


def test_an_answer_is_read_as_far_as_it_makes_sense():
    read = latent_map._picked
    assert read({"point": 2, "selection": [2, 0]}, 4) == Picked(2, [2, 0])
    assert read({"point": None, "selection": []}, 4) == Picked(None, [])
    assert read({"point": 9, "selection": [3, 4, 3, -1, "1", 2.0, True, None]}, 4) == Picked(None, [3])
    assert read({"point": "0", "selection": "all"}, 4) == Picked(None, [])
    assert read(None, 4) is None


def test_colours_run_from_the_2nd_to_the_98th_percentile_and_skip_what_is_no_number():
    values = np.r_[np.linspace(0, 1, 98), 1000, np.nan].astype("f4")
    panel = Panel(np.zeros((100, 2)))
    view, arrays = latent_map._view([panel], None, [], "trust", values, "Trust", (), 100)
    steps = arrays["steps0"]
    assert steps[0] == 0 and steps[-2] == latent_map.STEPS - 1 and steps[-1] == 255
    assert view["scale"]["name"] == "Trust" and len(view["scale"]["ticks"]) == 3
    assert view["scale"]["ticks"][0] < view["scale"]["ticks"][2] < "2"


@pytest.mark.parametrize("values", [np.zeros(3), np.full(3, np.nan), np.array([np.inf, 1, 1])])
def test_values_that_are_all_alike_have_a_scale_too(values):
    low, high = latent_map._range(values.astype("f4"))
    assert np.isfinite([low, high]).all() and low < high


def test_two_panels_errors_share_one_scale():
    panels = [Panel(np.zeros((3, 2)), errors=np.array(e)) for e in ([0, 1, 2.0], [2, 3, 4.0])]
    _, arrays = latent_map._view(panels, None, [], "error", None, "", (), 3)
    assert arrays["steps0"][2] == arrays["steps1"][0]


def test_parts_are_named_by_their_content_so_that_another_projection_keeps_the_images():
    images, points = np.arange(48, dtype=np.uint8).reshape(3, 4, 4), np.zeros((3, 2))

    def versions(points, images):
        slots = latent_map._slots([Panel(points, near=np.zeros((3, 1), int))], np.arange(3), None, images, 3)
        return {slot: header["version"] for slot, (header, _) in slots.items()}

    before, moved, brighter = versions(points, images), versions(points + 1, images), versions(points, images + 1)
    assert before["images"] == moved["images"] and before["panel0"] != moved["panel0"]
    assert before["images"] != brighter["images"] and before["panel0"] == brighter["panel0"]


def test_labels_that_skip_numbers_count_the_classes_there_are():
    slots = latent_map._slots([Panel(np.zeros((3, 2)))], np.arange(3), np.array([7, 2, 7]), None, 3)
    assert slots["samples"][1]["groups"].tolist() == [1, 0, 1]
    view, _ = latent_map._view(
        [Panel(np.zeros((3, 2)))], np.array([7, 2, 7]), list("abcdefgh"), "class", None, "", (), 3
    )
    assert [group["name"] for group in view["classes"]] == ["c", "h"]


def test_marks_travel_with_their_pictures():
    marks = [Mark(0, (1, 2), "mine"), Mark(1, (3, 4), "<b>", np.ones((2, 2), np.uint8))]
    view, arrays = latent_map._view([Panel(np.zeros((1, 2)))] * 2, None, [], "class", None, "", marks, 1)
    assert [mark["text"] for mark in view["marks"]] == ["mine", "<b>"]
    assert "mark0" not in arrays and arrays["mark1"].shape == (2, 2)
