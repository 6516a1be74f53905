"""The digital patient, written in three vendors' ways of writing DICOM, must be read as the same patient."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.dicom import SeriesVolume, diffusion_sets, group_exams, scan
from MarrowQuantLib.model import Role
from MarrowQuantLib.phantom import DIALECTS, simulate_exam
from MarrowQuantLib.phantom.classic import write_classic
from MarrowQuantLib.phantom.enhanced import write_enhanced
from MarrowQuantLib.phantom.header import Identity

DIXON = (Role.WATER, Role.FAT, Role.IN_PHASE, Role.OPPOSED_PHASE, Role.PDFF, Role.R2STAR)
N_STATIONS = 2
LAST_SERIES = {"philips": 302, "siemens": 31, "ge": 12}  # the second whole-body station; the others add only time


@pytest.fixture(scope="module")
def exams(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[SeriesVolume]]:
    exam = simulate_exam("responder", 0, 1)
    found = {}
    for name, dialect in DIALECTS.items():
        folder = tmp_path_factory.mktemp(name)
        identity = Identity(exam.story, name, dialect.manufacturer, exam.seed, exam.index, exam.date)
        number = 1
        for series in dialect.series(exam):
            if series.number <= LAST_SERIES[name]:
                number += (write_enhanced if series.enhanced else write_classic)(series, identity, folder, number)
        found[name] = scan(folder)
    return found


def _one(volumes: list[SeriesVolume], role: Role) -> SeriesVolume:
    (volume,) = [volume for volume in volumes if volume.role == role]
    return volume


def _complex_echoes(volumes: list[SeriesVolume]) -> dict[float, np.ndarray]:
    parts: dict[float, dict[str, np.ndarray]] = {}
    for volume in volumes:
        if volume.role == Role.MULTI_ECHO:
            parts.setdefault(round(volume.echo_time_s, 6), {})[volume.component] = volume.load().array
    if "real" in next(iter(parts.values())):
        return {time: p["real"] + 1j * p["imaginary"] for time, p in parts.items()}
    return {time: p["magnitude"] * np.exp(1j * p["phase"]) for time, p in parts.items()}


@pytest.mark.parametrize("name", DIALECTS)
def test_every_series_is_recognised_without_a_problem(exams: dict, name: str) -> None:
    volumes = exams[name]
    assert not any(v.problem for v in volumes)
    assert not any(v.role == Role.UNKNOWN for v in volumes)
    assert all(v.synthetic for v in volumes)
    assert len(group_exams(volumes)) == 1
    for role in DIXON:
        assert _one(volumes, role).confidence >= 0.8
    sets = [[(v.station, v.b_value) for v in one] for one in diffusion_sets(volumes)]
    assert sets == [[(station, b) for b in (50.0, 400.0, 900.0)] for station in range(1, N_STATIONS + 1)]


@pytest.mark.parametrize("name", ["siemens", "ge"])
def test_dialects_give_the_same_maps_on_the_same_grid(exams: dict, name: str) -> None:
    """Stored as integers with a step of up to 0.1 % (fat fraction), 0.25 1/s (R2*) and 1 (signal): half a step each."""
    for role in DIXON:
        ours, philips = _one(exams[name], role).load(), _one(exams["philips"], role).load()
        assert ours.same_grid(philips)
        assert ours.unit == philips.unit
        if role == Role.R2STAR:  # Philips stores T2*, whose steps are coarse where R2* is large
            inside = (philips.array > 15) & (philips.array < 150)
            np.testing.assert_allclose(ours.array[inside], philips.array[inside], rtol=0.02, atol=0.3)
        elif role == Role.PDFF:  # these two cannot store a fat fraction below 0
            inside = philips.array >= 0
            np.testing.assert_allclose(ours.array[inside], philips.array[inside], atol=0.1)
        else:
            np.testing.assert_allclose(ours.array, philips.array, atol=1.01)


@pytest.mark.parametrize("name", ["siemens", "ge"])
def test_dialects_give_the_same_diffusion_signal_up_to_one_factor(exams: dict, name: str) -> None:
    """One factor for all b-values and stations: a factor for each would change the ADC and the stitching."""
    ratios = []
    for ours, philips in zip(diffusion_sets(exams[name]), diffusion_sets(exams["philips"])):
        for a, b in zip(ours, philips):
            a_values, b_values = a.load().array, b.load().array
            bright = b_values > 0.2 * b_values.max()
            ratios.append(np.median(a_values[bright] / b_values[bright]))
    assert len(ratios) == 3 * N_STATIONS
    np.testing.assert_allclose(ratios, ratios[0], rtol=2e-3)


@pytest.mark.parametrize("name", ["siemens", "ge"])
def test_dialects_give_the_same_complex_echoes(exams: dict, name: str) -> None:
    ours, philips = _complex_echoes(exams[name]), _complex_echoes(exams["philips"])
    assert sorted(ours) == sorted(philips)
    assert len(ours) == 6
    factors = []
    for time, reference in philips.items():
        bright = np.abs(reference) > 0.2 * np.abs(reference).max()
        ratio = ours[time][bright] / reference[bright]
        assert np.abs(np.angle(ratio)).max() < 0.02
        factors.append(np.median(np.abs(ratio)))
    np.testing.assert_allclose(factors, factors[0], rtol=2e-3)
