"""The two-click segmentation on every picture of the simulated patient, and what it says to clicks that cannot be right."""

from __future__ import annotations

import numpy as np
import pytest
import spines
from MarrowQuantLib.model import MarrowQuantError, Role, Volume
from MarrowQuantLib.phantom import dixon, patient, sampling
from MarrowQuantLib.phantom.stories import find_story
from MarrowQuantLib.vertebrae import segment_bodies

LUMBAR = spines.LUMBAR

# Relaxation times of water and fat in ms at 3 T, (T1, T2), our choice: rounded, so that the contrasts are those that a radiologist knows.
WATER_MS = {
    "csf": (4000.0, 1500.0),
    "disc": (1200.0, 80.0),
    "muscle": (1400.0, 35.0),
    "blood": (1900.0, 150.0),
    "bladder": (4000.0, 1500.0),
}
OTHER_WATER_MS = (1100.0, 50.0)
FAT_MS = (370.0, 70.0)
SPIN_ECHO_MS = {"T1": (600.0, 10.0), "T2": (4000.0, 90.0)}  # repetition time, echo time
PICTURES = {"water": Role.WATER, "fat": Role.FAT, "in phase": Role.IN_PHASE, "FF": Role.PDFF}
SMALLEST_ROI_ML = 2.0


@pytest.fixture(scope="module")
def body():
    return patient.make_body(find_story("responder"), 0)


@pytest.fixture(scope="module")
def pictures(body):
    products = dixon.simulate_dixon(body, np.random.default_rng(1)).products
    samples = sampling.sample(body, dixon.dixon_grid(), dixon.SHAPE)
    spin_echoes = {name: spin_echo(body, samples, *times) for name, times in SPIN_ECHO_MS.items()}
    return {**{name: products[role] for name, role in PICTURES.items()}, **spin_echoes}


@pytest.fixture(scope="module")
def centers(body):
    return {level: body.to_ras(body.column[level].center) for level in LUMBAR}


def spin_echo(body, samples, repetition_ms, echo_ms):
    """Signal of a spin echo, M (1 - exp(-TR / T1)) exp(-TE / T2) for water and for fat, with noise of 0.01."""
    density, fraction = body.table("density", "ff")

    def weight(t1, t2):
        return (1 - np.exp(-repetition_ms / t1)) * np.exp(-echo_ms / t2)

    water = np.array([weight(*WATER_MS.get(name, OTHER_WATER_MS)) for name in body.materials])
    mean = samples.mean(density * ((1 - fraction / 100) * water + fraction / 100 * weight(*FAT_MS)))
    noise = np.random.default_rng(3).normal(0, 0.01, mean.shape)
    return Volume((mean + noise).astype(np.float32), samples.ijk_to_ras)


