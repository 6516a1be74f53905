"""The whole chain, from DICOM to number, on public studies of real scanners."""

import csv

import numpy as np
import pytest
from MarrowQuantLib import dicom, workflow
from MarrowQuantLib.diffusion import fit_adc
from MarrowQuantLib.model import Role, Settings, VertebraROI

UPRIGHT = np.eye(3)


def sets_of(folder):
    """Signal, shape (k, j, i, b), and b-values of each acquisition in a folder."""
    for volumes in dicom.diffusion_sets(dicom.scan(folder)):
        yield np.stack([v.load().array for v in volumes], axis=-1), np.array([v.b_value for v in volumes])


def test_the_adc_of_prostatex_agrees_with_the_scanners_own_map(shared_data):
    """The scanner fits ln S by unweighted least squares, so that is compared; it is 0.970 of the fit (see the data's own notes).

    Only voxels well above the noise count: the darkest quarter of b 800, air and noise, reaches 9.
    """
    folder = shared_data / "dwi" / "prostatex_0000"
    scanner = next(v for v in dicom.scan(folder) if v.role == Role.ADC).load().array
    ((signal, b_values),) = sets_of(folder)
    assert b_values.tolist() == [50, 400, 800]
    fit = fit_adc(signal, b_values, method="ols")
    tissue = fit.valid & (signal[..., -1] > 20) & (scanner > 0) & (fit.adc_um2_per_s > 0)
    assert np.median(scanner[tissue] / fit.adc_um2_per_s[tissue]) == pytest.approx(0.970, abs=0.005)
    assert np.corrcoef(scanner[tissue], fit.adc_um2_per_s[tissue])[0, 1] > 0.999


def test_prostatex_is_analysed_without_its_calculated_image(shared_data):
    exam = dicom.group_exams(dicom.scan(shared_data / "dwi" / "prostatex_0000"))[0]
    maps = workflow.make_maps(exam, "baseline", Settings())
    assert maps.protocol["b_values"] == [50.0, 400.0, 800.0]
    assert maps.maps["dwi_high"].name == "b800"
    used = {row["series_number"] for row in maps.series if row["used"]}
    assert used == {6}, "only the acquired diffusion series may be fitted"
    assert any("135 mm" in warning for warning in maps.findings), "a part of the body must not pass for the whole"


def test_repeated_scans_of_the_caliber_phantom_agree_within_half_a_per_cent(shared_data):
    folder = shared_data / "dwi" / "caliber_phantom"
    first, second = (fit_adc(signal, b).adc_um2_per_s for signal, b in sets_of(folder))
    signal = next(sets_of(folder))[0][..., 0]
    liquid = (signal > 0.3 * np.percentile(signal, 99.5)) & np.isfinite(first) & np.isfinite(second)
    assert np.median(second[liquid] / first[liquid]) == pytest.approx(1.0, abs=0.005)
    with (folder / "dw_000_voxel_data.csv").open(encoding="utf-8") as file:
        vials = {(int(row["VoxelZ"]), int(row["VoxelY"]), int(row["VoxelX"])) for row in csv.DictReader(file)}
    assert len(vials) == 13
    around = [(slice(k - 1, k + 2), slice(j - 1, j + 2), slice(i - 1, i + 2)) for k, j, i in vials]
    ratios = [second[vial].mean() / first[vial].mean() for vial in around]
    assert np.median(np.abs(np.array(ratios) - 1)) < 0.005


def test_the_dual_echo_series_is_split_and_gives_a_dropout_ratio_in_a_vertebra(shared_data):
    exam = dicom.group_exams(dicom.scan(shared_data / "inopposed" / "ge_dual_echo"))[0]
    maps = workflow.make_maps(exam, "baseline", Settings())
    assert maps.maps["opposed_phase"].echo_time_s == pytest.approx(0.002044)
    assert maps.maps["in_phase"].echo_time_s == pytest.approx(0.004212)
    body = VertebraROI("L1", np.array([5.4, -4.9, 72.75]), UPRIGHT, np.array([9.0, 7.0, 6.0]))
    muscle = VertebraROI("L2", np.array([35.0, -67.0, 72.75]), UPRIGHT, np.array([9.0, 6.0, 6.0]))
    vertebrae, lumbar = workflow.measure_vertebrae(maps.maps, [body, muscle])
    marrow, paraspinal = (v.measurements["dropout_ratio"] for v in vertebrae)
    assert marrow.unit == "%"
    assert marrow.n_voxels > 100
    assert 30 < marrow.value < 95, "fatty marrow loses much of its signal in opposed phase"
    assert abs(paraspinal.value) < 20, "muscle holds little fat"
    assert lumbar["dropout_ratio"].value == pytest.approx((marrow.value + paraspinal.value) / 2)


def test_an_roi_outside_a_dual_echo_study_is_refused(shared_data):
    exam = dicom.group_exams(dicom.scan(shared_data / "inopposed" / "ge_dual_echo"))[0]
    maps = workflow.make_maps(exam, "baseline", Settings())
    far = VertebraROI("L3", np.array([0.0, 0.0, 900.0]), UPRIGHT, np.array([9.0, 7.0, 6.0]))
    with pytest.raises(workflow.MarrowQuantError, match=r"L3.*field of view"):
        workflow.measure_vertebrae(maps.maps, [far])


@pytest.mark.parametrize(("date", "median"), [("date_1", 1050), ("date_2", 1154)])
def test_an_adc_map_without_rescale_and_unit_is_read_in_the_right_one_and_says_what_that_rests_on(shared_data, date, median):
    """Toshiba 1.5 T, trunk, two dates (Cancer Moonshot Biobank, doi:10.7937/DJG7-GZ87): liquids and soft tissue tell the unit."""
    exam = dicom.group_exams(dicom.scan(shared_data / "dwi" / "cmb_crc_adc" / date))[0]
    (found,) = (volume for volume in exam.volumes if volume.role == Role.ADC)
    assert found.unit == "µm²/s" and f"median is {median} (no unit in the header)" in str(found.scaling.sentence)
    adc = found.load()
    assert adc.unit == "µm²/s" and np.nanmedian(adc.array[adc.array > 0]) == pytest.approx(median, rel=0.02)
    maps = workflow.make_maps(exam, "baseline", Settings())
    tissue = VertebraROI("L5", adc.to_ras(np.argwhere(adc.array > 0).mean(axis=0)[::-1]), UPRIGHT, np.array([9.0, 9.0, 9.0]))
    ((roi,), _) = workflow.measure_vertebrae(maps.maps, [tissue])
    assert 500 < roi.measurements["adc"].value < 2500
    assert any("scanner's own map" in found for found in maps.findings)
