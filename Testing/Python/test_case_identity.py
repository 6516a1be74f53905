"""Whose exam it is: the same patient is known again, two are told apart, and nobody is found from a digest."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pydicom
import pytest
from helpers import small_exams
from helpers.report_case import fake_results
from MarrowQuantLib import workflow
from MarrowQuantLib.exam.identity import KEY_VARIABLE, identity_of
from MarrowQuantLib.model import ExamIdentity, MarrowQuantError, Relation, identities_in, identity_from_plain, relation
from MarrowQuantLib.report.export import ResultsInTheWay, export, refuse_overwriting
from MarrowQuantLib.report.timeline import timeline_of

A = ExamIdentity("key-a", True, ("f1",))
A_LATER = ExamIdentity("key-a", True, ("f2",))
B = ExamIdentity("key-b", True, ("f3",))
UNIDENTIFIED = ExamIdentity()
ELSEWHERE = ExamIdentity("other-a", True, ("g1",))
NOBODY = ExamIdentity("key-n", False, ("f4",))
NOBODY_TOO = ExamIdentity("key-n", False, ("f5",))
NAMELESS, NAMELESS_TOO = ExamIdentity("", False, ("f6",)), ExamIdentity("", False, ("f7",))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([A], [A], Relation.SAME),
        ([A], [A_LATER], Relation.SAME),
        ([A, A_LATER], [A_LATER], Relation.SAME),
        ([A], [B], Relation.OTHER),
        ([A, A_LATER], [A, B], Relation.OTHER),
        ([A], [UNIDENTIFIED], Relation.UNKNOWN),
        ([UNIDENTIFIED], [UNIDENTIFIED], Relation.UNKNOWN),
        ([A], [ELSEWHERE], Relation.UNKNOWN),
        ([NOBODY], [NOBODY_TOO], Relation.UNKNOWN),  # two patients called "anonymous"
        ([NOBODY], [NOBODY], Relation.SAME),
        ([NOBODY], [A], Relation.OTHER),
        ([NAMELESS], [NAMELESS_TOO], Relation.UNKNOWN),
        ([NAMELESS], [NAMELESS], Relation.SAME),
        ([], [A], Relation.UNKNOWN),
        ([ExamIdentity("key-a", True, ("f1",))], [ExamIdentity("key-b", True, ("f1",))], Relation.OTHER),  # the name was corrected
    ],
)
def test_cases_are_of_one_patient_only_if_that_is_certain(before, after, expected):
    assert relation(before, after) is expected
    assert relation(after, before) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (A, A, True), (A, A_LATER, False), (A, B, False), (NOBODY, NOBODY_TOO, False), (NAMELESS, NAMELESS, True),
        (UNIDENTIFIED, UNIDENTIFIED, False),
        (ExamIdentity("key-a", True), ExamIdentity("key-a", True), True),  # files without a frame of reference: the date decides
        (ExamIdentity("key-a", True), A, False),
    ],
)  # fmt: skip
def test_positions_are_shared_only_by_the_same_exam(one, other, same):
    assert one.is_the_same_exam(other) is same
    assert other.is_the_same_exam(one) is same


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory):
    """``rewritten(folder, **tags)``: a few images of the small exam with other headers; an empty value removes the element."""
    files = small_exams.write_small(tmp_path_factory.mktemp("small"), "siemens")[:12]

    def write(folder: Path, **tags: str) -> Path:
        folder.mkdir()
        for path in [shutil.copy(file, folder) for file in files]:
            dataset = pydicom.dcmread(path)
            for keyword, value in tags.items():
                if value:
                    setattr(dataset, keyword, value)
                elif keyword in dataset:
                    del dataset[keyword]
            dataset.save_as(path)
        return folder

    return write


def read(folder: Path) -> ExamIdentity:
    return identity_of(workflow.read_exams([folder])[0])


PERSON = {"PatientName": "DOE^JANE", "PatientID": "4711-88", "PatientBirthDate": "19500101"}


def test_an_exam_is_known_again_by_its_files(rewritten, tmp_path):
    first = read(rewritten(tmp_path / "a", **PERSON))
    again = read(rewritten(tmp_path / "b", **PERSON, SeriesDescription="renamed"))
    later = read(rewritten(tmp_path / "c", **PERSON, FrameOfReferenceUID="1.2.3"))
    other = read(rewritten(tmp_path / "d", **{**PERSON, "PatientID": "4711-89"}, FrameOfReferenceUID="1.2.4"))
    assert first == again and first.is_the_same_exam(again)
    assert relation([first], [later]) is Relation.SAME and not first.is_the_same_exam(later)
    assert relation([first], [other]) is Relation.OTHER


@pytest.mark.parametrize(
    "nobody",
    [
        {"PatientName": "", "PatientID": "", "PatientBirthDate": ""},
        {"PatientName": "ANONYMOUS", "PatientID": "", "PatientBirthDate": ""},
        {"PatientName": "Anonymized^Patient", "PatientID": "anonymous", "PatientBirthDate": "19000101"},
        {"PatientName": "anon", "PatientID": "001", "PatientBirthDate": ""},
        {"PatientName": "", "PatientID": "", "PatientBirthDate": "19500101"},
    ],
)
def test_two_patients_whose_files_name_nobody_are_not_taken_for_one(rewritten, tmp_path, nobody):
    first = read(rewritten(tmp_path / "a", **nobody))
    second = read(rewritten(tmp_path / "b", **nobody, FrameOfReferenceUID="1.2.3"))
    assert relation([first], [second]) is Relation.UNKNOWN
    assert relation([first], [first]) is Relation.SAME  # but the same exam is known again


def test_another_computer_gives_another_digest_and_no_digest_holds_the_identity(rewritten, tmp_path, monkeypatch):
    folder = rewritten(tmp_path / "a", **PERSON)
    here = read(folder)
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "there" / "identity.key"))
    there = read(folder)
    assert not {here.patient, *here.frames} & {there.patient, *there.frames}
    assert relation([here], [there]) is Relation.UNKNOWN
    exam = workflow.read_exams([folder])[0]
    text = json.dumps(here.plain())
    assert exam.patient_key not in text and "4711" not in text and "DOE" not in text.upper()


def test_a_home_folder_that_cannot_be_written_only_costs_the_memory_beyond_the_process(rewritten, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    monkeypatch.setenv(KEY_VARIABLE, str(blocked / "identity.key"))
    folder = rewritten(tmp_path / "a", **PERSON)
    assert read(folder) == read(folder)


def test_what_was_stored_is_read_back_and_an_older_record_is_not_known():
    assert identity_from_plain(json.loads(json.dumps(A.plain()))) == A
    for stored in (None, {}, [], "a"):
        assert identity_from_plain(stored) == UNIDENTIFIED
    assert identities_in({"exams": [{"identity": A.plain()}, {}]}) == [A, UNIDENTIFIED]
    assert identities_in([1, 2]) == identities_in({}) == []


# ------------------------------------------------------------------------------------------------------- results folders
def results_of(identity: ExamIdentity):
    results = fake_results()
    return dataclasses.replace(results, exams=tuple(dataclasses.replace(exam, identity=identity) for exam in results.exams))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("overwrite", [False, True])
def test_results_of_another_patient_are_never_replaced(tmp_path, overwrite):
    export(results_of(A), tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(ResultsInTheWay, match="another patient") as caught:
        export(results_of(B), tmp_path / "out", overwrite=overwrite)
    assert caught.value.relation is Relation.OTHER and contents(tmp_path / "out") == before


@pytest.mark.parametrize(("lying", "writing"), [(A, A), (A, A_LATER), (UNIDENTIFIED, A), (A, UNIDENTIFIED), (ELSEWHERE, A)])
def test_earlier_results_are_replaced_only_if_the_user_says_so(tmp_path, lying, writing):
    export(results_of(lying), tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(ResultsInTheWay):
        export(results_of(writing), tmp_path / "out", overwrite=False)
    assert contents(tmp_path / "out") == before
    export(results_of(writing), tmp_path / "out", overwrite=True)
    assert identities_in(json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8")))[0] == writing


@pytest.mark.parametrize("name", ["scene.mrb", "report.html", "measurements.csv", "follow-up.npz", "course.svg", "scene-share-safe.mrb"])
def test_any_file_of_a_result_counts_and_one_of_another_kind_does_not(tmp_path, name):
    refuse_overwriting(tmp_path, [A])
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    refuse_overwriting(tmp_path, [A])
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ResultsInTheWay, match="do not tell"):
        refuse_overwriting(tmp_path, [A])
    refuse_overwriting(tmp_path, [A], overwrite=True)


def test_results_of_two_patients_make_no_course():
    both = [results_of(identity) for identity in (A, B)]
    with pytest.raises(MarrowQuantError, match="different patients"):
        timeline_of(both)
    timeline_of([both[0], both[0]])
