"""T1 signal of vertebral marrow over discs and muscle, on drawn columns whose signals are known."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.model import Role, VertebraROI, Volume
from MarrowQuantLib.quantities import MAPS, quantity
from MarrowQuantLib.vertebrae.measure import measure_vertebrae

LEVELS = ("L1", "L2", "L3")
HEIGHTS = (35.0, 0.0, -35.0)
DISCS = (17.5, -17.5)
MARROW, DISC, MUSCLE, FAT = 240.0, 120.0, 80.0, 300.0
RADII = np.array([12.0, 9.0, 7.0])


def column(tilt_deg=0.0, *, discs=(DISC, DISC), right=MUSCLE, left=MUSCLE, scale=1.0):
    """A T1-weighted image of three bodies, two discs and two muscles, tilted about the R axis; 2 mm voxels, no noise."""
    angle = np.radians(tilt_deg)
    axes = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    ijk_to_ras = np.diag([2.0, 2.0, 2.0, 1.0])
    ijk_to_ras[:3, 3] = (-50.0, -90.0, -80.0)
    k, j, i = np.indices((80, 70, 50))
    x, y, z = axes.T @ (np.stack([i, j, k]).reshape(3, -1) * 2.0 + ijk_to_ras[:3, 3:])
    image = np.full(x.shape, FAT)
    for muscle, side in ((left, -28.0), (right, 28.0)):
        image[(np.abs(x - side) < 14) & (np.abs(y + 50) < 14)] = muscle
    for height in HEIGHTS:
        image[(np.abs(x) < 20) & (np.abs(y) < 16) & (np.abs(z - height) < 12)] = MARROW
    for height, signal in zip(DISCS, discs):
        image[(np.abs(x) < 20) & (np.abs(y) < 16) & (np.abs(z - height) < 4)] = signal
    rois = [VertebraROI(level, axes @ np.array([0, 0, height]), axes, RADII) for level, height in zip(LEVELS, HEIGHTS)]
    return {"t1": Volume((image * scale).reshape(k.shape).astype(np.float32), ijk_to_ras, Role.T1, quantity="signal")}, rois


@pytest.mark.parametrize("tilt", [0.0, 20.0, -35.0])
@pytest.mark.parametrize("scale", [1.0, 0.004, 50.0])
def test_the_ratios_are_those_drawn_at_any_scale_of_the_signal_and_tilt_of_the_column(tilt, scale):
    vertebrae, lumbar = measure_vertebrae(*column(tilt, scale=scale))
    for vertebra in vertebrae:
        assert vertebra.measurements["t1_to_discs"].value == pytest.approx(MARROW / DISC, rel=1e-5)
        assert vertebra.measurements["t1_to_muscle"].value == pytest.approx(MARROW / MUSCLE, rel=1e-5)
    assert lumbar["t1_to_discs"].value == pytest.approx(2.0, rel=1e-5) and lumbar["t1_to_discs"].unit == "1"


def test_the_middle_body_is_held_against_both_discs_and_the_ends_against_one():
    vertebrae, _ = measure_vertebrae(*column(discs=(DISC, 60.0)))
    ends = [vertebrae[n].measurements["t1_to_discs"] for n in (0, 2)]
    assert [m.value for m in ends] == pytest.approx([2.0, 4.0])
    assert "1 neighbouring disc;" in ends[0].how
    middle = vertebrae[1].measurements["t1_to_discs"]
    assert "2 neighbouring discs" in middle.how and middle.value == pytest.approx(MARROW / ((DISC + 60.0) / 2))


@pytest.mark.parametrize("sides", [{"right": FAT}, {"left": 200.0}])
def test_a_fatty_muscle_on_one_side_does_not_count(sides):
    vertebrae, _ = measure_vertebrae(*column(**sides))
    assert [v.measurements["t1_to_muscle"].value for v in vertebrae] == pytest.approx([MARROW / MUSCLE] * 3)


def test_where_there_is_no_neighbour_or_no_muscle_in_view_there_is_no_number():
    maps, rois = column()
    alone, _ = measure_vertebrae(maps, [rois[0], rois[2]])
    assert all("t1_to_discs" not in v.measurements and "t1_to_muscle" in v.measurements for v in alone)
    narrow = maps["t1"].like(maps["t1"].array[:, 35:], ijk_to_ras=maps["t1"].ijk_to_ras @ np.array(
        [[1, 0, 0, 0], [0, 1, 0, 35], [0, 0, 1, 0], [0, 0, 0, 1.0]]
    ))
    cut, _ = measure_vertebrae({"t1": narrow}, rois)
    assert all("t1_to_muscle" not in v.measurements and "t1_to_discs" in v.measurements for v in cut)
    assert measure_vertebrae({}, rois)[0][0].measurements == {}


def test_t1_images_of_an_exam_become_its_map_and_the_tables_show_both_ratios():
    assert next(row for row in MAPS if row.role is Role.T1).is_ready
    assert [quantity(key).head("ja") for key in ("t1_to_discs", "t1_to_muscle")] == ["T1／椎間板", "T1／筋"]
    assert quantity("t1_to_discs").head("en") == "T1 / disc"
