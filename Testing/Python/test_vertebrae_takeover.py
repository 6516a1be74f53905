"""Vertebrae that other tools labelled: numbers, names and codes, body and arch, files, and labels that cannot be right."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from helpers import spines
from helpers.studies import ABSENT, STUDIES, needs_studies
from MarrowQuantLib import cli, workflow
from MarrowQuantLib.batch import read_manifest
from MarrowQuantLib.exam.maps import ExamMaps
from MarrowQuantLib.io import imagefiles
from MarrowQuantLib.model import MarrowQuantError, Settings, Volume
from MarrowQuantLib.phantom.shapes import Drum, Part, paint
from MarrowQuantLib.phantom.spine import _posterior_elements, vertebrae
from MarrowQuantLib.vertebrae import from_segments, paint_bodies, parse_level, rasterise, read_labels, read_rois, take_over
from MarrowQuantLib.vertebrae.labelfiles import LabelledVertebrae
from MarrowQuantLib.vertebrae.numbering import find_numbering
from MarrowQuantLib.vertebrae.segfile import cut_to_box, write_segmentation
from MarrowQuantLib.vertebrae.terminology import CATEGORY, CONTEXT, LEVEL_CODES, OTHER_CODES, level_of_terminology, level_terminology

COLUMN = ("T12", "L1", "L2", "L3")
# numbers as the tools' own lists give them, written out by hand
NUMBERS = {
    "TotalSegmentator": (32, 31, 30, 29),
    "TotalSegmentator 1": (23, 22, 21, 20),
    "TotalSegmentator (MR)": (7, 6, 5, 4),
    "TotalSpineSeg": (32, 41, 42, 43),
    "SPINEPS or VerSe": (19, 20, 21, 22),
}


@pytest.fixture(scope="module")
def whole_vertebrae() -> tuple[Volume, Volume]:
    """T12 … L3 of the digital patient with pedicles, laminae and processes as labels 1 … 4, and the same bodies alone; 2 mm voxels."""
    column, matrix, shape = vertebrae(), np.diag([2.0, 2, 2, 1]), (110, 75, 60)
    matrix[:3, 3] = -60, -90, -60
    whole, bodies = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    for number, level in enumerate(COLUMN, start=1):
        vertebra = column[level]
        body = Part(Drum(vertebra.center, vertebra.radii, vertebra.axes), "bone")
        arch = [Part(part.shape, "bone") for part in _posterior_elements(vertebra)]
        whole[paint([*arch, body], {"bone": 1}, shape, matrix) > 0] = number
        bodies[paint([body], {"bone": 1}, shape, matrix) > 0] = number
    return Volume(whole, matrix), Volume(bodies, matrix)


def labelled(labels: Volume, levels=COLUMN) -> LabelledVertebrae:
    return LabelledVertebrae({level: cut_to_box(labels, labels.array == n) for n, level in enumerate(levels, start=1)}, (), labels)


def renumbered(labels: Volume, numbers) -> Volume:
    return labels.like(np.array([0, *numbers])[labels.array].astype(np.float32))


def shrunk(labels: Volume) -> Volume:
    """The same column 0.7 times as large: as far apart as an adult's upper thoracic vertebrae, or a child's lumbar ones."""
    return Volume(labels.array, np.diag([0.7, 0.7, 0.7, 1.0]) @ labels.ijk_to_ras)


def write(labels: Volume, path: Path) -> Path:
    imagefiles.write_volume(labels, path)
    return path


# ---------------------------------------------------------------------------------------------------------- terminology
def test_codes_down_to_l5_are_those_of_dicom():
    concepts = pytest.importorskip("pydicom.sr._concepts_dict", reason="pydicom's copy of PS3.16 lies elsewhere in this version").concepts
    entries = [(code, *entry) for by_code in concepts["SCT"].values() for code, entry in by_code.items()]
    listed = {meaning: code for code, meaning, groups in entries if 7603 in groups}
    assert len(listed) == 24
    assert listed == {f"{level} vertebra": code for level, code in LEVEL_CODES.items() if level[0] != "S"}
    others = {meaning: code for code, meaning, groups in entries if 7151 in groups}
    assert all(others[name] == code for name, code in OTHER_CODES.items())


def test_every_code_is_a_sound_snomed_identifier():
    """The last digit of a SNOMED CT identifier is a Verhoeff check digit: a mistyped code would not pass."""
    codes = [*LEVEL_CODES.values(), *OTHER_CODES.values()]
    assert len(set(codes)) == len(codes)
    assert all(verhoeff(code) == 0 for code in codes)
    assert verhoeff("66794006") != 0


def verhoeff(number: str) -> int:
    """Verhoeff 1969: 0 for a number with a right check digit, by multiplication in the dihedral group of order 10."""
    permutation, check = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4], 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = permutation[value]
        a, b = check, value
        if a < 5:
            check = (a + b) % 5 if b < 5 else 5 + (a + b) % 5
        else:
            check = 5 + (a - b) % 5 if b < 5 else (a - b) % 5
    return check


def test_a_level_and_its_terminology_tell_each_other():
    assert all(level_of_terminology(level_terminology(level)) == level for level in LEVEL_CODES)
    assert level_of_terminology("any context~SCT^123037004^Anatomical Structure~SCT^36470004^third lumbar~^^~~^^~^^") == "L3"
    assert level_of_terminology("any context~SCT^123037004^Anatomical Structure~SCT^78961009^Spleen~^^~~^^~^^") is None
    assert level_of_terminology("") is None


TERMS = Path(__file__).resolve().parents[2] / "MarrowQuant" / "Resources" / "Terminologies" / "MarrowQuant.term.json"


def test_the_list_for_slicers_selector_holds_the_same_codes():
    content = json.loads(TERMS.read_text(encoding="utf-8"))
    assert content["SegmentationCategoryTypeContextName"] == CONTEXT
    (category,) = content["SegmentationCodes"]["Category"]
    assert f"SCT^{category['CodeValue']}^{category['CodeMeaning']}" == CATEGORY
    codes = {entry["CodeMeaning"]: entry["CodeValue"] for entry in category["Type"]}
    assert codes == {**{f"{level} vertebra": code for level, code in LEVEL_CODES.items()}, **OTHER_CODES}


def test_slicer_loads_the_list_and_reads_the_code_of_a_segment(slicer_scene):
    import slicer

    logic, entry, term = slicer.vtkSlicerTerminologiesModuleLogic(), slicer.vtkSlicerTerminologyEntry(), slicer.vtkSlicerTerminologyType()
    assert logic.LoadTerminologyFromFile(str(TERMS)) == CONTEXT
    assert logic.DeserializeTerminologyEntry(level_terminology("L3"), entry)
    count = logic.GetNumberOfTypesInTerminologyCategory(CONTEXT, entry.GetCategoryObject())
    assert count == len(LEVEL_CODES) + len(OTHER_CODES)
    assert logic.GetNthTypeInTerminologyCategory(CONTEXT, entry.GetCategoryObject(), list(LEVEL_CODES).index("L3"), term)
    assert term.GetCodeValue() == entry.GetTypeObject().GetCodeValue() == "36470004"


@pytest.mark.parametrize(
    ("name", "level"),
    [("vertebrae_L1", "L1"), ("VB_T09", "T9"), ("L4 vertebral body", "L4"), ("disc_L1_L2", None), ("sacrum", None), ("L6", "L6")],
)
def test_names_of_labels_tell_the_level(name, level):
    assert parse_level(name) == level


# ------------------------------------------------------------------------------------------------------- numbers and names
@pytest.mark.parametrize("tool", NUMBERS)
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_the_numbers_of_each_tool_give_the_levels(tool, suffix, whole_vertebrae, tmp_path):
    found = read_labels(write(renumbered(whole_vertebrae[1], NUMBERS[tool]), tmp_path / f"labels{suffix}"))
    assert tuple(found.masks) == COLUMN
    assert f"those of {tool}" in found.findings[0]


def test_numbers_that_several_tools_use_are_refused_until_they_are_named(whole_vertebrae, tmp_path):
    path = write(shrunk(renumbered(whole_vertebrae[1], (21, 22, 23, 24))), tmp_path / "labels.nii.gz")  # T1 … T4, or a child's L2 … L5
    with pytest.raises(MarrowQuantError, match=r"21, 22, 23, 24\) do not tell .* JSON"):
        read_labels(path)
    by_name = {"labels": {"T1": 21, "T2": 22, "T3": 23, "T4": 24, "disc": 9}}
    for names in ({"21": "T1", "22": "T2", "23": "vertebrae_T3", "24": "T4"}, by_name):
        (tmp_path / "labels.json").write_text(json.dumps(names), encoding="utf-8")
        assert tuple(read_labels(path).masks) == ("T1", "T2", "T3", "T4")
    (tmp_path / "labels.json").write_text('{"21": "T1", "22": "T1"}', encoding="utf-8")
    with pytest.raises(MarrowQuantError, match="names T1 twice"):
        read_labels(path)


def test_versions_of_totalsegmentator_are_told_by_how_far_apart_the_vertebrae_lie_or_refused(whole_vertebrae, tmp_path):
    """27–31 are L5–L1 in version 2 and T8–T4 in version 1, which lie nearer to each other."""
    labels = renumbered(whole_vertebrae[1], (30, 29, 28, 27))
    found = read_labels(write(labels, tmp_path / "adult.nii.gz"))
    assert tuple(found.masks) == ("L2", "L3", "L4", "L5") and "those of TotalSegmentator." in found.findings[0]
    with pytest.raises(MarrowQuantError, match="do not tell"):
        read_labels(write(shrunk(labels), tmp_path / "small.nii.gz"))


@needs_studies
@pytest.mark.parametrize("number", range(1, 11))
def test_the_numbers_of_an_adult_lumbar_spine_are_those_of_version_2(number):
    centers = dict(zip((31, 30, 29, 28, 27), spines.spine(number).centers))
    assert find_numbering(centers, "labels.nii.gz").name == "TotalSegmentator"


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_the_names_in_the_header_of_a_multi_label_file_tell_the_levels(suffix, whole_vertebrae, tmp_path):
    """The table of labels that TotalSegmentator's option --ml writes, here with numbers that no version has."""
    names = {1: "spleen", 61: "vertebrae_T12", 62: "vertebrae_L1", 63: "vertebrae_L2", 64: "vertebrae_L3"}
    table = '<?xml version="1.0"?><CaretExtension><VolumeInformation Index="0"><LabelTable>'
    for number, name in names.items():
        table += f'<Label Key="{number}" Red="1.0" Green="0.5" Blue="0.0" Alpha="1"><![CDATA[{name}]]></Label>\n'
    labels = renumbered(whole_vertebrae[1], (61, 62, 63, 64))
    plain = nibabel.load(write(labels, tmp_path / f"plain{suffix}"))
    image = nibabel.Nifti1Image(np.asarray(plain.dataobj).astype(np.uint8), plain.affine)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, b"a comment"))
    table += "</LabelTable></VolumeInformation></CaretExtension>"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, table.encode()))
    path = tmp_path / f"labels{suffix}"
    nibabel.save(image, path)
    found = read_labels(path)
    assert tuple(found.masks) == COLUMN and "names in the file" in found.findings[0]
    with pytest.raises(MarrowQuantError, match="do not tell"):
        read_labels(tmp_path / f"plain{suffix}")
    (tmp_path / "labels.json").write_text('{"61": "T11", "62": "T12", "63": "L1", "64": "L2"}', encoding="utf-8")
    assert tuple(read_labels(path).masks) == ("T11", "T12", "L1", "L2"), "a JSON file beside it is a reader's own word"


