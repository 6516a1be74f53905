"""The digital patient: physics against published numbers, volumes against formulas, files as read by software that is not ours."""

from __future__ import annotations

import hashlib
import itertools
import json
import math

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from MarrowQuantLib.model import Cancelled, MarrowQuantError, Role
from MarrowQuantLib.phantom import DIALECTS, STORIES, disk, dixon, dwi, ge, philips, siemens, simulate_exam, write_patient
from MarrowQuantLib.phantom.classic import write_classic
from MarrowQuantLib.phantom.enhanced import write_enhanced
from MarrowQuantLib.phantom.header import Identity
from MarrowQuantLib.phantom.patient import make_body
from MarrowQuantLib.phantom.shapes import Part, ball, paint
from MarrowQuantLib.phantom.stories import EXAM_DATES, POSES
from MarrowQuantLib.response import imwg_response, read_history
from scipy.spatial.transform import Rotation


@pytest.fixture(scope="module")
def exam():
    return simulate_exam("responder", 1, seed=3)  # the exam in which the patient lies turned


@pytest.fixture(scope="module")
def written(exam, tmp_path_factory):
    """One diffusion station and the Dixon series of every dialect, on disk."""
    folders = {}
    wanted = {"philips": (101, 201, 202, 304), "siemens": (1, 6, 12, 36, 38), "ge": (1, 2, 14)}
    for dialect, numbers in wanted.items():
        folders[dialect] = tmp_path_factory.mktemp(dialect)
        identity = Identity(exam.story, dialect, DIALECTS[dialect].manufacturer, exam.seed, exam.index, exam.date)
        count = 1
        for series in DIALECTS[dialect].series(exam):
            if series.number in numbers:
                count += (write_enhanced if series.enhanced else write_classic)(series, identity, folders[dialect], count)
    return folders


def files_of(folder, number):
    found = [(path, pydicom.dcmread(path)) for path in sorted(folder.glob("*.dcm"))]
    return [(path, header) for path, header in found if header.SeriesNumber == number]


def in_core(volume, center_ras, radii_mm, axes=None):
    """Voxels of ``volume`` whose centre lies in an ellipsoid of 0.6 times the radii."""
    k, j, i = np.indices(volume.array.shape)
    ras = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ volume.ijk_to_ras.T
    own = (ras[..., :3] - center_ras) @ np.array(np.eye(3) if axes is None else axes) / (0.6 * np.array(radii_mm))
    return volume.array[(own**2).sum(axis=-1) <= 1]


def in_level(volume, truth, level):
    level = truth["levels"][level]
    return in_core(volume, level["center_ras"], level["radii_mm"], level["axes"])


# ---- physics


# Fat phasors at 3 T computed independently from the published peak tables.
GOLDEN_PHASORS = {
    "ismrm_6": [-0.7929 - 0.0503j, 0.8168 + 0.0934j, -0.6388 - 0.0149j, 0.5556 - 0.0579j],
    "ren_marrow_9": [-0.7402 - 0.0835j, 0.7538 + 0.1507j, -0.5615 - 0.0393j, 0.4503 - 0.0027j],
}


@pytest.mark.parametrize("spectrum", GOLDEN_PHASORS)
def test_fat_phasor_agrees_with_independent_numbers(spectrum):
    times = np.array([1.15, 2.30, 3.45, 4.60]) / 1000
    assert np.allclose(dixon.fat_phasor(spectrum, times), GOLDEN_PHASORS[spectrum], atol=6e-5)
    assert np.allclose(dixon.fat_phasor(spectrum, 2 * times, 1.5), GOLDEN_PHASORS[spectrum], atol=6e-5)


@pytest.mark.parametrize(("ff", "drop"), [(0, 0.0), (10, 15.3), (30, 48.4), (50, 84.5), (60, 92.2), (80, 51.0), (100, 3.1)])
def test_signal_drop_between_in_and_opposed_phase_follows_the_published_curve(ff, drop):
    body = make_body(STORIES["responder"], 0)
    name = "L3 marrow"
    body.materials[name] = body.materials[name].__class__(1.0, float(ff), 0.0, 800.0, 9.0, "ren_marrow_9")
    in_phase, opposed = (abs(dixon.material_signal(body, t)[body.values[name]]) for t in (dixon.IN_PHASE_S, dixon.OPPOSED_PHASE_S))
    assert 100 * (in_phase - opposed) / in_phase == pytest.approx(drop, abs=0.06)


