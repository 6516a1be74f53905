"""The main job on the digital patient: DICOM in, results out, against the truth that the simulator wrote.

The bounds are those of the product's own acceptance list, not of the simulator's noise.
"""

import json
from dataclasses import replace
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk
from helpers.cases import parameters
from MarrowQuantLib import workflow
from MarrowQuantLib.followup.repeatability import repeatability
from MarrowQuantLib.model import ACCEPTED, REJECTED, Cancelled
from MarrowQuantLib.results import results_to_dict
from MarrowQuantLib.results.document import SCHEMA_FILE
from MarrowQuantLib.vertebrae.measure import MIN_VOXELS

CASES = [("responder", "philips"), ("responder", "siemens"), ("responder", "ge"), ("non-responder", "siemens")]
LUMBAR = ("L1", "L2", "L3", "L4", "L5")
READINGS = np.array([[700.0, 702.0], [650.0, 651.0], [800.0, 797.0], [720.0, 722.0]])
SITE_LIMITS = {"adc": repeatability(READINGS, index="adc", unit="µm²/s", how="two scans on one day")}


@pytest.fixture(scope="module")
def cases(digital_patient):
    """Each case is analysed once."""
    done = {}

    def case(story, dialect):
        if (story, dialect) not in done:
            patient = digital_patient(story, dialect)
            results = workflow.analyze([patient.baseline, patient.follow_up], labs=patient.labs)
            truth = json.loads(patient.truth.read_text(encoding="utf-8"))
            done[story, dialect] = SimpleNamespace(patient=patient, results=results, truth=truth)
        return done[story, dialect]

    return case


@pytest.mark.parametrize(("story", "dialect"), CASES)
@pytest.mark.parametrize("n", [0, 1], ids=["baseline", "follow-up"])
def test_the_measurements_agree_with_the_truth(cases, story, dialect, n):
    case = cases(story, dialect)
    exam, truth = case.results.exams[n], case.truth["exams"][n]
    assert exam.label == truth["label"]
    levels = truth["levels"]
    true_mean = sum(levels[level]["ff_percent"] for level in LUMBAR) / len(LUMBAR)
    for key in ("ff", "ff_six_echo", "ff_water_fat"):
        assert exam.lumbar[key].value == pytest.approx(true_mean, abs=1.0), key
    for vertebra in exam.vertebrae:
        level = vertebra.roi.level
        for key in ("ff", "ff_six_echo", "ff_water_fat"):
            assert vertebra.measurements[key].value == pytest.approx(levels[level]["ff_percent"], abs=2.0), (level, key)
        assert vertebra.measurements["adc"].n_voxels >= MIN_VOXELS
    true_adc = sum(levels[level]["adc_um2_per_s"] for level in LUMBAR) / len(LUMBAR)
    assert exam.lumbar["adc"].value == pytest.approx(true_adc, rel=0.03)
    assert exam.burden.tdv.value == pytest.approx(truth["tdv_ml"], rel=0.10)


def test_every_lumbar_level_is_measured_with_unit_voxels_and_coverage(cases):
    exam = cases("responder", "philips").results.exams[0]
    assert [v.roi.level for v in exam.vertebrae] == list(LUMBAR)
    for vertebra in exam.vertebrae:
        for measurement in vertebra.measurements.values():
            assert measurement.unit
            assert measurement.n_voxels > 0
            assert measurement.fraction_inside == pytest.approx(1.0, abs=0.02)
            assert measurement.how


def test_the_responder_is_more_probable_to_respond_than_the_non_responder(cases):
    responder = cases("responder", "siemens").results.response
    other = cases("non-responder", "siemens").results.response
    assert responder.probability > 0.8
    assert other.probability < 0.2
    assert responder.interval[0] < responder.probability < responder.interval[1]
    assert other.interval[1] < responder.interval[0]


def test_the_three_dialects_give_the_same_measurements(cases):
    exams = [cases("responder", dialect).results.exams for dialect in ("philips", "siemens", "ge")]
    for of_date in zip(*exams):
        tolerances = {"ff": {"abs": 0.2}, "ff_six_echo": {"abs": 0.2}, "adc": {"rel": 0.01}, "dropout_ratio": {"abs": 0.5}}
        for key, tolerance in tolerances.items():
            values = [exam.lumbar[key].value for exam in of_date]
            assert values == pytest.approx([values[0]] * 3, **tolerance), key
        tdv = [exam.burden.tdv.value for exam in of_date]
        assert tdv == pytest.approx([tdv[0]] * 3, rel=0.02)


def test_decoys_are_never_measured(cases):
    for dialect in ("philips", "siemens", "ge"):
        for exam in cases("responder", dialect).results.exams:
            roles = {row["role"] for row in exam.series if not row["used"]}
            assert "localizer" in roles
            assert not any(row["used"] for row in exam.series if row["role"] in ("localizer", "calculated_dwi", "adc"))
            assert exam.protocol["b_values"] == [50.0, 400.0, 900.0]