@pytest.mark.parametrize("cut", [0, 100, 351, 352, 360, 400])
def test_a_header_that_ends_too_early_has_no_names(cut, tmp_path):
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, b"x" * 100))
    nibabel.save(image, tmp_path / "whole.nii")
    assert imagefiles.nifti_extensions(tmp_path / "whole.nii") == [b"x" * 100]
    (tmp_path / "cut.nii").write_bytes((tmp_path / "whole.nii").read_bytes()[:cut])
    assert b"x" * 100 not in imagefiles.nifti_extensions(tmp_path / "cut.nii")
    (tmp_path / "no.nii.gz").write_bytes(b"no gzip")
    assert imagefiles.nifti_extensions(tmp_path / "no.nii.gz") == []


def test_an_extra_lumbar_vertebra_is_left_out_and_told(whole_vertebrae, tmp_path):
    found = read_labels(write(renumbered(whole_vertebrae[1], (20, 24, 25, 26)), tmp_path / "labels.nii.gz"))
    assert tuple(found.masks) == ("L1", "L5")
    assert "L6 was labelled and left out" in " ".join(found.findings)


def test_discs_and_the_sacrum_are_not_taken_for_vertebrae(whole_vertebrae, tmp_path):
    found = read_labels(write(renumbered(whole_vertebrae[1], (44, 45, 95, 50)), tmp_path / "labels.nii.gz"))
    assert tuple(found.masks) == ("L4", "L5")