def test_diffusion_signal_has_the_adc_and_the_ratio_of_the_table():
    body = make_body(STORIES["responder"], 0)
    low, high = (dwi.material_signal(body, b) for b in (50.0, 900.0))
    muscle, normal = body.values["muscle"], body.values["T7 marrow"]
    assert low[muscle] == pytest.approx(dwi.MUSCLE_SIGNAL)
    assert high[normal] / high[muscle] == pytest.approx(3.2)  # normal marrow is brighter than muscle: PMC8161193
    assert 1e6 * math.log(low[normal] / high[normal]) / 850 == pytest.approx(422)


def test_echoes_decay_and_turn_as_the_signal_equation_says(exam):
    """In CSF there is no fat: the phase between two echoes is the field alone, and the amplitude falls by R2* alone."""
    center = np.array(exam.truth["levels"]["L3"]["center_ras"])
    axes = np.array(exam.truth["levels"]["L3"]["axes"])
    canal = center - axes[:, 1] * (exam.truth["levels"]["L3"]["radii_mm"][1] + 7.5)
    i, j, k = np.rint(np.linalg.inv(exam.dixon.ijk_to_ras) @ [*canal, 1])[:3].astype(int)
    echoes, field = exam.dixon.echoes[k, j, i], exam.dixon.field_hz[k, j, i]
    turn = np.angle(echoes[1:] * np.conj(echoes[:-1]) * np.exp(-2j * np.pi * field * 0.98e-3))
    assert np.abs(turn).max() < 5 * math.sqrt(2) * dixon.NOISE / np.abs(echoes).min()
    assert np.abs(echoes).std() < 4 * dixon.NOISE


# ---- truth


def test_painted_ellipsoid_has_its_analytic_volume():
    shape = ball((3.3, -7.1, 2.2), (14, 9, 20), (20, -35, 50))
    grid = np.diag([1.0, 1.5, 2.0, 1.0])
    grid[:3, 3] = (-30, -35, -35)
    count = paint([Part(shape, "lesion")], {"lesion": 1}, (36, 40, 60), grid).sum()
    assert count * 3.0 / 1000 == pytest.approx(4 / 3 * math.pi * 14 * 9 * 20 / 1000, rel=0.01)
    assert shape.volume_ml() == pytest.approx(4 / 3 * math.pi * 14 * 9 * 20 / 1000)


def test_lesions_have_their_analytic_volume_and_are_larger_than_5_mm(exam):
    for lesion in exam.truth["lesions"]:
        # A sample stands for 9 mm³, so the smallest lesions are counted least exactly.
        assert lesion["volume_ml"] == pytest.approx(lesion["analytic_volume_ml"], rel=0.03, abs=0.06), lesion["name"]
        assert lesion["longest_diameter_mm"] > 5


@pytest.mark.parametrize(
    ("story", "baseline", "follow_up"), [("responder", (200, 300), (20, 40)), ("non-responder", (200, 250), (240, 300))]
)
def test_true_tumour_volume_is_the_sum_of_its_parts_and_fits_the_story(story, baseline, follow_up):
    for index, (low, high) in enumerate((baseline, follow_up)):
        body = make_body(STORIES[story], index)
        grid = np.diag([3.0, 3.0, 3.0, 1.0])
        grid[:3, 3] = (-210, -120, -260)
        labels = paint(body.parts, body.values, (250, 80, 140), np.linalg.inv(body.body_to_ras) @ grid)
        active = np.isin(labels, [body.values[name] for name in body.active]).sum() * 0.027
        assert low < active < high


def test_true_tumour_volume_counts_active_tissue_only(exam):
    active = [lesion["volume_ml"] for lesion in exam.truth["lesions"] if lesion["state"] == "active"]
    responding = [lesion for lesion in exam.truth["lesions"] if lesion["state"] == "responding"]
    assert exam.truth["tdv_ml"] == pytest.approx(sum(active) + sum(exam.truth["diffuse_ml"].values()), abs=0.01)
    assert all(lesion["adc_um2_per_s"] > 1400 for lesion in responding)
    assert len(responding) >= 3


@pytest.mark.parametrize("level", ["L1", "L2", "L3", "L4", "L5"])
def test_fat_fraction_and_r2star_in_a_body_are_the_true_ones(exam, level):
    truth = exam.truth["levels"][level]
    pdff = in_level(exam.dixon.products[Role.PDFF], exam.truth, level)
    r2star = in_level(exam.dixon.products[Role.R2STAR], exam.truth, level)
    assert len(pdff) > 100
    # Noise of 1 point in 100 or more voxels, and a texture of 6 % that is correlated over some voxels.
    assert pdff.mean() == pytest.approx(truth["ff_percent"], abs=0.6)
    assert r2star.mean() == pytest.approx(truth["r2star_per_s"], abs=2)


