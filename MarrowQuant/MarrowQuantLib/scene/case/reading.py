"""One case in a scene: another one begins in an emptied scene, and the same exams, read again, keep what the reader decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

import slicer

from ...dicom import ExamFiles
from ...exam.identity import identity_of
from ...exam.maps import ExamMaps
from ...model import ExamIdentity, MarrowQuantError, Relation, relation
from .. import records
from ..load_edits import read_edits
from ..loaded import volumes_of_another
from ..nodes import exam_title, is_derived, own_nodes, remove_exam_folder, set_place, set_tags, tag
from ..parameters import adopt_nodes, ensure_case, parameter_node
from .around import REFERENCES
from .choices import READ_FROM
from .said import was_given

if TYPE_CHECKING:
    from .case import Case

_OF_ONE_EXAM = ("Points", "Segmentation", "Burden")  # ends of the names of the parameters that refer to nodes


class AnotherCase(MarrowQuantError):
    """The folders hold another case than the scene, or one that may be another, or other exams of the patient."""

    @property
    def relation(self) -> Relation:
        """OTHER or UNKNOWN; SAME if an exam on which the reader worked would leave the case."""
        return self.values["relation"]

    @property
    def only_volumes(self) -> bool:
        """True if no case is in the way, but volumes that the DICOM browser loaded."""
        return bool(self.values.get("volumes"))


def refuse_another_case(related: Optional[Relation]) -> None:
    """Refuse to read exams into a scene that holds a case which is not certainly of the same patient.

    Raises
    ------
    AnotherCase
    """
    if related is Relation.OTHER:
        raise AnotherCase(
            "The folders are of another patient than the case in the scene; save that case, close it, and read again.", relation=related
        )
    if related is Relation.UNKNOWN:
        raise AnotherCase(
            "It cannot be told whether the folders are of the same patient as the case in the scene; save that case, close it, and read "
            "again.",
            relation=related,
        )


def refuse_beside_others(related: Optional[Relation], files: Sequence[ExamFiles], close_other: bool) -> Optional[Relation]:
    """What the exams have to do with all that lies in the scene, the volumes of the DICOM browser too; OTHER if it has to be closed.

    Raises
    ------
    AnotherCase
        If the scene holds another patient's case or volumes, and was not to be closed.
    MarrowQuantError
        If the scene holds volumes of another patient beside a case of the same: closing it would close the case too.
    """
    if not close_other:
        refuse_another_case(related)
    if related in (Relation.OTHER, Relation.UNKNOWN) or not volumes_of_another([identity_of(exam) for exam in files]):
        return related
    if related is Relation.SAME:
        raise MarrowQuantError(
            "The scene holds volumes of another patient than the open case; remove them from the scene, and read again."
        )
    if not close_other:
        raise AnotherCase(
            "The scene holds volumes of another patient than the folders; close the scene, and read again.",
            relation=Relation.OTHER, volumes=True,
        )  # fmt: skip
    return Relation.OTHER


def refuse_another_scene(case: Case) -> None:
    """Refuse to save a scene that was opened since the case was read: its nodes are of another case than the results.

    Raises
    ------
    MarrowQuantError
    """
    if case.can_restore():
        raise MarrowQuantError("The scene holds another case than the one that was read here; read again, or open the module anew.")


def refuse_volumes_of_another(case: Case) -> None:
    """Refuse to save a case with volumes of another patient that the DICOM browser loaded into its scene.

    Raises
    ------
    MarrowQuantError
    """
    others = volumes_of_another([exam.maps.identity for exam in case.exams.values()])
    if others:
        raise MarrowQuantError(
            "The scene holds {n} volumes of another patient, which would be saved with this case; remove them from the scene first.",
            n=len(others),
        )


def refuse_loaded(related: Optional[Relation]) -> None:
    """Refuse to read volumes of the scene into a case of another patient: what is saved of it would hold both.

    Raises
    ------
    MarrowQuantError
    """
    if related in (Relation.OTHER, Relation.UNKNOWN):
        raise MarrowQuantError(
            "The volumes that were loaded are not certainly of the patient of the open case; remove them from the scene, or close the "
            "scene and load them alone."
        )


def refuse_to_drop_work(case: Case, files: Sequence[ExamFiles]) -> None:
    """Refuse to read other dates of a patient if an exam that would leave the scene holds what a reader marked or decided.

    Raises
    ------
    AnotherCase
        With the relation SAME.
    """
    for exam in case.exams.values():
        is_read_again = any(
            _is_the_same(new.date, identity_of(new), exam.maps.date, exam.maps.identity, was_given((*new.findings, *exam.maps.findings)))
            for new in files
        )
        if not is_read_again and (exam.rois.has_points() or exam.load.decisions or read_edits(exam.label) is not None):
            raise AnotherCase(
                "The folders leave out an exam of the case in the scene, with its points and decisions; save the case, and read again.",
                relation=Relation.SAME,
            )


def relation_to_scene(files: Sequence[ExamFiles]) -> Optional[Relation]:
    """What recognised exams have to do with the case in the scene; None if it holds none."""
    stored = records.stored_exams()
    if not stored and not any(tag(node, "exam") for node in own_nodes()):
        return None
    return relation([identity for _, identity in stored.values()], [identity_of(exam) for exam in files])


def take_over_scene() -> bool:
    """Make sure that the scene holds one case, before it is taken up; True if an earlier version made it, without an identity.

    Raises
    ------
    MarrowQuantError
        If there are several: nothing is taken up then, and nothing is changed.
    """
    of_case = [node for node in own_nodes() if tag(node, "exam") or tag(node, "text")]
    tokens = {tag(node, "case") for node in of_case}
    records_of = Counter(tag(node, "exam") for node in of_case if tag(node, "text") == "exam")
    if len(tokens) > 1 or max(records_of.values(), default=1) > 1:
        raise MarrowQuantError("The scene holds several cases of MarrowQuant, so none is shown; close it, and open one case at a time.")
    token = next(iter(tokens), None)
    if token is not None:
        set_tags(parameter_node(), {"case": token})
    return adopt_nodes()


def close_case(case: Case) -> None:
    """Close the scene with the case in it, and begin another: only what was chosen for the other one stays."""
    folders = {**{name: case.choices.path(name) for name in READ_FROM}, **case.choices.waiting()}
    case.clear()
    slicer.mrmlScene.Clear(0)
    set_place("", getattr(slicer.app, "defaultScenePath", ""))  # closing keeps them: the next case would be saved over this one
    case.parameters = case.new_parameters()
    case.choices.wait_again(folders)


def prepare_scene(case: Case, all_maps: Sequence[ExamMaps]) -> dict[str, Mapping[str, Any]]:
    """Leave in the scene only what belongs to exams that are read again, under the labels that they have now.

    Returns
    -------
    dict
        New label to the record of an exam that is the same as before.
    """
    ensure_case()
    stored = records.stored_exams()
    kept = {
        maps.label: label
        for maps in all_maps
        for label, exam in stored.items()
        if _is_the_same(maps.date, maps.identity, *exam, was_given((*maps.findings, *records.findings_of(label))))
    }
    found = {label: records.read_record(before) for label, before in kept.items()}
    if "baseline" in stored and kept.get("baseline") != "baseline":
        case.parameters.ageYears = 0  # it was that at the other baseline
    if any(label != before for label, before in kept.items()) or len(kept) < 2:
        case.follow_up.remove_record()
    references = {label: _references(case, label) for label in REFERENCES}
    for node in list(own_nodes()):
        _keep_or_remove(node, {before: label for label, before in kept.items()})
    for label in REFERENCES:
        before = kept.get(label)
        for what in _OF_ONE_EXAM:
            setattr(case.parameters, REFERENCES[label] + what, references[before][what] if before else None)
        if before is None:
            remove_exam_folder(label)
    return found


def _is_the_same(date: Any, identity: ExamIdentity, stored_date: Any, stored: Any, by_hand: bool) -> bool:
    """A date that a reader gave, or took back, makes no other exam of images in one Frame of Reference."""
    dates_agree = date == stored_date or (by_hand and bool(identity.frames))
    return dates_agree and identity.is_the_same_exam(stored)


def _references(case: Case, label: str) -> dict[str, Any]:
    return {what: getattr(case.parameters, REFERENCES[label] + what) for what in _OF_ONE_EXAM}


def _keep_or_remove(node: Any, labels: Mapping[str, str]) -> None:
    """Keep a node of an exam that is read again, under its new label; remove others, and what was made from measurements."""
    mask_of, exam = tag(node, "skeleton"), tag(node, "exam")
    if mask_of and not exam:  # a node of the reader's own
        set_tags(node, {"skeleton": labels.get(mask_of)})
    elif exam:
        new = labels.get(exam)
        if new is None or tag(node, "table") or tag(node, "series"):
            slicer.mrmlScene.RemoveNode(node)
        elif new != exam:
            set_tags(node, {"exam": new})
            node.SetName(node.GetName().replace(exam_title(exam), exam_title(new), 1))
    elif is_derived(node):
        slicer.mrmlScene.RemoveNode(node)
