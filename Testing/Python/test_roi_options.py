"""Size and shape of vertebral ROIs: what the shell is told reaches every way in which ROIs come about."""

from __future__ import annotations

import argparse

import numpy as np
import pytest
from helpers import fake_exams
from MarrowQuantLib import workflow
from MarrowQuantLib.commands.roi_options import add_roi_options, shape_of, size_of, with_rois
from MarrowQuantLib.model import Settings, VertebraROI
from MarrowQuantLib.vertebrae import rasterise, write_markups


def options(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_roi_options(parser)
    return parser.parse_args(given)


@pytest.mark.parametrize(
    ("given", "shape", "radii"),
    [
        ((), "ellipsoid", (12.0, 9.0, 7.0)),
        (("--roi-shape", "cylinder"), "cylinder", (12.0, 9.0, 7.0)),
        (("--roi-shape", "disc"), "cylinder", (12.0, 9.0, 2.5)),
        (("--roi-shape", "disc", "--roi-size", "8,8,4"), "cylinder", (8.0, 8.0, 4.0)),
        (("--roi-size=10,7.5,5",), "ellipsoid", (10.0, 7.5, 5.0)),
    ],
)
def test_a_disc_is_a_flat_cylinder_unless_its_size_is_given(given, shape, radii):
    settings = with_rois(options(*given), Settings())
    assert (settings.roi_shape, settings.roi_radii_mm) == (shape, radii)


@pytest.mark.parametrize("wrong", ["10,7", "a,b,c", "0,5,5", "10,7,99", "nan,5,5", ""])
def test_a_size_that_is_none_is_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        options(f"--roi-size={wrong}")
    assert "three half-lengths in mm" in capsys.readouterr().err


def test_without_a_size_the_largest_that_fits_is_left_to_the_search():
    assert size_of(options(), None) is None and shape_of(options()) == "ellipsoid"


def test_points_and_clicks_get_the_shape_and_a_files_own_shape_stays(tmp_path):
    maps = fake_exams.exam_maps("baseline")
    settings = with_rois(options("--roi-shape", "disc"), Settings())
    ends = (("L1", (0.0, 0.0, 60.0)), ("L5", (0.0, 0.0, -60.0)))
    rois, _ = workflow.exam_rois_from(maps, settings, None, ends)
    assert {(roi.shape, tuple(roi.radii_mm)) for roi in rois} == {("cylinder", (12.0, 9.0, 2.5))} and len(rois) == 5
    size = np.full(3, 9.0)
    own = [VertebraROI(level, np.array([0.0, 0.0, z]), np.eye(3), size, "box") for level, z in (("L1", 60.0), ("L2", 30.0))]
    write_markups(tmp_path / "own.mrk.json", own)
    kept, _ = workflow.exam_rois_from(maps, settings, tmp_path / "own.mrk.json")
    assert {(roi.shape, tuple(roi.radii_mm)) for roi in kept} == {("box", (9.0, 9.0, 9.0))}


@pytest.mark.parametrize(("shape", "volume"), [("ellipsoid", 4 / 3 * np.pi), ("cylinder", 2 * np.pi), ("box", 8.0)])
def test_each_shape_holds_its_volume(shape, volume):
    ff = fake_exams.exam_maps("baseline").maps["ff"]
    fine = ff.like(np.zeros((120, 120, 120), np.float32))
    fine.ijk_to_ras[:3, :3], fine.ijk_to_ras[:3, 3] = np.diag([0.5, 0.5, 0.5]), (-30, -30, -30)
    roi = VertebraROI("L3", np.array([0.1, -0.2, 0.3]), np.eye(3), np.array([12.0, 9.0, 7.0]), shape)
    assert rasterise(roi, fine).mask().sum() * 0.125 == pytest.approx(volume * 12 * 9 * 7, rel=0.01)