def test_the_main_job_takes_labels_like_markups(whole_vertebrae, tmp_path):
    path = write(renumbered(whole_vertebrae[0], NUMBERS["TotalSpineSeg"]), tmp_path / "labels.nii.gz")
    maps = ExamMaps("baseline", datetime.date(2024, 1, 2), {})
    rois, notes = workflow.exam_rois_from(maps, Settings(roi_radii_mm=(10.0, 8.0, 6.0)), path)
    assert [roi.level for roi in rois] == list(COLUMN)
    assert all(tuple(roi.radii_mm) == (10.0, 8.0, 6.0) for roi in rois)
    assert notes == ["The label numbers were read as those of TotalSpineSeg."]
    two = renumbered(whole_vertebrae[0], (1, 0, 0, 2))  # labels are what was drawn, not the ends of a column to be filled
    write_segmentation(tmp_path / "two.seg.nrrd", two.like(two.array.astype(np.uint8)), ("T12", "L3"))
    assert [roi.level for roi in workflow.exam_rois_from(maps, Settings(), tmp_path / "two.seg.nrrd")[0]] == ["T12", "L3"]


def test_a_batch_takes_label_files_and_folders_of_masks(whole_vertebrae, tmp_path):
    (tmp_path / "exam").mkdir()
    (tmp_path / "masks").mkdir()
    write(renumbered(whole_vertebrae[1], NUMBERS["TotalSpineSeg"]), tmp_path / "labels.nii.gz")
    (tmp_path / "cases.csv").write_text("case,baseline,rois\nA,exam,labels.nii.gz\nB,exam,masks\nC,exam,none.nii.gz\n", encoding="utf-8")
    problems = {case.label: case.problem for case in read_manifest(tmp_path / "cases.csv")}
    assert problems == {"A": "", "B": "", "C": "The rois file does not exist."}