def test_points_of_the_reader_lie_near_the_true_centres(exam):
    for level, point in exam.points.items():
        assert 0 < np.linalg.norm(point - exam.truth["levels"][level]["center_ras"]) < 5 * 1.5


def test_patient_lies_differently_at_the_second_exam(exam):
    """The truth of the second exam is that of the first, turned and shifted as the truth says."""
    first = make_body(STORIES["responder"], 0)
    turn = Rotation.from_euler("xyz", POSES[1].degrees_xyz, degrees=True)
    for level in ("T12", "L5"):
        expected = turn.apply(first.column[level].center) + POSES[1].shift_mm
        assert np.allclose(exam.truth["levels"][level]["center_ras"], expected, atol=1e-2)
        assert np.linalg.norm(expected - first.column[level].center) > 5


# ---- images


def test_stations_share_one_grid_and_overlap_by_five_slices(exam):
    for upper, lower in zip(exam.stations[:-1], exam.stations[1:]):
        step = upper[0].ijk_to_ras[2, 3] - lower[0].ijk_to_ras[2, 3]
        assert step == pytest.approx(35 * 6.0)
    gains = exam.truth["station_gains"]
    for (_, _, upper), (_, _, lower), ratio in zip(exam.stations[:-1], exam.stations[1:], np.divide(gains[:-1], gains[1:])):
        above, below = upper.array[:5], lower.array[-5:]
        body = (above > 200) & (below > 100)
        assert np.median(above[body] / below[body]) == pytest.approx(ratio, rel=0.12)  # the coil profile differs by up to 10 %


def test_adc_and_signal_ratio_can_be_found_again_in_the_images(exam):
    low, _, high = exam.stations[3]
    adc = low.like(1e6 * np.log(low.array / high.array) / 850)
    lesion = exam.truth["lesions"][0]
    radii = np.array(lesion["diameters_mm"]) / 2
    assert lesion["state"] == "active"
    assert np.median(in_core(adc, lesion["center_ras"], radii)) == pytest.approx(lesion["adc_um2_per_s"], rel=0.05)
    assert np.median(in_level(adc, exam.truth, "L3")) == pytest.approx(exam.truth["levels"]["L3"]["adc_um2_per_s"], rel=0.05)
    ratio = np.median(in_core(high, lesion["center_ras"], radii)) / np.median(in_level(high, exam.truth, "L3"))
    assert ratio == pytest.approx(lesion["b900_over_muscle"] / exam.truth["levels"]["L3"]["b900_over_muscle"], rel=0.10)  # coil profile


