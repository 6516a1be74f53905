"""One patient in the scene, without Qt: what the panel's buttons do, on real MRML nodes."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from helpers import fake_exams
from helpers.cases import parameters, place
from MarrowQuantLib import workflow
from MarrowQuantLib.model import ACCEPTED, REJECTED, LabValue, MarrowQuantError


@pytest.fixture
def case(slicer_scene, no_bone_proposed):
    from MarrowQuantLib.scene.case.case import Case

    case = Case(parameters())
    case.replace_by([fake_exams.exam_maps(label) for label in ("baseline", "follow-up")])
    return case


def test_points_are_named_downwards_in_the_order_of_placing(case):
    exam = case.exams["baseline"]
    place(exam)
    assert [roi.level for roi in exam.rois.now()] == ["L1", "L2", "L3", "L4", "L5"]


def test_a_count_from_the_wrong_vertebra_is_corrected_for_the_whole_column(case):
    exam = case.exams["baseline"]
    place(exam)
    exam.rois.rename_from("T12")
    assert [roi.level for roi in exam.rois.now()] == ["T12", "L1", "L2", "L3", "L4"]
    assert exam.rois.now()[0].center_ras[2] == pytest.approx(60.0)


def test_each_point_placed_is_taken_back(case):
    exam = case.exams["baseline"]
    for level, z in fake_exams.LEVEL_Z.items():
        exam.rois.points().AddControlPointWorld([0.0, 0.0, z], level)
        exam.measure()
    exam.rois.undo()
    assert [roi.level for roi in exam.rois.now()] == ["L1", "L2", "L3", "L4"]
    for _ in range(4):
        exam.rois.undo()
    assert exam.rois.now() == [] and not exam.rois.can_undo
    exam.rois.undo()  # nothing left to undo: nothing happens


def test_every_change_of_the_rois_is_taken_back(case):
    exam = case.exams["baseline"]
    place(exam)
    exam.measure()
    changes = [
        lambda: exam.rois.rename_from("T12"),
        lambda: exam.rois.exclude("L2", "fracture"),
        lambda: exam.rois.points_node.SetNthControlPointPositionWorld(2, 3.0, 2.0, 1.0),
        lambda: exam.rois.replace(exam.rois.now()[1:]),
        lambda: exam.rois.replace([replace(roi, radii_mm=np.array([5.0, 6.0, 4.0]), shape="cylinder") for roi in exam.rois.now()]),
    ]
    seen = [described(exam)]
    for change in changes:
        change()
        exam.measure()
        seen.append(described(exam))
    assert len(set(seen)) == len(seen)
    for before in seen[-2::-1]:
        exam.rois.undo()
        assert described(exam) == before


def described(exam):
    return tuple((roi.level, tuple(roi.center_ras), tuple(roi.radii_mm), roi.shape, roi.excluded) for roi in exam.rois.now())


def test_another_tools_segmentation_is_taken_over_and_taken_back(case):
    import slicer

    exam = case.exams["baseline"]
    place(exam)
    exam.rois.exclude("L2", "haemangioma")
    before = described(exam)
    node = fake_exams.segmentation({"vertebrae_L1": 60.0, "vertebrae_L2": 30.0, "vertebrae_L3": 0.0, "liver": -30.0})
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.array([[1, 0, 0, 2.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])))
    node.SetAndObserveTransformNodeID(shift.GetID())
    exam.rois.take_over(node)
    exam.measure()
    assert [(roi.level, roi.excluded) for roi in exam.rois.now()] == [("L1", None), ("L2", "haemangioma"), ("L3", None)]
    for roi, z in zip(exam.rois.now(), (60.0, 30.0, 0.0)):
        assert roi.center_ras[[0, 2]] == pytest.approx((1.0, z - 1.0), abs=0.1)  # centre of the block, moved by 2 mm
        assert np.all(roi.radii_mm <= (12.0, 9.0, 7.0))
    told = "1 of the labels are no vertebra or are empty, and were not taken over."
    assert told in exam.findings and told in exam.result().findings
    exam.rois.undo()
    assert described(exam) == before and exam.findings == ()
    with pytest.raises(MarrowQuantError, match="no labelled vertebra"):
        exam.rois.take_over(fake_exams.segmentation({"liver": 0.0}))


def test_the_notes_of_a_placement_come_back_with_the_scene(case):
    exam = case.exams["baseline"]
    exam.rois.take_over(fake_exams.segmentation({"vertebrae_L1": 60.0, "vertebrae_L2": 30.0, "spleen": 0.0}))
    told = exam.rois.findings
    assert told
    case.restore()
    assert case.exams["baseline"].rois.findings == told


def test_levels_between_two_points_are_filled_in(case):
    exam = case.exams["baseline"]
    node = exam.rois.points()
    for level in ("L1", "L5"):
        node.AddControlPointWorld([0.0, 0.0, fake_exams.LEVEL_Z[level]], level)
    exam.rois.fill_between()
    assert [roi.level for roi in exam.rois.now()] == ["L1", "L2", "L3", "L4", "L5"]


def test_filling_in_needs_two_points(case):
    with pytest.raises(MarrowQuantError, match="Two points"):
        case.exams["baseline"].rois.fill_between()


def test_measuring_gives_the_known_fat_fraction_and_adc_and_shows_the_rois(case):
    for exam in case.exams.values():
        place(exam)
    case.measure()
    for label, exam in case.exams.items():
        assert exam.lumbar["ff"].value == pytest.approx(fake_exams.FAT_FRACTION[label], abs=1e-4)
        assert exam.lumbar["adc"].value == pytest.approx(fake_exams.MARROW_ADC[label], abs=1e-2)
    segmentation = case.parameters.followUpSegmentation.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == 5


def test_an_excluded_level_leaves_the_mean_and_keeps_its_reason(case):
    exam = case.exams["baseline"]
    place(exam)
    exam.rois.exclude("L3", "fracture")
    exam.measure()
    assert next(v.roi.excluded for v in exam.vertebrae if v.roi.level == "L3") == "fracture"
    assert "L3" not in exam.lumbar["ff"].how


def test_an_roi_outside_the_images_is_refused_and_leaves_no_old_number(case):
    exam = case.exams["baseline"]
    place(exam)
    exam.measure()
    exam.rois.points_node.SetNthControlPointPositionWorld(0, 0.0, 0.0, 900.0)
    with pytest.raises(MarrowQuantError, match="L1"):
        exam.measure()
    assert exam.vertebrae == () and exam.lumbar == {}


def test_the_proposed_tumour_load_is_that_of_the_two_spheres(case):
    case.propose_burden()
    for label, exam in case.exams.items():
        assert len(exam.burden.components) == 2
        total = sum(component.volume_ml for component in exam.burden.components)
        assert total == pytest.approx(fake_exams.true_tdv_ml(label), rel=1e-6)
        assert exam.burden.muscle_signal == pytest.approx(fake_exams.MUSCLE_SIGNAL)


def test_a_decision_holds_while_thresholds_move_and_can_be_undone(case):
    case.propose_burden()
    exam = case.exams["baseline"]
    before = exam.burden.tdv.value
    exam.load.decide(exam.burden.components[0], REJECTED)
    rejected = exam.burden.components[0].volume_ml
    assert exam.burden.components[0].state == REJECTED
    case.parameters.tdvSignalRatio = 7.0
    exam.load.update()
    assert [c.state for c in exam.burden.components].count(REJECTED) == 1
    case.parameters.tdvSignalRatio = 5.0
    exam.load.undo_decision()
    assert exam.load.decisions == []
    assert exam.burden.tdv.value == pytest.approx(before)
    assert rejected > 0


def test_results_are_kept_until_something_changes(case):
    for exam in case.exams.values():
        place(exam)
    case.measure()
    first = case.results()
    assert case.results() is first
    case.exams["baseline"].rois.exclude("L1", "fracture")
    case.exams["baseline"].measure()
    assert case.results() is not first


def test_the_change_is_follow_up_minus_baseline(case):
    for exam in case.exams.values():
        place(exam)
    case.measure()
    change = next(change for change in case.results().changes if change.name == "ff")
    assert change.absolute == pytest.approx(20.0, abs=1e-3)


def test_a_saved_scene_reopens_with_points_decisions_values_and_numbers(case, tmp_path):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.results_scene import load_scene

    for label, exam in case.exams.items():
        place(exam)
        value = {"baseline": 38.0, "follow-up": 6.0}[label]
        exam.set_lab("m_protein", LabValue("m_protein", value, "g/L", fake_exams.DATES[label], "given"))
    case.measure()
    case.propose_burden()
    case.exams["baseline"].load.decide(case.exams["baseline"].burden.components[1], REJECTED)
    case.update_burdens()
    before = case.results()
    written = case.output.export(tmp_path / "out")

    load_scene(written["scene"])
    from MarrowQuantLib.scene.parameters import get_parameters

    reopened = Case(SimpleNamespace(**{**vars(parameters()), **get_parameters()}))
    assert reopened.can_restore()
    reopened.restore()
    assert not reopened.can_restore()
    after = reopened.results()
    assert [c.state for c in after.exams[0].burden.components] == [c.state for c in before.exams[0].burden.components]
    changes = [{(c.name, c.level): c.absolute for c in results.changes} for results in (after, before)]
    assert changes[0] == pytest.approx(changes[1], abs=1e-6)
    assert after.response.probability == before.response.probability
    assert [exam.date for exam in after.exams] == list(fake_exams.DATES.values())
    reopened.exams["baseline"].load.undo_decision()
    assert reopened.exams["baseline"].load.decisions == []


def test_a_case_is_not_saved_with_a_scene_that_was_opened_since(case, tmp_path):
    from MarrowQuantLib.scene.results_scene import load_scene

    place(case.exams["baseline"])
    written = case.output.export(tmp_path / "out")
    case.exams["baseline"].set_lab("m_protein", LabValue("m_protein", 38.0, "g/L", fake_exams.DATES["baseline"], "given"))
    load_scene(written["scene"])  # from a console: no panel takes it up
    for save in (lambda: case.output.export(tmp_path / "other"), lambda: case.output.write_share_safe(tmp_path / "other" / "shared.mrb")):
        with pytest.raises(MarrowQuantError, match="another case"):
            save()
    assert not (tmp_path / "other").exists()


def test_reading_again_forgets_what_was_measured_before(case):
    for exam in case.exams.values():
        place(exam)
    case.measure()
    case.replace_by([fake_exams.exam_maps("baseline")])
    assert list(case.exams) == ["baseline"]
    assert case.exams["baseline"].vertebrae == ()
    assert case.results().changes == ()


def test_exported_files_are_all_there_and_the_scene_keeps_the_readers_points(case, tmp_path):
    place(case.exams["baseline"])
    written = case.output.export(tmp_path / "out")
    assert {path.name for path in written.values()} == {"results.json", "measurements.csv", "report.html", "scene.mrb"}
    assert all(path.stat().st_size > 0 for path in written.values())
    assert len(case.exams["baseline"].rois.now()) == 5


def test_accepting_a_rejected_component_brings_its_volume_back(case):
    case.propose_burden()
    exam = case.exams["follow-up"]
    exam.load.decide(exam.burden.components[0], REJECTED)
    without = exam.burden.tdv.value
    exam.load.decide(exam.burden.components[0], ACCEPTED)
    assert exam.burden.tdv.value - without == pytest.approx(exam.burden.components[0].volume_ml)
    assert np.isfinite(exam.burden.gadc.value)


def test_stations_kept_apart_follow_the_thresholds_without_preparing_anew_and_go_with_the_tumour_load(case, monkeypatch):
    case.replace_by([fake_exams.with_station_apart(fake_exams.exam_maps("baseline"))])
    exam = case.exams["baseline"]
    case.propose_burden()
    (part,) = exam.result().burden_parts
    assert part.burden.tdv.value == pytest.approx(exam.burden.tdv.value)
    monkeypatch.setattr(workflow, "part_sessions", None)
    case.parameters.tdvSignalRatio = 8.9
    case.update_burdens()
    (part,) = exam.result().burden_parts
    assert part.burden.tdv.value == pytest.approx(exam.burden.tdv.value)
    assert sum("part 2" in warning for warning in exam.result().findings) == 1
    exam.load.remove()
    assert exam.result().burden_parts == () and not any("part 2" in warning for warning in exam.result().findings)


def test_the_components_of_stations_kept_apart_are_decided_shown_and_taken_back_like_the_others(case):
    from helpers.stored import components_from_scene
    from MarrowQuantLib.scene.labelmaps import segment_mask
    from MarrowQuantLib.scene.nodes import find_node

    case.replace_by([fake_exams.with_station_apart(fake_exams.exam_maps("baseline"))])
    exam = case.exams["baseline"]
    case.propose_burden()
    assert [part for part, _ in exam.load.components()] == [1, 1, 2, 2]
    whole, of_part = exam.burden.tdv.value, exam.load.parts[0].burden.tdv.value
    exam.load.decide(exam.load.components()[2][1], REJECTED, part=2)
    exam.load.decide(exam.load.components()[0][1], REJECTED)
    case.update_burdens()
    assert exam.burden.tdv.value == pytest.approx(whole / 2) and exam.load.parts[0].burden.tdv.value == pytest.approx(of_part / 2)
    assert [c.state for c in components_from_scene("baseline", part=2)] == [REJECTED, ACCEPTED]
    node = find_node("vtkMRMLSegmentationNode", {"exam": "baseline", "burden": "segments_part2"})
    shown = segment_mask(node, "accepted", exam.map_node("dwi_high_part2"))
    assert shown.sum() == exam.load.parts[0].burden.tdv.n_voxels
    assert exam.map_node("dwi_high_part2").GetName() == "Baseline part 2 DWI high b"
    case.parameters.tdvSignalRatio = 8.0
    case.update_burdens()
    assert [(part, c.state) for part, c in exam.load.components()] == [(1, REJECTED), (1, ACCEPTED), (2, REJECTED), (2, ACCEPTED)]
    exam.load.undo_decision()
    exam.load.undo_decision()
    assert exam.burden.tdv.value == pytest.approx(whole) and exam.load.parts[0].burden.tdv.value == pytest.approx(of_part)


def test_decisions_on_stations_kept_apart_are_saved_and_come_back(case, tmp_path):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.parameters import get_parameters
    from MarrowQuantLib.scene.results_scene import load_scene

    case.replace_by([fake_exams.with_station_apart(fake_exams.exam_maps("baseline"))])
    exam = case.exams["baseline"]
    case.propose_burden()
    exam.load.decide(exam.load.components()[3][1], REJECTED, part=2)
    case.update_burdens()
    load_scene(case.output.export(tmp_path / "out")["scene"])
    reopened = Case(SimpleNamespace(**{**vars(parameters()), **get_parameters()}))
    reopened.restore()
    again = reopened.exams["baseline"]
    assert [(part, c.state) for part, c in again.load.components()] == [(part, c.state) for part, c in exam.load.components()]
    assert again.load.parts[0].reason == exam.load.parts[0].reason and again.load.decisions == exam.load.decisions


def test_reading_other_exams_leaves_nothing_of_the_tumour_load_in_the_scene(case):
    from helpers.stored import components_from_scene, labels_from_scene

    case.replace_by([fake_exams.with_station_apart(fake_exams.exam_maps("baseline"))])
    case.propose_burden()
    case.replace_by([fake_exams.exam_maps("baseline")])
    for part in (1, 2):
        assert components_from_scene("baseline", part=part) == () and labels_from_scene("baseline", part=part) is None


def test_other_decisions_take_the_place_of_the_present_ones(case):
    exam = case.exams["baseline"]
    case.propose_burden()
    exam.load.decide(exam.burden.components[0], REJECTED)
    kept = list(exam.load.decisions)
    exam.load.undo_decision()
    exam.load.decide(exam.burden.components[1], REJECTED)
    exam.load.set_decisions(kept)
    exam.load.update()
    assert exam.load.decisions == kept and [c.state for c in exam.burden.components] == [REJECTED, ACCEPTED]


def test_a_model_that_is_not_on_this_computer_is_told_beside_the_probability(case):
    for label, exam in case.exams.items():
        place(exam)
        value = {"baseline": 38.0, "follow-up": 6.0}[label]
        exam.set_lab("m_protein", LabValue("m_protein", value, "g/L", fake_exams.DATES[label], "given"))
    case.measure()
    assert not any("not on this computer" in warning for warning in case.results().response.findings)
    case.parameters.modelId = "of-another-site"
    told = case.results().response.findings[0]
    assert '"of-another-site"' in told and case.results().response.model_id in told


def test_points_in_muscle_hold_for_the_images_they_lie_in_and_come_back_with_the_scene(case, tmp_path):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.muscle import place_points
    from MarrowQuantLib.scene.parameters import get_parameters
    from MarrowQuantLib.scene.results_scene import load_scene

    case.replace_by([fake_exams.with_station_apart(fake_exams.exam_maps("baseline"))])
    exam = case.exams["baseline"]
    case.propose_burden()
    found, of_part = exam.burden.muscle_signal, exam.load.parts[0].burden.muscle_signal
    assert not exam.load.muscle_is_given
    place_points([(0.0, 0.0, 0.0)], "baseline")  # marrow, twice as bright as muscle
    exam.load.follow_muscle()
    assert exam.burden.muscle_signal == 2 * found and exam.load.parts[0].burden.muscle_signal == of_part
    assert exam.load.muscle_is_given and "check that they lie in muscle" in " ".join(exam.burden.findings)
    load_scene(case.output.export(tmp_path / "out")["scene"])
    reopened = Case(SimpleNamespace(**{**vars(parameters()), **get_parameters()}))
    reopened.restore()
    again = reopened.exams["baseline"]
    assert again.burden.muscle_signal == 2 * found and again.burden.tdv.how == exam.burden.tdv.how
    again.load.find_muscle()
    assert again.burden.muscle_signal == found and not again.load.muscle_is_given and "found automatically" in again.burden.tdv.how
    place_points([(0.0, 0.0, -400.0)], "baseline")
    again.load.follow_muscle()
    assert again.burden.muscle_signal == found and again.load.parts[0].burden.muscle_signal != of_part
    place_points([(0.0, 0.0, 4000.0)], "baseline")
    with pytest.raises(MarrowQuantError, match="inside the diffusion images"):
        again.load.follow_muscle()
    assert again.burden.muscle_signal == found


def test_a_reopened_case_tells_how_muscle_was_found(case, tmp_path):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.parameters import get_parameters
    from MarrowQuantLib.scene.results_scene import load_scene

    first, second = case.exams.values()
    first.load.propose()
    second.load.propose(90.0)
    for exam in (first, second):
        exam.load.show()
    load_scene(case.output.export(tmp_path / "out")["scene"])
    reopened = Case(SimpleNamespace(**{**vars(parameters()), **get_parameters()}))
    reopened.restore()
    assert [exam.burden.tdv.how for exam in reopened.exams.values()] == [exam.burden.tdv.how for exam in (first, second)]
    assert [exam.load.muscle_signal for exam in reopened.exams.values()] == [None, 90.0]


def test_how_the_stations_were_joined_is_in_results_and_report_and_comes_back_with_the_scene(case, tmp_path):
    from MarrowQuantLib.results.codec import encode
    from MarrowQuantLib.results.document import SCHEMA_FILE
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.parameters import get_parameters
    from MarrowQuantLib.scene.results_scene import load_scene

    case.replace_by([fake_exams.with_stations(fake_exams.exam_maps("baseline"))])
    case.propose_burden()
    assert not any(component.near_seam for component in case.exams["baseline"].burden.components)
    written = case.output.export(tmp_path / "out")
    results = json.loads(written["results"].read_text(encoding="utf-8"))
    jsonschema.validate(results, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    (seam,) = results["exams"][0]["stations"]["seams"]
    assert (seam["stations"], seam["slices"], seam["step_before"], seam["step_after"]) == ([2, 1], 4, 0.31, 0.012)
    assert results["exams"][0]["stations"]["profile"]["before"] == [80.0, 100.0, None]
    page = written["report"].read_text(encoding="utf-8")
    assert "2 stations. Largest step at a seam: 31.0 % as acquired" in page and "1.2 % after matching" in page
    load_scene(written["scene"])
    reopened = Case(SimpleNamespace(**{**vars(parameters()), **get_parameters()}))
    reopened.restore()
    assert encode(reopened.exams["baseline"].maps.stitching) == results["exams"][0]["stations"]


def test_the_adc_classes_are_segments_with_their_volume_and_follow_their_edges(case, tmp_path):
    from MarrowQuantLib.scene.labelmaps import segment_mask
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.results_scene import load_scene
    from MarrowQuantLib.scene.tables import read_rows

    def segments(part=""):
        node = find_node("vtkMRMLSegmentationNode", {"exam": "baseline", "burden": "classes" + part})
        volume_node = find_node("vtkMRMLScalarVolumeNode", {"exam": "baseline", "key": "dwi_high" + part})
        segmentation = node.GetSegmentation()
        names = [segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())]
        masks = [segment_mask(node, f"class{n + 1}", volume_node) for n in range(len(names))]
        return node, names, masks

    case.replace_by([fake_exams.with_station_apart(fake_exams.exam_maps("baseline"))])
    exam = case.exams["baseline"]
    adc = exam.maps.maps["adc"].array
    adc[:20][adc[:20] == 850.0] = 1200.0  # the lower sphere
    case.propose_burden()
    node, names, masks = segments()
    volumes = exam.burden.class_volumes_ml
    assert names == [f"ADC {name} µm²/s: {volumes[name]:.1f} mL" for name in ("<900", "900-1400", ">1400")]
    voxel_ml = exam.burden.labels.voxel_volume_ml
    assert [mask.sum() * voxel_ml for mask in masks] == pytest.approx(list(volumes.values())) and masks[0].any() and masks[1].any()
    np.testing.assert_array_equal(masks[1], exam.burden.labels.array * (adc == 1200.0) > 0)
    assert not node.GetDisplayNode().GetVisibility()
    node.GetDisplayNode().SetVisibility(True)
    case.parameters.adcClassEdges = "1000"
    exam.load.decide(next(c for c in exam.burden.components if c.centroid_ras[2] > 0), REJECTED)
    case.update_burdens()
    again, names, masks = segments()
    assert again is node and node.GetDisplayNode().GetVisibility() and len(names) == 2
    assert not masks[0].any() and masks[1].any(), "what is rejected has no class"
    assert segments("_part2")[1][0].startswith("ADC <1000")
    load_scene(case.output.export(tmp_path / "out")["scene"])
    np.testing.assert_array_equal(segments()[2][1], masks[1])
    measured = {row["index"]: row for row in read_rows(find_node("vtkMRMLTableNode", {"exam": "baseline", "table": "measurements"}))}
    assert float(measured["tDV, ADC >1000 µm²/s"]["value"]) == pytest.approx(masks[1].sum() * voxel_ml, rel=1e-5)