def test_a_folder_of_masks_is_read_by_its_names(whole_vertebrae, tmp_path):
    for number, name in enumerate(("vertebrae_T12", "vertebrae_L1", "vertebrae_L2", "aorta"), start=1):
        mask = whole_vertebrae[0].like((whole_vertebrae[0].array == number).astype(np.float32))
        write(mask, tmp_path / f"{name}.nii.gz")
    rois, _ = read_rois(tmp_path)
    assert [roi.level for roi in rois] == ["T12", "L1", "L2"]


def test_a_segmentation_that_we_wrote_is_read_with_names_and_codes(whole_vertebrae, tmp_path):
    write_segmentation(tmp_path / "bodies.seg.nrrd", whole_vertebrae[1].like(whole_vertebrae[1].array.astype(np.uint8)), COLUMN)
    found = read_labels(tmp_path / "bodies.seg.nrrd")
    assert tuple(found.masks) == COLUMN
    for number, mask in enumerate(found.masks.values(), start=1):
        assert mask.array.sum() == (whole_vertebrae[1].array == number).sum()


def test_a_segment_is_known_by_its_code_and_must_not_contradict_its_name(whole_vertebrae):
    mask = cut_to_box(whole_vertebrae[1], whole_vertebrae[1].array == 2)
    found = from_segments([("Segment_7", level_terminology("L1"), mask), ("Liver", "", mask)], "the segmentation")
    assert tuple(found.masks) == ("L1",)
    assert found.findings == ("1 of the labels are no vertebra or are empty, and were not taken over.",)
    with pytest.raises(MarrowQuantError, match='"L2" of the segmentation has the code of L1'):
        from_segments([("L2", level_terminology("L1"), mask)], "the segmentation")
    with pytest.raises(MarrowQuantError, match="L1 twice"):
        from_segments([("L1", "", mask), ("vertebrae_L1", "", mask)], "the segmentation")