def test_same_seed_gives_the_same_numbers_and_another_seed_does_not(monkeypatch):
    monkeypatch.setattr(dixon, "SHAPE", (2, 40, 32))
    body = make_body(STORIES["responder"], 0)
    first, again, other = (dixon.simulate_dixon(body, np.random.default_rng(seed)).echoes for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


# ---- files


@pytest.mark.parametrize(("dialect", "number"), [("siemens", 6), ("ge", 2)])
def test_simple_itk_finds_the_true_fat_fraction_at_the_true_place(exam, written, dialect, number):
    """SimpleITK reads geometry and rescale slope by itself; a wrong sign or a swapped axis would miss the vertebra."""
    chosen = [path for path, header in files_of(written[dialect], number) if header.get("TemporalPositionIdentifier", 5) == 5]
    image = sitk.ReadImage([str(path) for path in chosen])
    for level in ("T12", "L1", "L3", "L5"):
        truth = exam.truth["levels"][level]
        lps = np.array(truth["center_ras"]) * (-1, -1, 1)
        index = image.TransformPhysicalPointToIndex(lps.tolist())
        around = sitk.GetArrayFromImage(image)[index[2] - 1 : index[2] + 2, index[1] - 2 : index[1] + 3, index[0] - 2 : index[0] + 3]
        assert around.mean() == pytest.approx(truth["ff_percent"], abs=2)


def test_philips_enhanced_frames_carry_type_scale_and_position(exam, written):
    [(_, header)] = files_of(written["philips"], 201)
    frames = header.PerFrameFunctionalGroupsSequence
    assert len(frames) == header.NumberOfFrames == 120
    kinds = [frame.MRImageFrameTypeSequence[0].FrameType[2] for frame in frames]
    assert kinds == [kind for kind in ("W", "F", "IP", "OP", "FF", "T2_STAR") for _ in range(20)]
    private = frames[90][0x2005, 0x140F].value[0]
    assert private[0x2005, 0x1011].value == "FF"
    scale = frames[90].PixelValueTransformationSequence[0]
    ff = header.pixel_array[80:100] * float(scale.RescaleSlope) + float(scale.RescaleIntercept)
    assert np.abs(ff - exam.dixon.products[Role.PDFF].array).max() <= 0.51 * 300 / 4095
    first, last = (np.array(frames[n].PlanePositionSequence[0].ImagePositionPatient, dtype=float) for n in (80, 99))
    orientation = header.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    row, column = np.array(orientation, dtype=float).reshape(2, 3)
    assert np.allclose((last - first) / 19, 4.0 * np.cross(row, column), atol=1e-5)
    assert np.allclose(first * (-1, -1, 1), exam.dixon.ijk_to_ras[:3, 3], atol=1e-5)


def test_philips_stored_values_compare_only_after_the_scale_slope(exam, written):
    """FP = DV / (RS × SS) must give the simulated signal in every volume, though the display slopes differ."""
    slopes = set()
    by_b = {volume.b_value: volume.array for volume in exam.stations[3]}
    for _, header in files_of(written["philips"], 304)[::13]:
        b, scale_slope = header[0x2001, 0x1003].value, header[0x2005, 0x100E].value
        display = header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)
        k = (header.InstanceNumber - 1) % 40
        assert header.DiffusionBValue == b
        assert np.abs(display / (float(header.RescaleSlope) * scale_slope) - by_b[b][k]).max() <= 0.51 / scale_slope
        slopes.add(float(header.RescaleSlope))
    assert len(slopes) == 3


def test_philips_phase_is_in_milliradians(exam, written):
    [(_, header)] = files_of(written["philips"], 202)
    scale = header.PerFrameFunctionalGroupsSequence[20].PixelValueTransformationSequence[0]
    phase = (header.pixel_array[20:40] * float(scale.RescaleSlope) + float(scale.RescaleIntercept)) / 1000
    assert np.abs(np.exp(1j * phase) - np.exp(1j * np.angle(exam.dixon.echoes[..., 0]))).max() < 2e-3


def test_siemens_b_value_is_private_only_and_phase_covers_the_circle(exam, written):
    trace = [header for _, header in files_of(written["siemens"], 38)]
    assert {header[0x0019, 0x100C].value for header in trace} == {900}
    assert not any("DiffusionBValue" in header for header in trace)
    assert trace[0].ImageType[2:4] == ["DIFFUSION", "TRACEW"]
    phase = files_of(written["siemens"], 12)[10][1]
    angle = phase.pixel_array * 2 * np.pi / 4095 - np.pi
    assert np.abs(np.exp(1j * angle) - np.exp(1j * np.angle(exam.dixon.echoes[10, ..., 0]))).max() < 2e-3


def test_ge_b_value_is_hidden_in_a_billion_and_contrasts_follow_temporal_position(written):
    b_values = {header[0x0043, 0x1039].value[0] for _, header in files_of(written["ge"], 14)}
    assert b_values == {1_000_000_050, 1_000_000_400, 1_000_000_900}
    positions = [header.TemporalPositionIdentifier for _, header in files_of(written["ge"], 2)]
    assert positions == [n for n in range(1, 7) for _ in range(20)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_file_says_that_it_is_synthetic_and_has_its_own_identifier(written, dialect):
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in written[dialect].glob("*.dcm")]
    assert len({header.SOPInstanceUID for header in headers}) == len(headers)
    for header in headers:
        assert str(header.PatientName) == "PHANTOM^MARROWQUANT"
        assert header.PatientID.startswith("MQ-PHANTOM-")
        assert "SYNTHETIC" in header.SeriesDescription
        assert "SYNTHETIC" in header.ImageComments
        assert "simulated" in header.Manufacturer
        assert header.BurnedInAnnotation == "NO"
        assert header.AccessionNumber == ""
        assert len(header.SOPInstanceUID) <= 64


