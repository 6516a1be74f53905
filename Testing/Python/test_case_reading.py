"""One case in a scene, without Qt: what stays when exams are read again, what goes, and what is refused."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import pytest
from helpers import fake_exams
from helpers.cases import parameters, place
from helpers.two_patients import A, B, fake_files, found, make_maps, texts_of_memory, texts_of_scene
from MarrowQuantLib import workflow
from MarrowQuantLib.exam.identity import identity_of
from MarrowQuantLib.model import ExamIdentity, MarrowQuantError, Relation
from MarrowQuantLib.report.export import ResultsInTheWay


class Shelf:
    """What the folders of a case hold: (patient, number of the exam) by folder name."""

    def __init__(self) -> None:
        self.exams = {f"{p.word}-{n}": (p, n) for p in (A, B) for n in (0, 1)}
        self.without_identity = False

    def read_exams(self, folders, progress=None, overrides=()):
        return [fake_files(folder, *self.exams[folder.name]) for folder in folders]

    def make_maps(self, files, label, settings, progress=None):
        maps = make_maps(files, label, settings)
        return replace(maps, identity=ExamIdentity()) if self.without_identity else maps


@pytest.fixture
def shelf(monkeypatch):
    shelf = Shelf()
    monkeypatch.setattr(workflow, "read_exams", shelf.read_exams)
    monkeypatch.setattr(workflow, "make_maps", shelf.make_maps)
    return shelf


@pytest.fixture
def case(slicer_scene, shelf):
    from MarrowQuantLib.scene.case.case import Case

    case = Case(parameters())
    case.new_parameters = parameters
    return case


def read(case, tmp_path, *names, **options) -> None:
    case.parameters.baselineFolder, case.parameters.followUpFolder = [*(str(tmp_path / name) for name in names), ""][:2]
    for name in names:
        (tmp_path / name).mkdir(exist_ok=True)
    case.read(**options)


def worked_on(case, tmp_path, patient=A):
    """A case with points, an exclusion, a decision and a sheet."""
    read(case, tmp_path, f"{patient.word}-0", f"{patient.word}-1")
    for exam in case.exams.values():
        place(exam)
        exam.rois.exclude("L2", f"{patient.word} {exam.label}")
    case.measure()
    case.propose_burden()
    exam = case.exams["baseline"]
    exam.load.decide(exam.load.components()[0][1], "rejected")
    case.update_burdens()
    sheet = tmp_path / "labs.csv"
    dates = patient.dates()
    sheet.write_text(f"date,test,value,unit\n{dates[0]},M protein,38,g/L\n{dates[1]},M protein,3,g/L\n", encoding="utf-8")
    case.laboratory.read(sheet)
    case.parameters.ageYears, case.parameters.sex = patient.age, "female"
    return case


def decided(exam):
    points = [(roi.level, tuple(roi.center_ras), roi.excluded) for roi in exam.rois.now()]
    return points, exam.load.decisions, exam.labs, None if exam.burden is None else exam.burden.tdv.value


def test_the_same_exams_read_again_keep_what_the_reader_decided(case, tmp_path):
    worked_on(case, tmp_path)
    before = {label: decided(exam) for label, exam in case.exams.items()}
    history, age = case.laboratory.history, case.parameters.ageYears
    case.read()
    assert {label: decided(exam) for label, exam in case.exams.items()} == before
    assert case.laboratory.history == history and case.parameters.ageYears == age


def test_what_was_made_from_the_measurements_before_is_gone_until_it_is_made_anew(case, tmp_path):
    from MarrowQuantLib.scene.nodes import own_nodes, tag
    from MarrowQuantLib.scene.parameters import results_from_text
    from MarrowQuantLib.scene.results_scene import results_to_scene

    worked_on(case, tmp_path)
    results_to_scene(case.results())
    assert results_from_text() is not None
    case.read()
    assert results_from_text() is None
    assert not [node for node in own_nodes() if tag(node, "chart") or tag(node, "table") in ("changes", "labs", "response")]


def test_another_exam_of_the_same_patient_gets_nothing_of_the_one_before_but_the_sheet(case, shelf, tmp_path):
    worked_on(case, tmp_path)
    shelf.exams["third"] = (replace(A, year=2020), 1)
    read(case, tmp_path, "third")
    exam = case.exams["baseline"]
    assert not exam.rois.has_points() and not exam.load.decisions and exam.burden is None
    assert case.parameters.ageYears == 0 and case.parameters.sex == "female"
    assert len(case.laboratory.history.values) == 2


def test_an_exam_keeps_its_decisions_when_its_label_changes(case, tmp_path):
    worked_on(case, tmp_path)
    first, second = (decided(case.exams[label]) for label in ("baseline", "follow-up"))
    read(case, tmp_path, "AAAXA-1")
    assert list(case.exams) == ["baseline"] and decided(case.exams["baseline"]) == second
    read(case, tmp_path, "AAAXA-0", "AAAXA-1")
    assert decided(case.exams["follow-up"]) == second and not case.exams["baseline"].rois.has_points()
    assert first != second


@pytest.mark.parametrize("names", [("AAAXA-0",), ("AAAXA-0", "AAAXA-1")])
def test_one_exam_more_or_less_leaves_the_other_alone(case, tmp_path, names):
    worked_on(case, tmp_path)
    before = decided(case.exams["baseline"])
    read(case, tmp_path, *(("AAAXA-0", "AAAXA-1") if len(names) == 1 else ("AAAXA-0",)))
    read(case, tmp_path, *names)
    assert decided(case.exams["baseline"]) == before


def test_no_node_of_an_exam_stays_that_is_no_longer_read(case, tmp_path):
    worked_on(case, tmp_path)
    read(case, tmp_path, "AAAXA-0")
    later = str(A.dates()[1])
    found_later = [where for where, text in texts_of_scene() if later in text and "laboratory" not in where]
    assert found_later == []


@pytest.mark.parametrize("arrival", ["read", "read again after leaving"])
def test_another_patient_is_refused_until_the_case_may_be_closed(case, tmp_path, arrival):
    from MarrowQuantLib.scene.case.reading import AnotherCase

    worked_on(case, tmp_path)
    before = {label: decided(exam) for label, exam in case.exams.items()}
    with pytest.raises(AnotherCase, match="another patient") as caught:
        read(case, tmp_path, "BBBXB-0", "BBBXB-1")
    assert caught.value.relation is Relation.OTHER
    assert {label: decided(exam) for label, exam in case.exams.items()} == before
    read(case, tmp_path, "BBBXB-0", "BBBXB-1", close_other=True)
    assert found(A, texts_of_scene()) == [] and found(A, texts_of_memory(case)) == []
    assert case.parameters.ageYears == 0 and case.parameters.sex == ""


def test_exams_that_name_nobody_are_not_taken_for_the_same_patient(case, shelf, tmp_path):
    from MarrowQuantLib.scene.case.reading import AnotherCase

    nobody = replace(A, word="")
    shelf.exams = {"first": (nobody, 0), "second": (replace(nobody, year=2020), 0)}
    read(case, tmp_path, "first")
    place(case.exams["baseline"])
    case.read()  # the very same exam is known by its frame of reference
    assert case.exams["baseline"].rois.has_points()
    with pytest.raises(AnotherCase, match="cannot be told"):
        read(case, tmp_path, "second")


def test_changes_to_the_series_of_one_patient_do_not_stop_the_reading_of_another(case, tmp_path):
    read(case, tmp_path, "AAAXA-0")
    entry = {"series": 3, "select": {"role": "pdff"}, "exam_date": str(A.dates()[0]), "role": "water"}
    case.parameters.seriesOverrides = json.dumps([entry])
    read(case, tmp_path, "BBBXB-0", close_other=True)
    assert json.loads(case.parameters.seriesOverrides) == []


# ------------------------------------------------------------------------------------------------------------ opened scenes
def stripped(scene_tags: bool = True, record: bool = True) -> None:
    """The open scene as an earlier version would have saved it."""
    from MarrowQuantLib.scene.nodes import own_nodes, set_tags, tag
    from MarrowQuantLib.scene.parameters import parameter_node

    set_tags(parameter_node(), {"case": None})
    for node in list(own_nodes()):
        set_tags(node, {"case": None})
        if tag(node, "text") == "exam":
            stored = json.loads(node.GetText())
            del stored["maps"]["identity"]
            node.SetText(json.dumps(stored))


def test_findings_in_a_scene_are_read_under_their_earlier_names(case):
    from MarrowQuantLib.model import finding
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.nodes import nodes_with

    case.replace_by([fake_exams.exam_maps("baseline")])
    exam, placed, read = case.exams["baseline"], finding("find.by_click"), finding("diffusion.few_b_values")
    exam.maps, exam.rois.findings = replace(exam.maps, findings=(read,)), (placed,)
    exam.remember()
    (node,) = nodes_with("vtkMRMLTextNode", {"text": "exam", "exam": "baseline"})
    stored = json.loads(node.GetText())
    stored["maps"]["warnings"], stored["placement_notes"] = stored["maps"].pop("findings"), stored.pop("placement_findings")
    node.SetText(json.dumps(stored))
    reopened = Case(case.parameters)
    reopened.restore()
    assert reopened.exams["baseline"].maps.findings == (read,) and reopened.exams["baseline"].rois.findings == (placed,)


def test_a_scene_of_an_earlier_version_is_taken_up_and_told(case, tmp_path):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.nodes import case_token, own_nodes, tag

    worked_on(case, tmp_path)
    before = {label: decided(exam) for label, exam in case.exams.items()}
    stripped()
    reopened = Case(case.parameters)
    reopened.restore()
    assert {label: decided(exam) for label, exam in reopened.exams.items()} == before
    assert [note.code for note in reopened.findings] == ["case.adopted"]
    assert any("earlier version" in warning for warning in reopened.results().findings)
    assert {tag(node, "case") for node in own_nodes()} == {case_token()}


def test_a_scene_with_several_cases_is_left_alone(case, tmp_path, slicer_scene):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.results_scene import save_scene

    worked_on(case, tmp_path)
    save_scene(tmp_path / "a.mrb")
    slicer_scene.Clear(0)
    case.clear()
    read(case, tmp_path, "BBBXB-0")
    slicer_scene.ReadFromMRB(str(tmp_path / "a.mrb"), False)  # added while nobody watched
    count = slicer_scene.GetNumberOfNodes()
    reopened = Case(parameters())
    with pytest.raises(MarrowQuantError, match="several cases"):
        reopened.restore()
    assert reopened.exams == {} and slicer_scene.GetNumberOfNodes() == count


@pytest.mark.parametrize("same", [False, True])
def test_a_case_that_is_added_to_another_goes_again_and_changes_nothing(case, tmp_path, slicer_scene, same):
    from MarrowQuantLib.scene.guard import SceneGuard
    from MarrowQuantLib.scene.parameters import get_parameters, parameter_node, set_parameters
    from MarrowQuantLib.scene.results_scene import save_scene

    worked_on(case, tmp_path, A)
    set_parameters({"sex": "male", "tdvSignalRatio": A.ratio})
    save_scene(tmp_path / "a.mrb")
    if not same:
        slicer_scene.Clear(0)
        case.clear()
        worked_on(case, tmp_path, B)
        set_parameters({"sex": "female", "baselinePoints": case.exams["baseline"].rois.points_node})
    nodes = sorted(slicer_scene.GetNthNode(n).GetID() for n in range(slicer_scene.GetNumberOfNodes()))
    values, attributes = get_parameters(), parameter_node().GetAttribute("MarrowQuant.case")
    guard = SceneGuard()
    slicer_scene.ReadFromMRB(str(tmp_path / "a.mrb"), False)
    guard.stop()
    assert guard.take_refusal().code == "case.second_refused" and guard.take_refusal() is None
    assert sorted(slicer_scene.GetNthNode(n).GetID() for n in range(slicer_scene.GetNumberOfNodes())) == nodes
    assert get_parameters() == values and parameter_node().GetAttribute("MarrowQuant.case") == attributes
    assert same or found(A, texts_of_scene()) == []


def test_what_is_added_and_is_no_case_stays(case, tmp_path, slicer_scene):
    from MarrowQuantLib.scene.guard import SceneGuard
    from MarrowQuantLib.scene.results_scene import save_scene

    fake_exams.segmentation({"L1": 60.0})
    save_scene(tmp_path / "other-tool.mrb")
    slicer_scene.Clear(0)
    worked_on(case, tmp_path)
    guard = SceneGuard()
    slicer_scene.ReadFromMRB(str(tmp_path / "other-tool.mrb"), False)
    guard.stop()
    assert guard.take_refusal() is None and slicer_scene.GetFirstNodeByName("other tool") is not None


def test_volumes_of_the_browser_and_a_cohort_do_not_make_a_scene_an_older_one(case, tmp_path):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.nodes import find_node, find_or_add, set_tags
    from MarrowQuantLib.scene.volumes import add_volume

    worked_on(case, tmp_path)
    loaded = add_volume(fake_exams.exam_maps("baseline").maps["ff"], "loaded by the browser")
    find_or_add("vtkMRMLTableNode", "cohort", {"table": "cohort_roc"})
    set_tags(find_node("vtkMRMLTableNode", {"table": "cohort_roc"}), {"case": None})
    reopened = Case(case.parameters)
    reopened.restore()
    assert reopened.findings == () and loaded.GetAttribute("MarrowQuant.case") is None
    case.read()
    assert find_node("vtkMRMLTableNode", {"table": "cohort_roc"}) is not None and loaded.GetScene() is not None


def test_two_exams_whose_files_name_nobody_are_said_not_to_be_certainly_of_one_patient(case, shelf, tmp_path):
    nobody = replace(A, word="")
    shelf.exams = {"first": (nobody, 0), "second": (nobody, 1)}
    read(case, tmp_path, "first", "second")
    assert [warning.code for warning in case.results().findings] == ["case.patient_not_checked"]
    read(case, tmp_path, "first")
    assert case.results().findings == ()


# ----------------------------------------------------------------------------------------------------------------- files
def test_a_shared_scene_holds_no_digest_and_no_token_of_the_case(case, tmp_path):
    from MarrowQuantLib.scene.nodes import case_token

    worked_on(case, tmp_path)
    case.output.export(tmp_path / "out")
    case.output.write_share_safe(tmp_path / "out" / "scene-share-safe.mrb")
    identity = case.exams["baseline"].maps.identity
    secrets = [case_token(), identity.patient, *identity.frames]
    with zipfile.ZipFile(tmp_path / "out" / "scene.mrb") as bundle:
        whole = b"".join(bundle.read(name) for name in bundle.namelist())
    with zipfile.ZipFile(tmp_path / "out" / "scene-share-safe.mrb") as bundle:
        shared = b"".join(bundle.read(name) for name in bundle.namelist())
    assert all(secret.encode() in whole for secret in secrets)
    assert not any(secret.encode() in shared for secret in secrets)


def test_a_shared_scene_opens_and_another_reading_asks(case, tmp_path, slicer_scene):
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.case.reading import AnotherCase

    worked_on(case, tmp_path)
    case.output.write_share_safe(tmp_path / "shared.mrb")
    slicer_scene.ReadFromMRB(str(tmp_path / "shared.mrb"), True)
    opened = Case(parameters())
    opened.restore()
    assert len(opened.exams) == 2 and opened.findings == ()
    with pytest.raises(AnotherCase, match="cannot be told"):
        read(opened, tmp_path, "AAAXA-0")


def test_exporting_shared_scenes_and_courses_keep_off_the_folder_of_another_patient(case, tmp_path):
    worked_on(case, tmp_path, A)
    case.output.export(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    read(case, tmp_path, "BBBXB-0", "BBBXB-1", close_other=True)
    for exam in case.exams.values():
        place(exam)
    case.measure()
    out = tmp_path / "out"
    for write in (
        lambda: case.output.export(out), lambda: case.output.export(out, overwrite=True),
        lambda: case.output.write_share_safe(out / "scene-share-safe.mrb"),
        lambda: case.output.write_course(out / "course.svg"),
    ):  # fmt: skip
        with pytest.raises(ResultsInTheWay, match="another patient"):
            write()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    with pytest.raises(MarrowQuantError, match="different patients"):
        case.output.write_course(tmp_path / "course.svg", out)


def test_a_case_replaces_its_own_results_and_asks_about_those_that_it_found(case, tmp_path, slicer_scene):
    from MarrowQuantLib.scene.case.case import Case

    worked_on(case, tmp_path)
    case.output.export(tmp_path / "out")
    case.output.export(tmp_path / "out")
    slicer_scene.ReadFromMRB(str(tmp_path / "out" / "scene.mrb"), True)
    opened = Case(parameters())
    opened.restore()
    with pytest.raises(ResultsInTheWay, match="earlier results of this patient"):
        opened.output.export(tmp_path / "out")
    opened.output.export(tmp_path / "out", overwrite=True)


def test_the_identity_comes_back_with_the_scene(case, tmp_path, slicer_scene):
    from MarrowQuantLib.scene.case.case import Case

    worked_on(case, tmp_path)
    case.output.export(tmp_path / "out")
    slicer_scene.ReadFromMRB(str(tmp_path / "out" / "scene.mrb"), True)
    opened = Case(parameters())
    opened.restore()
    assert [exam.maps.identity for exam in opened.exams.values()] == [identity_of(fake_files(tmp_path, A, n)) for n in (0, 1)]