def part_inside(roi, vertebra, body):
    """Part of an ellipsoid that lies inside the true body, from 4000 points of its volume."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (8000, 3))
    points = points[(points**2).sum(axis=1) < 1] * roi.radii_mm @ roi.axes.T + roi.center_ras
    own = (points - body.body_to_ras[:3, 3]) @ body.body_to_ras[:3, :3]
    return float(vertebra.marrow.inside(*own.T).mean())


def clicks_at(centers, seed=0, levels=("L1", "L5")):
    rng = np.random.default_rng(seed)
    return {level: centers[level] + rng.normal(0, spines.CLICK_ERROR_MM, 3) for level in levels}


@pytest.mark.parametrize("name", ["T1", "T2", *PICTURES])
def test_rois_lie_inside_the_true_bodies_in_every_contrast(body, pictures, centers, name):
    found = segment_bodies(pictures[name], clicks_at(centers))
    assert found.levels == LUMBAR
    inside = [part_inside(each.roi, body.column[each.level], body) for each in found.bodies]
    assert min(inside) > 0.99
    assert all(np.prod(each.roi.radii_mm) * 4 / 3 * np.pi > 1000 * SMALLEST_ROI_ML for each in found.bodies)


OUTSIDE_A_BODY = {
    "in front": (0.0, 40.0, 0.0),
    "behind": (0.0, -45.0, 0.0),
    "beside": (34.0, 0.0, 0.0),
}


@pytest.mark.parametrize("move", OUTSIDE_A_BODY.values(), ids=OUTSIDE_A_BODY)
def test_a_click_outside_its_body_is_doubted(pictures, centers, move):
    found = segment_bodies(pictures["in phase"], {"L1": centers["L1"] + move, "L5": centers["L5"]})
    assert np.linalg.norm(found.bodies[0].center_ras - centers["L1"]) > 10
    assert found.bodies[0].doubts and found.bodies[0].uncertainty > 1
    assert all(doubt.endswith(("check its ROI.", "check all ROIs.", "from left to right.", "right level.")) for doubt in found.doubts)


# What was clicked under which name, and the sentence.
REFUSED = {
    "swapped": ({"L1": "L5", "L5": "L1"}, "do not go down the patient"),
    "two swapped of five": ({"L1": "L1", "L2": "L3", "L3": "L2", "L4": "L4", "L5": "L5"}, "do not go down the patient"),
    "far too many levels": ({"C5": "L1", "L5": "L5"}, "check that each click has the right level"),
    "far too few levels": ({"L1": "L1", "L2": "L5"}, "check that each click has the right level"),
    "no such level": ({"L1": "L1", "L6": "L5"}, "not a vertebral level"),
}


@pytest.mark.parametrize(("names", "sentence"), REFUSED.values(), ids=REFUSED)
def test_clicks_that_cannot_be_right_are_refused(pictures, centers, names, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        segment_bodies(pictures["in phase"], {name: centers[place] for name, place in names.items()})


def test_two_clicks_on_the_same_vertebra_are_refused(pictures, centers):
    above, below = centers["L3"] + [0, 0, 6], centers["L3"] - [0, 0, 6]
    with pytest.raises(MarrowQuantError, match="12 mm apart, where about 145 mm fit"):
        segment_bodies(pictures["in phase"], {"L1": above, "L5": below})


@pytest.mark.parametrize(
    "point", [(np.nan, 0.0, 0.0), (0.0, 0.0), (0.0, 0.0, 0.0, 1.0)], ids=["not a number", "two numbers", "four numbers"]
)
def test_a_click_that_is_no_position_is_refused(pictures, centers, point):
    with pytest.raises(MarrowQuantError, match="The click of L1 is not a position"):
        segment_bodies(pictures["in phase"], {"L1": np.array(point), "L5": centers["L5"]})


WRONG_NAMES = {
    "one level too many": {"L1": "L1", "L5": "L4"},
    "two levels too many": {"L1": "L1", "L5": "L3"},
    "one level too few": {"L1": "L1", "L4": "L5"},
}


@pytest.mark.parametrize("names", WRONG_NAMES.values(), ids=WRONG_NAMES)
def test_a_wrong_number_of_levels_between_the_clicks_is_said(pictures, centers, names):
    found = segment_bodies(pictures["in phase"], {name: centers[place] for name, place in names.items()})
    assert any("check that each click has the right level" in warning for warning in found.warnings)


def test_one_level_and_all_levels_can_be_clicked(pictures, centers):
    alone = segment_bodies(pictures["in phase"], {"L3": centers["L3"]})
    every = segment_bodies(pictures["in phase"], centers)
    assert alone.levels == ("L3",) and every.levels == LUMBAR and not alone.doubts and not every.doubts
    assert all(np.linalg.norm(each.center_ras - centers[each.level]) < 4 for each in (*alone.bodies, *every.bodies))


def test_a_field_of_view_that_ends_inside_l5_is_said(pictures, centers):
    image = pictures["in phase"]
    row = round(float((np.linalg.inv(image.ijk_to_ras) @ np.r_[centers["L5"], 1.0])[1]))
    cut = Volume(image.array[:, : row + 8], image.ijk_to_ras)
    found = segment_bodies(cut, {"L1": centers["L1"], "L5": centers["L5"]})
    assert any("partly outside the field of view" in doubt for doubt in found.bodies[-1].doubts)
    assert not any("outside the field of view" in doubt for body in found.bodies[:-1] for doubt in body.doubts)
    with pytest.raises(MarrowQuantError, match="L5 lies outside the image; click inside"):
        segment_bodies(Volume(image.array[:, : row - 4], image.ijk_to_ras), {"L1": centers["L1"], "L5": centers["L5"]})