# ----------------------------------------------------------------------------------------------------------- body and ROI
def test_the_arch_is_told_from_the_body(whole_vertebrae):
    whole, bodies = whole_vertebrae
    found = take_over(labelled(whole))
    assert found.findings == []
    painted = paint_bodies(found, whole)
    column = vertebrae()
    for number, body in enumerate(found.bodies, start=1):
        true = column[body.level]
        assert spines.dice(painted.array == number, bodies.array == number) > 0.97
        assert np.linalg.norm(body.center_ras - true.center) < 1.0
        inside = rasterise(body.roi, whole.like(np.ones(whole.array.shape))).mask()
        assert (bodies.array[inside] == number).all()
        assert np.degrees(np.arccos(body.axes[:, 2] @ true.axes[:, 2])) < 4


@needs_studies
@pytest.mark.parametrize(("number", "variant"), [(2, "as acquired"), (8, "4 mm sagittal"), (5, "4 mm axial")])
def test_rois_in_labels_of_real_bodies_keep_their_margin(number, variant):
    case = spines.VARIANTS[variant](spines.spine(number))
    found = take_over(labelled(case.image.like(case.truth.astype(np.int32)), spines.LUMBAR))
    for label, body in enumerate(found.bodies, start=1):
        assert np.linalg.norm(body.center_ras - case.centers[label - 1]) < 2.0
        mask = rasterise(body.roi, case.image).mask()
        assert (case.truth[mask] == label).mean() > 0.995
        assert np.prod(body.roi.radii_mm) * 4 / 3 * np.pi / 1000 > 3.5


def test_bodies_cut_from_real_whole_labels_agree_with_the_labelled_corpus(tmp_path):
    folder = STUDIES / "spine_labels" / "tptbox"
    if not folder.is_dir():
        pytest.skip(ABSENT)
    vertebra, parts = (imagefiles.read_volumes(folder / f"sub-mri_seg-{name}_label-6_msk.nii.gz")[0] for name in ("vert", "subreg"))
    whole = vertebra.like(np.where(np.isin(vertebra.array, (6, 7)), vertebra.array - 5, 0).astype(np.int32))
    found = take_over(labelled(whole, ("L1", "L2")))
    painted = paint_bodies(found, whole)
    for number in (1, 2):
        corpus = (whole.array == number) & (parts.array == 49)
        assert spines.dice(painted.array == number, corpus) > 0.98
        mask = rasterise(found.bodies[number - 1].roi, whole.like(whole.array.astype(np.float32))).mask()
        assert corpus[mask].mean() > 0.995
    with pytest.raises(MarrowQuantError, match="do not lie as far apart"):  # 5, 6, 7 would be neck vertebrae, 36 mm from each other
        read_labels(folder / "sub-mri_seg-vert_label-6_msk.nii.gz")
    for name in ("vert", "subreg"):
        shutil.copy(folder / f"sub-mri_seg-{name}_label-6_msk.nii.gz", tmp_path)
    (tmp_path / "sub-mri_seg-vert_label-6_msk.json").write_text('{"5": "L2", "6": "L3", "7": "L4"}', encoding="utf-8")
    exact = read_labels(tmp_path / "sub-mri_seg-vert_label-6_msk.nii.gz")
    assert any("seg-subreg" in note for note in exact.findings)
    for number, mask in zip((5, 6, 7), exact.masks.values()):
        assert mask.array.sum() == ((vertebra.array == number) & (parts.array == 49)).sum()


