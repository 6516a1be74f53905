"""Carrying the baseline into the follow-up in the scene: ROIs, exclusions and lesion names arrive, undo takes them back, a saved scene
keeps them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers import fake_exams
from helpers.cases import parameters, place
from helpers.moved_exams import LABELS, SHIFT, exam_maps
from MarrowQuantLib.model import REJECTED, MarrowQuantError


@pytest.fixture
def case(slicer_scene, no_bone_proposed):
    from MarrowQuantLib.scene.case.case import Case

    case = Case(parameters())
    case.replace_by([exam_maps(label) for label in LABELS])
    place(case.exams["baseline"], ("L2", "L3"))
    case.exams["baseline"].rois.exclude("L3", "fracture")
    case.exams["baseline"].load.propose()
    return case


def lesion_table():
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.tables import read_rows

    node = find_node("vtkMRMLTableNode", {"table": "lesions"})
    return None if node is None else read_rows(node)


def names(exam):
    return [component.lesion_id for component in exam.burden.components]


def test_one_call_brings_rois_exclusions_and_lesion_names_to_the_follow_up(case):
    case.follow_up.carry_over()
    first, second = case.exams.values()
    assert [roi.level for roi in second.rois.now()] == [roi.level for roi in first.rois.now()]
    for before, after in zip(first.rois.now(), second.rois.now()):
        np.testing.assert_allclose(after.center_ras, before.center_ras + SHIFT, atol=1.0)
        assert after.excluded == before.excluded
        assert 0.5 < case.follow_up.confidence(after) <= 1.0
    assert second.lumbar["ff"].value == pytest.approx(fake_exams.FAT_FRACTION["follow-up"], abs=1e-4)
    assert {change.kind for change in case.follow_up.lesions} == {"persisting"}
    assert sorted(names(first)) == sorted(names(second)) == ["#1", "#2"]
    assert case.results().lesions == case.follow_up.lesions
    assert [row["after"] for row in lesion_table()] == ["#1", "#2"]


def test_undo_restores_the_follow_up_as_it_was(case):
    first, second = case.exams.values()
    place(second, ("L1",))
    before = second.rois.now()
    assert not case.follow_up.can_undo()
    case.follow_up.carry_over()
    assert case.follow_up.can_undo() and len(second.rois.now()) == 2
    case.follow_up.undo()
    for old, now in zip(before, second.rois.now()):
        assert old.level == now.level
        np.testing.assert_allclose(now.center_ras, old.center_ras)
    assert len(second.rois.now()) == len(second.vertebrae) == 1
    assert second.burden is None and second.load.decisions == []
    assert set(names(first)) == {""} and case.results().lesions == ()
    assert lesion_table() is None and not case.follow_up.can_undo()


def test_a_second_undo_step_is_that_of_the_last_carrying(case):
    case.follow_up.carry_over()
    second = case.exams["follow-up"]
    second.load.decide(second.burden.components[0], REJECTED)
    case.follow_up.carry_over()
    case.follow_up.undo()
    assert len(second.rois.now()) == 2 and names(second) != ["", ""]
    assert [decision.state for decision in second.load.decisions] == [REJECTED]


def test_a_decision_matches_the_lesions_anew(case):
    case.follow_up.carry_over()
    second = case.exams["follow-up"]
    second.load.decide(second.burden.components[0], REJECTED)
    assert sorted(change.kind for change in case.follow_up.lesions) == ["persisting", "uncertain"]  # set aside there: not resolved
    case.update_burdens()
    assert sorted(row["kind"] for row in lesion_table()) == ["persisting", "uncertain"]  # set aside there: not resolved
    second.load.undo_decision()
    assert {change.kind for change in case.follow_up.lesions} == {"persisting"}


def test_an_roi_that_the_reader_moved_has_no_confidence_of_its_own(case):
    case.follow_up.carry_over()
    second = case.exams["follow-up"]
    second.rois.points_node.SetNthControlPointPositionWorld(0, *(second.rois.now()[0].center_ras + np.array([0.0, 3.0, 0.0])))
    moved, *others = [case.follow_up.confidence(roi) for roi in second.rois.now()]
    assert moved is None and None not in others


def test_what_cannot_be_carried_is_a_sentence_and_changes_nothing(case):
    second = case.exams["follow-up"]
    second.maps = dataclasses.replace(second.maps, maps={key: v for key, v in second.maps.maps.items() if key not in ("water", "ff")})
    far = second.maps.maps["dwi_low"].ijk_to_ras.copy()
    far[:3, 3] += 2000.0
    moved = {key: dataclasses.replace(volume, ijk_to_ras=far) for key, volume in second.maps.maps.items()}
    second.maps = dataclasses.replace(second.maps, maps=moved)
    with pytest.raises(MarrowQuantError, match="overlap"):
        case.follow_up.carry_over()
    assert not second.rois.has_points() and not case.follow_up.can_undo() and lesion_table() is None


def test_with_one_exam_or_an_empty_baseline_it_says_what_is_missing(slicer_scene):
    from MarrowQuantLib.scene.case.case import Case

    case = Case(parameters())
    assert "two exams" in str(case.follow_up.missing())
    case.replace_by([exam_maps(label) for label in LABELS])
    assert "nothing to carry" in str(case.follow_up.missing())
    with pytest.raises(MarrowQuantError, match="nothing to carry"):
        case.follow_up.carry_over()


def test_a_saved_scene_reopens_with_rois_decisions_lesions_and_classes(case, tmp_path):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.results_scene import load_scene, save_scene

    case.follow_up.carry_over()
    first = case.exams["baseline"]
    first.load.decide(first.burden.components[1], REJECTED)
    case.update_burdens()
    before, table = case.results(), lesion_table()
    path = tmp_path / "case.mrb"
    save_scene(path)
    points = {label: exam.rois.points_node.GetName() for label, exam in case.exams.items()}
    load_scene(path)

    import slicer

    again = Case(parameters())
    again.parameters.baselinePoints, again.parameters.followUpPoints = (slicer.util.getNode(points[label]) for label in LABELS)
    again.restore()
    after = again.results()
    assert after.lesions == before.lesions and {c.kind for c in after.lesions} == {"persisting", "uncertain"}
    for old, new in zip(before.exams, after.exams):
        assert new.burden.class_volumes_ml == old.burden.class_volumes_ml
        assert [(c.lesion_id, c.state, c.volume_ml) for c in new.burden.components] == [
            (c.lesion_id, c.state, c.volume_ml) for c in old.burden.components
        ]
        assert [(v.roi.level, v.roi.excluded) for v in new.vertebrae] == [(v.roi.level, v.roi.excluded) for v in old.vertebrae]
    assert again.exams["baseline"].load.decisions == first.load.decisions
    assert [(row["before"], row["after"], row["kind"]) for row in lesion_table()] == [(r["before"], r["after"], r["kind"]) for r in table]
    for roi in again.exams["follow-up"].rois.now():
        assert again.follow_up.confidence(roi) == case.follow_up.confidence(roi)
    assert again.follow_up.findings == case.follow_up.findings
