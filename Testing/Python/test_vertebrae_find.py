"""The vertebrae without a click: the bodies in view and their levels, counted from the sacrum, or told to be unsure."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest
from helpers import simulated_spine, spines
from helpers.studies import ABSENT
from MarrowQuantLib import cli, workflow
from MarrowQuantLib.exam.maps import ExamMaps
from MarrowQuantLib.io.imagefiles import write_volume
from MarrowQuantLib.model import MarrowQuantError, Settings, Volume
from MarrowQuantLib.vertebrae import find_bodies, find_column, level_findings, segment_bodies


@lru_cache(maxsize=1)
def simulated():
    return simulated_spine.simulated_spine()


def errors(column, centers):
    return [np.linalg.norm(at - centers[level]) for level, at in zip(column.levels, column.centers_ras) if level in centers]


@pytest.mark.parametrize("picture", ["T1", "T2", "water", "in phase"])
def test_the_simulated_column_is_found_and_counted_from_its_sacrum(picture):
    column = find_column(simulated().pictures[picture])
    assert column.levels[-1] == "L5" and column.anchor == "sacrum"
    assert set(simulated_spine.spines.LUMBAR) <= set(column.levels)
    assert max(errors(column, simulated().centers)) < 4


def test_an_inverted_picture_shows_the_same_column():
    image = simulated().pictures["T1"]
    one, other = find_column(image), find_column(image.like(image.array.max() - image.array))
    assert one.levels == other.levels and one.bright_discs != other.bright_discs
    np.testing.assert_allclose(one.centers_ras, other.centers_ras, atol=2)


def test_one_click_tells_the_levels_even_against_the_sacrum():
    image, centers = simulated().pictures["T1"], simulated().centers
    column = find_column(image, ("L2", centers["L3"]))
    near = dict(zip(column.levels, column.centers_ras))
    assert column.anchor == "click" and np.linalg.norm(near["L2"] - centers["L3"]) < 4
    assert np.linalg.norm(near["L1"] - centers["L2"]) < 4


def test_the_count_is_shifted_by_one_number():
    image, centers = simulated().pictures["T1"], simulated().centers
    found, column = find_bodies(image, shift=-1)
    near = {body.level: body.center_ras for body in found.bodies}
    assert column.levels[-1] == "L4" and np.linalg.norm(near["L4"] - centers["L5"]) < 5
    with pytest.raises(MarrowQuantError, match="column ends there"):
        find_bodies(image, shift=9)


def test_clicks_one_level_off_are_told_by_the_sacrum():
    image, centers = simulated().pictures["T1"], simulated().centers
    right = segment_bodies(image, {"L1": centers["L1"], "L5": centers["L5"]})
    wrong = segment_bodies(image, {"T12": centers["L1"], "L4": centers["L5"]})
    assert not level_findings(image, right)
    (said,) = level_findings(image, wrong)
    assert "L4" in said and "L5" in said


def test_without_the_sacrum_the_levels_are_said_to_be_unsure():
    image, centers = simulated().pictures["T1"], simulated().centers
    index = image.to_ijk((centers["L3"] + centers["L4"]) / 2).round().astype(int)
    up = image.ijk_to_ras[2, :3]
    axis = int(np.argmax(np.abs(up)))
    cut = [slice(None)] * 3
    cut[2 - axis] = slice(0, index[axis]) if up[axis] < 0 else slice(index[axis], None)
    matrix = image.ijk_to_ras.copy()
    start = np.zeros(3)
    start[axis] = cut[2 - axis].start or 0
    matrix[:3, 3] = image.to_ras(start)
    column = find_column(Volume(image.array[tuple(cut)], matrix, name="T1"))
    assert column.anchor == "shape" and column.probability < 0.85
    assert "not sure" in column.counted_from


def test_an_exam_without_points_gets_the_bodies_in_view_or_says_why_not():
    maps = ExamMaps(label="baseline", date=None, maps={"water": simulated().pictures["water"]})
    rois, notes = workflow.exam_rois_from(maps, Settings(), None, ())
    assert [roi.level for roi in rois][-5:] == list(spines.LUMBAR) and "without a click" in notes[0]
    assert max(np.linalg.norm(roi.center_ras - simulated().centers[roi.level]) for roi in rois[-5:]) < 6
    empty = ExamMaps(label="baseline", date=None, maps={"water": Volume(np.eye(40)[None].repeat(40, 0), np.eye(4))})
    rois, notes = workflow.exam_rois_from(empty, Settings(), None, ())
    assert not rois and "No column" in notes[0]


def test_noise_has_no_column():
    rng = np.random.default_rng(1)
    with pytest.raises(MarrowQuantError, match="No column"):
        find_column(Volume(rng.normal(100, 5, (30, 120, 120)).astype(np.float32), np.diag([4.0, 1.5, 1.5, 1.0])))


def test_the_command_finds_counts_and_shifts(tmp_path, capsys):
    path = tmp_path / "t1.nii.gz"
    write_volume(simulated().pictures["T1"], path)
    assert cli.main(["vertebrae", str(path), "--auto", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["bodies"][-1]["level"] == "L5" and "sacrum" in found["findings"][0]["sentence"]
    assert found["warnings"] == [told["sentence"] for told in found["findings"]]  # for scripts from before there were codes
    assert cli.main(["vertebrae", str(path), "--shift", "1", "--click", "L1=0,0,0"]) == 1
    assert cli.main(["vertebrae", str(path), "--auto", "--click", "L1=0,0,0", "--click", "L5=0,0,9"]) == 1


@pytest.mark.parametrize("number", [2, 7])
def test_real_spines_without_a_click_are_found_as_well_as_with_two(number):
    if not spines.SPINES.is_dir():
        pytest.skip(ABSENT)
    case = spines.spine(number)
    found, column = find_bodies(case.image)
    near = {body.level: body.center_ras for body in found.bodies}
    assert column.anchor == "sacrum" and column.probability > 0.85
    assert max(np.linalg.norm(near[level] - at) for level, at in zip(spines.LUMBAR, case.centers)) < 5