def test_wanted_sizes_are_kept_where_the_body_allows_them(whole_vertebrae):
    for body in take_over(labelled(whole_vertebrae[1]), radii_mm=(12, 9, 40)).bodies:
        assert tuple(body.roi.radii_mm[:2]) == (12, 9)
        assert body.roi.radii_mm[2] < body.radii_mm[2] - 3


def block(depth: int, height: int = 30) -> Volume:
    """A solid block 40 mm wide."""
    labels = np.zeros((height + 10, depth + 10, 50), np.int32)
    labels[5:-5, 5:-5, 5:-5] = 1
    return Volume(labels, np.eye(4))


def test_a_label_too_deep_for_a_body_gets_its_roi_in_front_and_a_doubt():
    body = take_over(labelled(block(90), ("L3",))).bodies[0]
    assert "could not be told from its body" in body.findings[0]
    assert body.roi.center_ras[1] - body.roi.radii_mm[1] > 95 - 0.8 * 40


def test_labels_that_cannot_be_measured_are_said(whole_vertebrae):
    found = take_over(LabelledVertebrae({**labelled(whole_vertebrae[1]).masks, "L4": flat_below(whole_vertebrae[1])}))
    assert [body.level for body in found.bodies] == list(COLUMN)
    assert any("L4 was left out: its label is too small" in note for note in found.findings)
    with pytest.raises(MarrowQuantError, match="C1"):
        take_over(labelled(block(30), ("C1",)))
    with pytest.raises(MarrowQuantError, match="too small"):
        take_over(labelled(block(30, height=6), ("L1",)))
    ring = labelled(block(30), ("L1",)).masks["L1"]
    ring.array[:, 3:-3, 3:-3] = False
    with pytest.raises(MarrowQuantError, match="too small"):
        take_over(LabelledVertebrae({"L1": ring}))
    speck = Volume(np.ones((1, 1, 1), bool), np.diag([0.3, 0.3, 0.3, 1.0]))
    with pytest.raises(MarrowQuantError, match="less than 1 mL"):
        take_over(LabelledVertebrae({"L1": speck}))
    with pytest.raises(MarrowQuantError):
        take_over(labelled(whole_vertebrae[1], COLUMN[::-1]))  # the levels go up the patient


def flat_below(labels: Volume) -> Volume:
    """A sliver below L3, as a field of view that ends there leaves it."""
    mask = np.zeros(labels.array.shape, bool)
    mask[2:4, 35:55, 20:40] = True
    return cut_to_box(labels, mask)


def test_a_missing_level_and_a_cut_label_are_told(whole_vertebrae):
    labels = whole_vertebrae[1].like(whole_vertebrae[1].array[8:])
    column = labelled(labels.like(labels.array, ijk_to_ras=whole_vertebrae[1].ijk_to_ras))
    found = take_over(LabelledVertebrae({level: mask for level, mask in column.masks.items() if level != "L1"}, (), column.grid))
    assert any("Not labelled between T12 and L3: L1" in note for note in found.findings)


@pytest.mark.parametrize(
    "rounded",
    [
        lambda labels: np.where(labels > 0, labels + np.float32(2e-6), 0),  # resampled in single precision
        lambda labels: (labels / np.float32(255)) * np.float32(255),  # stored with a slope
        lambda labels: labels * np.float32(0.9999),
    ],
)
def test_labels_that_another_program_rounded_are_labels(whole_vertebrae, tmp_path, rounded):
    labels = whole_vertebrae[1]
    names = json.dumps({str(n): level for n, level in enumerate(COLUMN, start=1)})
    (tmp_path / "labels.json").write_text(names, encoding="utf-8")
    found = read_labels(write(labels.like(rounded(labels.array.astype(np.float32)).astype(np.float32)), tmp_path / "labels.nii.gz"))
    assert tuple(found.masks) == tuple(COLUMN)


