"""Indices of other diffusion models: in each ROI where the b-values allow them, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from MarrowQuantLib.exam.maps import ExamBuilder, add_stations
from MarrowQuantLib.model import Role, Settings, VertebraROI, Volume, no_progress
from MarrowQuantLib.vertebrae import ImageShift
from MarrowQuantLib.vertebrae.measure import measure_vertebrae

IVIM_B = (0.0, 20.0, 50.0, 80.0, 200.0, 300.0, 500.0, 800.0)
KURTOSIS_B = (0.0, 500.0, 1000.0, 1500.0, 2000.0)
F, D, D_STAR, K = 0.12, 0.8e-3, 20e-3, 0.9
ROI = VertebraROI("L3", np.zeros(3), np.eye(3), np.array([10.0, 10.0, 10.0]))


def ivim(b):
    return F * np.exp(-b * D_STAR) + (1 - F) * np.exp(-b * D)


def kurtosis(b):
    return np.exp(-b * D + (b * D) ** 2 * K / 6)


def maps_of(b_values, signal, stations=1):
    return build_of(b_values, signal, stations).maps


def build_of(b_values, signal, stations=1):
    """The maps of stations with this decay in all voxels, with noise of SNR 500, stacked from the head down without a gap."""
    rng, built = np.random.default_rng(3), []
    for n in range(stations):
        matrix = np.diag([4.0, 4.0, 4.0, 1.0])
        matrix[:3, 3] = [-30.0, -30.0, -30.0 - 40.0 * n]
        built.append({
            b: SimpleNamespace(volume=Volume(
                (1000 * signal(b) + rng.normal(0, 2, (16, 16, 16))).astype(np.float32), matrix, Role.DWI, "signal", "", name=f"b{b:g}",
                b_value=b,
            )) for b in b_values
        })  # fmt: skip
    build = ExamBuilder(SimpleNamespace(volumes=[], findings=()), Settings(), no_progress)
    build.load = lambda held: held.volume
    add_stations(build, built)
    return build


@pytest.mark.parametrize(("b_values", "signal", "key", "truth", "within"), [
    (IVIM_B, ivim, "ivim_f", 100 * F, 1.0),
    (KURTOSIS_B, kurtosis, "kurtosis", K, 0.05),
])  # fmt: skip
@pytest.mark.parametrize("stations", [1, 2])
def test_an_roi_has_the_index_that_its_signal_was_made_with(b_values, signal, key, truth, within, stations):
    maps = maps_of(b_values, signal, stations)
    (vertebra,), lumbar = measure_vertebrae(maps, [ROI])
    assert vertebra.measurements[key].value == pytest.approx(truth, abs=within) and lumbar[key].value == vertebra.measurements[key].value
    how = vertebra.measurements[key].how
    assert f"{b_values[0]:g}, {b_values[1]:g}" in how, "the b-values stand with the value"
    assert {"ivim_f", "kurtosis"} & set(maps) == {key}


def test_b_values_that_cannot_show_it_give_no_index():
    assert {"ivim_f", "kurtosis"}.isdisjoint(maps_of((50.0, 400.0, 900.0), ivim))
    assert {"ivim_f", "kurtosis"}.isdisjoint(maps_of((0.0, 200.0, 400.0, 800.0), ivim))


def test_it_is_measured_where_the_adc_is():
    maps = maps_of(IVIM_B, ivim)
    bright = maps["ivim_f"].array.copy()
    bright[:, :, :8] += 30.0  # to the left of R 0
    maps = {**maps, "ivim_f": maps["ivim_f"].like(bright)}
    shift = ImageShift(np.array([9.0, 0.0, 0.0]), 0.2, 0.9)
    small = VertebraROI("L3", np.array([-5.0, 0.0, 0.0]), np.eye(3), np.array([4.0, 10.0, 10.0]))
    assert shift.accepted
    there, moved = (measure_vertebrae(maps, [small], given)[0][0] for given in ({}, {"adc": shift}))
    assert there.measurements["ivim_f"].value > moved.measurements["ivim_f"].value + 25
    assert moved.moved_rois.keys() >= {"adc", "ivim_f"}


@pytest.mark.parametrize(("signal", "told"), [(kurtosis, []), (lambda b: kurtosis(2000.0 - b), [1, 2])])
def test_images_that_become_brighter_with_the_b_value_are_a_serious_finding(signal, told):
    """As where the b-values of an export are exchanged."""
    found = [one for one in build_of(KURTOSIS_B, signal, stations=2).findings if one.code == "diffusion.rising"]
    assert [one.about["station"] for one in found] == told
    assert all(one.severity == "serious" for one in found)