def test_no_two_places_of_any_patient_share_a_uid():
    places = itertools.product(STORIES, DIALECTS, (1, 11), (0, 1), ("series", "instance"), (1, 11, 111, 2, 12), range(1, 130))
    uids = [Identity(story, dialect, "", seed, n, EXAM_DATES[n]).uid(*place) for story, dialect, seed, n, *place in places]
    assert len(set(uids)) == len(uids)
    parts = [("1", 1), (1, "1"), ("1, 1",), ("1", "1"), (1, 1, ""), ('1", "1',)]
    some = Identity("responder", "siemens", "", 1, 0, EXAM_DATES[0])
    assert len({some.uid(*place) for place in parts}) == len(parts)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_file_of_a_whole_patient_has_the_identifier_of_another(digital_patient, dialect):
    """Slicer's database keeps one file an identifier: of two with the same one it drops a slice."""
    patient = digital_patient("responder", dialect)
    files = [path for exam in (patient.baseline, patient.follow_up) for path in exam.rglob("*.dcm")]
    headers = [pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID", "SeriesInstanceUID"]) for path in files]
    assert len({header.SOPInstanceUID for header in headers}) == len(files) > 20
    assert not {header.SOPInstanceUID for header in headers} & {header.SeriesInstanceUID for header in headers}


def test_decoys_say_what_they_are(exam):
    calculated = next(s for s in philips.series(exam) if s.number == 351)
    scanner_adc = next(s for s in siemens.series(exam) if "ADC" in s.stacks[0].image_type)
    assert calculated.stacks[0].image_type == ("DERIVED", "PRIMARY", "DIFFUSION", "CALC_BVALUE")
    assert scanner_adc.stacks[0].image_type[0] == "DERIVED"
    assert all("LOCALIZER" in module.series(exam)[0].stacks[0].image_type for module in (philips, siemens, ge))


# ---- the whole patient


def quick_series(exam):
    """The localizer alone, so that writing a patient takes no time."""
    return ge.series(exam)[:1]


@pytest.fixture()
def quick(monkeypatch, exam):
    monkeypatch.setitem(disk.DIALECTS, "ge", disk.Dialect(ge.MANUFACTURER, quick_series))
    monkeypatch.setattr(disk, "simulate_exam", lambda *args: exam)


def test_patient_folder_holds_two_exams_labs_and_truth(quick, tmp_path):
    patient = write_patient(tmp_path / "new" / "patient", dialect="ge", seed=3)
    assert len(list((patient.baseline / "DICOM").glob("*.dcm"))) == 3
    lines = patient.labs.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "date,test,value,unit"
    assert "2025-01-14,M protein,38.0,g/L" in lines
    assert "2025-03-18,M protein,3.0,g/L" in lines
    assert "2025-01-20,therapy cycle,KRd 1," in lines
    history = read_history(patient.labs)
    assert imwg_response(history, *EXAM_DATES).category == "VGPR"
    truth = json.loads(patient.truth.read_text(encoding="utf-8"))
    assert truth["story"] == "responder"
    assert len(truth["exams"]) == 2
    assert not list(tmp_path.glob("**/.marrowquant-*"))


def test_points_are_a_slicer_point_list_in_lps(quick, exam, tmp_path):
    patient = write_patient(tmp_path / "patient", dialect="ge")
    markup = json.loads((patient.follow_up / "rois.mrk.json").read_text(encoding="utf-8"))["markups"][0]
    assert (markup["type"], markup["coordinateSystem"]) == ("Fiducial", "LPS")
    assert [point["label"] for point in markup["controlPoints"]] == ["L1", "L2", "L3", "L4", "L5"]
    for point in markup["controlPoints"]:
        assert np.allclose(np.array(point["position"]) * (-1, -1, 1), exam.points[point["label"]], atol=1e-3)


def test_same_seed_writes_the_same_bytes(quick, tmp_path):
    sums = []
    for name in ("a", "b"):
        folder = write_patient(tmp_path / name, dialect="ge", seed=3).folder
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        sums.append([(path.relative_to(folder), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files])
    assert sums[0] == sums[1]
    assert len(sums[0]) == 10


def test_folder_with_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(MarrowQuantError, match="not empty"):
        write_patient(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_cancelling_leaves_nothing_behind(quick, tmp_path):
    def cancel(fraction, text):
        raise Cancelled

    with pytest.raises(Cancelled):
        write_patient(tmp_path / "patient", dialect="ge", progress=cancel)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [{"story": "nobody"}, {"dialect": "acme"}, {"seed": -1}])
def test_unknown_story_dialect_or_seed_is_told_in_a_sentence(tmp_path, wrong):
    with pytest.raises(MarrowQuantError):
        write_patient(tmp_path / "patient", **wrong)
    assert list(tmp_path.iterdir()) == []