def test_pictures_and_empty_files_are_refused(tmp_path):
    picture = Volume(np.random.default_rng(0).normal(0, 1, (4, 5, 6)).astype(np.float32), np.eye(4))
    with pytest.raises(MarrowQuantError, match="holds fractions"):
        read_labels(write(picture, tmp_path / "t1.nii.gz"))
    with pytest.raises(MarrowQuantError, match="holds no labelled vertebra"):
        read_labels(tmp_path)
    (tmp_path / "broken.nrrd").write_text("NRRD0004", encoding="ascii")
    with pytest.raises(MarrowQuantError, match="cannot be read"):
        read_labels(tmp_path / "broken.nrrd")


def test_files_that_slicer_wrote_and_that_we_wrote_are_read_by_the_other(slicer_scene, whole_vertebrae, tmp_path):
    import slicer
    from MarrowQuantLib.scene.labelmaps import read_segments, set_segment, start_segmentation

    bodies = whole_vertebrae[1]
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "bodies")
    start_segmentation(node)
    wide = {"T12": bodies.array == 1, "second": (bodies.array == 2) | (bodies.array == 1)}  # overlapping: Slicer writes two layers
    for name, mask in wide.items():
        entry = level_terminology("L1") if name == "second" else None
        set_segment(node, name, name, mask, bodies.ijk_to_ras, color=(1.0, 1.0, 0.0), terminology_entry=entry)
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(str(tmp_path / "slicer.seg.nrrd"))
    assert node.GetStorageNode().WriteData(node)
    found = read_labels(tmp_path / "slicer.seg.nrrd")
    assert {level: int(mask.array.sum()) for level, mask in found.masks.items()} == {
        "T12": int(wide["T12"].sum()), "L1": int(wide["second"].sum())
    }
    first = np.argwhere(wide["T12"])[0][::-1]
    center = found.masks["T12"].ijk_to_ras @ [*np.argwhere(found.masks["T12"].array)[0][::-1], 1.0]
    assert center[:3] == pytest.approx((bodies.ijk_to_ras @ [*first, 1.0])[:3], abs=1e-3)

    write_segmentation(tmp_path / "ours.seg.nrrd", bodies.like(bodies.array.astype(np.uint8)), COLUMN)
    loaded = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "ours")
    loaded.AddDefaultStorageNode()
    loaded.GetStorageNode().SetFileName(str(tmp_path / "ours.seg.nrrd"))
    assert loaded.GetStorageNode().ReadData(loaded)
    segments = read_segments(loaded)
    assert [(name, level_of_terminology(entry)) for name, entry, _ in segments] == [(level, level) for level in COLUMN]
    assert [int(mask.array.sum()) for _, _, mask in segments] == [int((bodies.array == n).sum()) for n in range(1, 5)]


# -------------------------------------------------------------------------------------------------------------- the shell
def test_the_shell_takes_labels_over(whole_vertebrae, tmp_path, capsys):
    path = write(renumbered(whole_vertebrae[0], NUMBERS["TotalSpineSeg"]), tmp_path / "labels.nii.gz")
    assert cli.main(["vertebrae", "--labels", str(path), "--out", str(tmp_path / "bodies.seg.nrrd"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [body["level"] for body in printed["bodies"]] == list(COLUMN)
    assert "TotalSpineSeg" in printed["findings"][0]["sentence"]
    assert {body["uncertainty"] for body in printed["bodies"]} == {None}
    assert tuple(read_labels(tmp_path / "bodies.seg.nrrd").masks) == COLUMN
    assert cli.main(["vertebrae", "--labels", str(path), "--roi-shape", "disc", "--json"]) == 0
    discs = [body["roi"] for body in json.loads(capsys.readouterr().out)["bodies"]]
    assert {(disc["shape"], disc["radii_mm"][2]) for disc in discs} == {("cylinder", 2.5)}
    assert cli.main(["vertebrae", "--json"]) != 0
    assert "Give IMAGE" in capsys.readouterr().err