def test_one_folder_with_both_dates_gives_the_same(cases):
    case = cases("responder", "philips")
    results = workflow.analyze([case.patient.folder], labs=case.patient.labs)
    assert results_to_dict(results)["exams"] == results_to_dict(case.results)["exams"]


def test_two_points_instead_of_a_file_place_every_level_in_its_body(cases):
    case = cases("responder", "philips")
    levels = case.truth["exams"][0]["levels"]
    points = tuple((level, levels[level]["center_ras"]) for level in ("L1", "L5"))
    results = workflow.analyze([case.patient.baseline], points=points)
    for vertebra in results.exams[0].vertebrae:
        assert vertebra.measurements["ff"].value == pytest.approx(levels[vertebra.roi.level]["ff_percent"], abs=2.0)


def test_everything_is_written_and_valid_and_names_nobody(cases, tmp_path):
    case = cases("responder", "philips")
    written = workflow.export(case.results, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["loads.npz", "measurements.csv", "report.html", "results.json"]
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(written["results"].read_text(encoding="utf-8")))
    for path in written.values():
        content = path.read_bytes().upper()
        assert b"MQ-PHANTOM" not in content, f"{path.name} holds the patient's ID"
        assert b"PHANTOM^" not in content, f"{path.name} holds the patient's name"
    assert [p.name for p in tmp_path.iterdir()] == ["out"], "a stage folder was left behind"


def test_a_failing_writer_leaves_nothing_behind(cases, tmp_path):
    def fail(results, path, progress):
        path.write_bytes(b"half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        workflow.export(cases("responder", "philips").results, tmp_path / "out", scene_writer=fail)
    assert list(tmp_path.iterdir()) == []


def test_progress_rises_from_zero_to_one_and_cancel_stops_at_once(cases):
    case = cases("responder", "ge")
    seen = []

    def cancel_late(fraction, text):
        seen.append(fraction)
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        workflow.analyze([case.patient.baseline, case.patient.follow_up], progress=cancel_late)
    assert seen == sorted(seen)
    assert seen[0] == 0.0


def test_a_reader_goes_on_in_the_panel_where_the_program_stopped(cases, tmp_path, slicer_scene):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.parameters import get_parameters
    from MarrowQuantLib.scene.results_scene import load_scene, write_scene

    written = replace(cases("responder", "philips").results, limits=SITE_LIMITS)
    write_scene(written, tmp_path / "scene.mrb")
    load_scene(tmp_path / "scene.mrb")
    case = Case(SimpleNamespace(**{**vars(parameters()), **get_parameters()}))
    assert case.can_restore()
    case.restore()
    taken_up = case.results()
    for before, after in zip(written.exams, taken_up.exams):
        assert after.burden.tdv.value == pytest.approx(before.burden.tdv.value, rel=1e-9)
        named = [[(c.lesion_id, c.state, c.region, c.near_seam) for c in exam.burden.components] for exam in (before, after)]
        assert named[0] == named[1] and named[0]
        assert {key: m.value for key, m in after.lumbar.items()} == {key: m.value for key, m in before.lumbar.items()}
        assert after.findings == before.findings and after.labs == before.labs
    assert [(c.kind, c.names_before, c.names_after) for c in taken_up.lesions] == [
        (c.kind, c.names_before, c.names_after) for c in written.lesions
    ]
    assert taken_up.response.probability == written.response.probability
    assert taken_up.history == written.history and taken_up.findings == written.findings
    assert case.limits() == SITE_LIMITS
    counted = next(c for c in case.exams["baseline"].burden.components if c.state == ACCEPTED)
    case.exams["baseline"].load.decide(counted, REJECTED)
    assert case.results().exams[0].burden.tdv.value == pytest.approx(written.exams[0].burden.tdv.value - counted.volume_ml)


def test_a_skeleton_mask_and_a_point_in_muscle_given_to_the_program_hold_for_the_reader_too(cases, tmp_path, slicer_scene):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.parameters import get_parameters
    from MarrowQuantLib.scene.results_scene import load_scene, write_scene

    patient = cases("responder", "philips").patient
    largest = cases("responder", "philips").results.exams[0].burden
    mask = np.isin(largest.labels.array, [component.label for component in largest.components[:3]]).astype(np.uint8)
    image = sitk.GetImageFromArray(mask)
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ largest.labels.ijk_to_ras
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    sitk.WriteImage(image, str(tmp_path / "bone.nii.gz"))
    written = workflow.analyze([patient.baseline], skeletons=[tmp_path / "bone.nii.gz"], muscle=[[(40.0, -60.0, 0.0)]])
    assert 3 <= len(written.exams[0].burden.components) < len(largest.components)
    write_scene(written, tmp_path / "scene.mrb")
    load_scene(tmp_path / "scene.mrb")
    case = Case(SimpleNamespace(**{**vars(parameters()), **get_parameters()}))
    case.restore()
    restored = case.exams["baseline"].burden
    assert restored.tdv.value == pytest.approx(written.exams[0].burden.tdv.value, rel=1e-9)
    assert "reader's points in muscle" in restored.tdv.how and restored.tdv.how == written.exams[0].burden.tdv.how
