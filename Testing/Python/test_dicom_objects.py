"""Results as DICOM objects: valid, and the same voxels and numbers in every reader."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import exported
from MarrowQuantLib.export import codes
from MarrowQuantLib.export.prior import numbers_in
from MarrowQuantLib.io.imagefiles import read_volumes
from MarrowQuantLib.model import MarrowQuantError, StirPattern
from MarrowQuantLib.phantom import DIALECTS
from MarrowQuantLib.report.paper import Cover
from MarrowQuantLib.vertebrae import rasterise
from MarrowQuantLib.vertebrae.labelfiles import read_labels
from pydicom import dcmread

pytest.importorskip("highdicom", reason="highdicom is not installed; DICOM objects need it (pip install highdicom).")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::UserWarning:highdicom"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:highdicom"),
]


@pytest.fixture(scope="module", params=sorted(DIALECTS))
def case(request, tmp_path_factory):
    """Results, and the objects that were made of them, by name."""
    from MarrowQuantLib.export.write import export_dicom

    folder = tmp_path_factory.mktemp(request.param)
    results, files = exported.measured(folder / "exam", request.param)
    first, *others = results.exams
    results = replace(results, exams=(replace(first, stir=StirPattern(3, 2, 0.62, 1.25, 0.04)), *others))
    return results, files, export_dicom(results, files, folder / "objects", cover=Cover("Case 7", "Doe^Jane"))


def test_every_object_is_valid(case):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed; it validates DICOM (apt install dicom3tools).")
    for name, path in case[2].items():
        told = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False).stderr
        assert [line for line in told.splitlines() if line.startswith("Error")] == [], name


def test_a_map_holds_our_values_at_our_places(case, tmp_path):
    import highdicom

    results, _, objects = case
    exam = results.exams[0]
    for key in ("ff", "adc", "dwi_high"):
        ours = exam.maps[key]
        theirs = highdicom.imread(objects[f"baseline-map-{key}"]).get_volume()
        _same_voxels(ours.array, ours.ijk_to_ras, theirs.array, _ras(theirs.affine))
        found = _by_dcmqi("paramap2itkimage", objects[f"baseline-map-{key}"], tmp_path / key)[0]
        _same_voxels(ours.array, ours.ijk_to_ras, found.array, found.ijk_to_ras)
    for shown, widest in (("adc", 4000.0), ("adc-sd", 400.0)):  # not up to the values where there is no signal
        shared = dcmread(objects[f"baseline-map-{shown}"]).SharedFunctionalGroupsSequence[0]
        assert 0 < shared.FrameVOILUTSequence[0].WindowWidth <= widest


def test_a_segment_holds_our_voxels_at_our_places(case, tmp_path):
    import highdicom

    results, _, objects = case
    burden = results.exams[0].burden
    path = objects["baseline-seg-burden"]
    theirs = highdicom.seg.segread(path)
    volume = theirs.get_volume(combine_segments=True, rescale_fractional=False, allow_missing_positions=True)
    _same_mask(burden.labels.array, burden.labels.ijk_to_ras, volume.array, _ras(volume.affine))
    for number, component in enumerate(burden.components, start=1):
        described = theirs.get_segment_description(number)
        modifier = described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0]
        assert modifier.CodeValue == component.state.upper()
    found = _by_dcmqi("segimage2itkimage", path, tmp_path / "seg")
    assert len(found) == len(burden.components)
    exam = results.exams[0]
    rois = [rasterise(vertebra.roi, exam.maps["ff"]).mask() for vertebra in exam.vertebrae]
    for mask, seen in zip(rois, _by_dcmqi("segimage2itkimage", objects["baseline-seg-ff"], tmp_path / "rois")):
        _same_mask(np.where(mask, seen.array.max(), 0), exam.maps["ff"].ijk_to_ras, seen.array, seen.ijk_to_ras)
    for number, volume in enumerate(found, start=1):
        _same_mask(np.where(burden.labels.array == number, number, 0), burden.labels.ijk_to_ras, volume.array, volume.ijk_to_ras)


def test_slicers_own_readers_find_what_they_ask_for(case, tmp_path):
    """The same calls as Slicer's plugins make, and every key that their code takes from the answers without asking
    (DICOMSegmentationPlugin.py, DICOMParametricMapPlugin.py, DICOMTID1500Plugin.py under Modules/Scripted/DICOMPlugins of Slicer 5.13)."""
    import highdicom

    objects = case[2]
    if not _dcmqi("segimage2itkimage"):
        pytest.skip("dcmqi is not installed (pip install dcmqi).")
    for name, path in objects.items():
        out = tmp_path / name
        out.mkdir()
        if "-seg-" in name:
            asked = [_dcmqi("segimage2itkimage"), "--inputDICOM", path, "--outputDirectory", out, "--mergeSegments"]
            subprocess.run(asked, capture_output=True, check=True)
            told = json.loads((out / "meta.json").read_text(encoding="utf-8"))["segmentAttributes"]
            assert len(told) == len(list(out.glob("*.nrrd"))) and (out / "1.nrrd").exists()
            segments = [segment for group in told for segment in group]
            assert len(segments) == highdicom.seg.segread(path).number_of_segments
            for segment in segments:
                assert segment["labelID"] > 0 and segment["SegmentLabel"] and "SegmentDescription" in segment
                assert segment["SegmentAlgorithmName"] and len(segment["recommendedDisplayRGBValue"]) == 3
                assert segment["SegmentedPropertyTypeCodeSequence"]["CodeMeaning"]
        elif "-map-" in name:
            subprocess.run([_dcmqi("paramap2itkimage"), "--inputDICOM", path, "--outputDirectory", out], capture_output=True, check=True)
            told = json.loads((out / "meta.json").read_text(encoding="utf-8"))
            assert (out / "pmap.nrrd").exists() and told["QuantityValueCode"]["CodeValue"] and told["MeasurementUnitsCode"]["CodeValue"]
        elif name.endswith("-report"):
            report = highdicom.sr.EnhancedSR.from_dataset(dcmread(path), copy=True)
            assert report.Modality == "SR" and report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
            assert list(report.content.get_planar_roi_measurement_groups()) == []


def test_slicers_own_reader_opens_each_report_as_a_table(case, tmp_path):
    """Each number stands under its name, in the row of its segment, and each segment gets the identifier of its own measurements."""
    from helpers.slicer_report import open_report

    if not _dcmqi("tid1500reader"):
        pytest.skip("dcmqi is not installed (pip install dcmqi).")
    results, _, objects = case
    exam = results.exams[0]
    reports = {name: path for name, path in objects.items() if dcmread(path, stop_before_pixels=True).Modality == "SR"}
    assert list(reports)[-2:] == ["baseline-report-burden", "baseline-report"]
    for name, path in reports.items():
        table, segments = open_report(path, objects.values(), _dcmqi, tmp_path / name)
        groups = {group["tracking"]: group for group in _groups_of(path)}
        assert table.misplaced == [] and len(segments) == len(table.rows) and len({len(row) for row in table.rows}) == 1
        for row, segment in zip(table.rows, segments):
            group = groups[row[0]]
            assert group["reference"] == (segment.of, segment.number) and group["uid"] == segment.tags["TrackingUniqueIdentifier"]
            assert row[0].replace("tDV ", "") in segment.name
        if name == "baseline-report":
            ff = [float(row[table.columns.index("Mean [%]")]) for row in table.rows]
            assert ff == pytest.approx([vertebra.measurements["ff"].value for vertebra in exam.vertebrae], rel=1e-12)
        elif name == "baseline-report-burden":
            volumes = [float(row[table.columns.index("Volume [cm3]")]) for row in table.rows]
            assert volumes == pytest.approx([part.volume_ml for part in exam.burden.components], rel=1e-12)


def test_numbers_that_only_some_segments_have_stand_beside_the_table(case):
    from MarrowQuantLib.export.groups import documents

    exam = case[0].exams[0]
    first, *others = exam.burden.components
    exam = replace(exam, burden=replace(exam.burden, components=(replace(first, signal_ratio=None), *others)))
    keys = [f"tDV component {part.label}" for part in exam.burden.components]
    _, load = documents(exam, replace(case[0], exams=[exam]), {"ff": ["L2 ROI", "L3 ROI"], "burden": keys})
    assert [group.segment for group in load.groups] == keys
    assert len({tuple(number.column for number in group.numbers) for group in load.groups}) == 1
    assert [(group.segment, [number.column for number in group.numbers]) for group in load.others] == [(key, ["ratio"]) for key in keys[1:]]
    (alone,) = documents(replace(exam, vertebrae=[], lumbar={}, burden=None), replace(case[0], exams=[exam]), {})
    assert len(alone.groups) == 1 and not alone.groups[0].segment  # Slicer's reader takes a first group for granted


def test_the_report_holds_our_numbers(case, tmp_path):
    results, _, objects = case
    if shutil.which("tid1500reader") is None and not _dcmqi("tid1500reader"):
        pytest.skip("dcmqi is not installed (pip install dcmqi).")
    groups = []
    reports = [path for path in objects.values() if dcmread(path, stop_before_pixels=True).Modality == "SR"]
    for path in reports:
        target = tmp_path / f"{path.stem}.json"
        asked = [_dcmqi("tid1500reader"), "--inputDICOM", path, "--outputMetadata", target]
        subprocess.run(asked, capture_output=True, check=True)
        groups += json.loads(target.read_text(encoding="utf-8"))["Measurements"]
    exam = results.exams[0]
    for vertebra in exam.vertebrae:
        assert "ff" in vertebra.measurements
        for key, derivation in (("ff", "Mean"), ("adc", "Median")):
            if key not in vertebra.measurements:  # the small stacks need not overlap
                continue
            name = codes.of_quantity(key, "")[2]
            values = [
                item["value"]
                for group in groups if group["TrackingIdentifier"] == f"{vertebra.roi.level} ROI"
                for item in group["measurementItems"]
                if item["quantity"]["CodeMeaning"] == name and item.get("derivationModifier", {}).get("CodeMeaning") == derivation
            ]  # fmt: skip
            assert [float(value) for value in values] == [pytest.approx(vertebra.measurements[key].value, rel=1e-12)]
    further = {(tracking, name, derived): value for tracking, name, derived, value in numbers_in(dcmread(objects["baseline-report"]))}
    assert further["Total diffusion volume", codes.VOLUME[0], ""] == exam.burden.tdv.value
    assert further["Lumbar mean FF", codes.of_quantity("ff", "")[0], codes.MEAN[0]] == exam.lumbar["ff"].value
    assert further["Pattern on STIR", codes.STIR_RIM[0], ""] == exam.stir.rim


def test_the_report_holds_the_pattern_on_stir_and_whose_word_it_is(case):
    said = {}
    for path in case[2].values():
        for group in _tree(dcmread(path, stop_before_pixels=True)):
            items = {item.ConceptNameCodeSequence[0].CodeValue: item for item in group.get("ContentSequence", ())}
            if codes.STIR_PATTERN[0] in items:
                said |= {key: item.ConceptCodeSequence[0].CodeMeaning for key, item in items.items() if item.ValueType == "CODE"}
    assert said[codes.STIR_PATTERN[0]] == "Kusumoto 2: marginally high" and said[codes.STIR_ORIGIN[0]] == "Set by the reader"


def test_patient_study_and_frame_are_those_of_the_source(case):
    import pydicom

    _, files, objects = case
    source = pydicom.dcmread(files[0].volumes[0].parts[0][0].pixels.path, stop_before_pixels=True)
    frames = {frame.frame_of_reference for volume in files[0].volumes for part in volume.parts for frame in part}
    series = []
    for path in objects.values():
        made = pydicom.dcmread(path, stop_before_pixels=True)
        assert (made.PatientID, str(made.PatientName)) == (source.PatientID, str(source.PatientName))
        assert made.StudyInstanceUID in files[0].studies and made.Manufacturer == "MarrowQuant"
        assert "research" in made.SeriesDescription and made.PatientIdentityRemoved == "YES"
        assert made.get("FrameOfReferenceUID", next(iter(frames))) in frames
        series.append((made.SeriesInstanceUID, made.SeriesNumber))
    assert len(set(series)) == len(series) == len({number for _, number in series})


def test_the_exam_comes_back_from_its_objects_alone(case):
    from MarrowQuantLib.export.prior import has_objects, read_prior

    results, _, objects = case
    folder = objects["baseline-report"].parent
    exam, back = results.exams[0], read_prior(folder)
    assert has_objects(folder)
    for key in ("ff", "adc", "dwi_low", "dwi_high"):
        assert np.array_equal(back.maps[key].array, exam.maps[key].array, equal_nan=True)
        assert np.array_equal(back.maps[key].ijk_to_ras, exam.maps[key].ijk_to_ras)
    assert np.array_equal(back.burden.labels.array, exam.burden.labels.array)
    assert [c.state for c in back.burden.components] == [c.state for c in exam.burden.components]
    assert {key: m.value for key, m in back.lumbar.items()} == {key: m.value for key, m in exam.lumbar.items()}
    assert back.identity.is_of_the_same_patient(exam.identity)


def test_a_report_that_was_changed_is_refused(case, tmp_path):
    import pydicom
    from MarrowQuantLib.export.prior import read_prior

    folder = tmp_path / "objects"
    shutil.copytree(case[2]["baseline-report"].parent, folder)
    report = pydicom.dcmread(folder / "baseline-report.dcm")
    group = next(item for item in _tree(report) if getattr(item, "TextValue", "") == "Total diffusion volume")
    assert group is not None
    for item in _tree(report):
        if item.ValueType == "NUM" and "FloatingPointValue" in item.MeasuredValueSequence[0]:
            item.MeasuredValueSequence[0].FloatingPointValue += 1.0
    report.save_as(folder / "baseline-report.dcm")
    with pytest.raises(MarrowQuantError, match="was changed"):
        read_prior(folder)


def test_an_exam_without_all_of_its_reports_is_refused(case, tmp_path):
    from MarrowQuantLib.export.prior import read_prior

    folder = tmp_path / "objects"
    shutil.copytree(case[2]["baseline-report"].parent, folder)
    (folder / "baseline-report-burden.dcm").unlink()
    with pytest.raises(MarrowQuantError, match="not all of them are there; fetch the whole study"):
        read_prior(folder)
    (folder / "baseline-report.dcm").unlink()
    with pytest.raises(MarrowQuantError, match="no report that MarrowQuant wrote"):
        read_prior(folder)


def test_an_exam_with_all_in_one_report_is_read_as_before(case, tmp_path):
    """As MarrowQuant wrote them first: every group among the imaging measurements, and no list of further reports."""
    import gzip

    from MarrowQuantLib.export.prior import PRIVATE_CREATOR, PRIVATE_GROUP, RECORD, read_prior

    folder = tmp_path / "objects"
    shutil.copytree(case[2]["baseline-report"].parent, folder)
    report = dcmread(folder / "baseline-report.dcm")
    groups = [item for item in _tree(report) if item.ConceptNameCodeSequence[0].CodeValue == "125007"]
    for path in folder.glob("baseline-report-*.dcm"):
        if dcmread(path).Modality == "SR":
            groups += [item for item in _tree(dcmread(path)) if item.ConceptNameCodeSequence[0].CodeValue == "125007"]
            path.unlink()
    report.ContentSequence = [item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue != codes.FURTHER[0]]
    next(item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010").ContentSequence = groups
    element = report.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)[RECORD]
    record = json.loads(gzip.decompress(element.value))
    assert record.pop("reports")
    element.value = gzip.compress(json.dumps(record).encode())
    report.save_as(folder / "baseline-report.dcm")
    back, exam = read_prior(folder), case[0].exams[0]
    assert [c.volume_ml for c in back.burden.components] == [c.volume_ml for c in exam.burden.components]
    assert np.array_equal(back.burden.labels.array, exam.burden.labels.array)


def test_our_objects_are_never_measured_as_images(case):
    from MarrowQuantLib import dicom

    with pytest.raises(MarrowQuantError, match="no MR image"):
        dicom.scan(case[2]["baseline-report"].parent)


def test_segmentations_are_read_as_rois_and_masks(case):
    from MarrowQuantLib import dicom
    from MarrowQuantLib.vertebrae.labelfiles import is_label_file

    results, _, objects = case
    exam = results.exams[0]
    path = objects["baseline-seg-ff"]
    assert is_label_file(path)
    labelled = read_labels(path)
    assert list(labelled.masks) == list(exported.LEVELS)
    for vertebra in exam.vertebrae:
        mask = labelled.masks[vertebra.roi.level]
        ours = rasterise(vertebra.roi, exam.maps["ff"]).mask()
        _same_mask(ours, exam.maps["ff"].ijk_to_ras, mask.array, mask.ijk_to_ras)
    union = dicom.read_mask(objects["baseline-seg-burden"])
    _same_mask(exam.burden.labels.array > 0, exam.burden.labels.ijk_to_ras, union.array > 0, union.ijk_to_ras)


def test_a_segmentation_of_dcmqi_is_read(case, tmp_path):
    """dcmqi writes its own Segmentation from our labels; what we read of it is what went in."""
    from MarrowQuantLib import dicom
    from MarrowQuantLib.io.imagefiles import to_sitk

    if not _dcmqi("itkimage2segimage"):
        pytest.skip("dcmqi is not installed (pip install dcmqi).")
    import SimpleITK as sitk

    results, files, _ = case
    exam = results.exams[0]
    mask = exam.maps["ff"].like(rasterise(exam.vertebrae[0].roi, exam.maps["ff"]).mask().astype(np.uint8))
    sitk.WriteImage(to_sitk(mask), str(tmp_path / "mask.nrrd"))
    coded = {"CodeValue": "14293000", "CodingSchemeDesignator": "SCT", "CodeMeaning": "L2 vertebra"}
    anatomy = {"CodeValue": "123037004", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Anatomical Structure"}
    segment = {"labelID": 1, "SegmentAlgorithmType": "MANUAL", "SegmentLabel": "vertebrae_L2", "SegmentDescription": "L2",
               "SegmentedPropertyCategoryCodeSequence": anatomy, "SegmentedPropertyTypeCodeSequence": coded}  # fmt: skip
    about = {"ContentCreatorName": "T", "ClinicalTrialSeriesID": "1", "ClinicalTrialTimePointID": "1", "SeriesDescription": "x",
             "SeriesNumber": "1", "InstanceNumber": "1", "segmentAttributes": [[segment]]}  # fmt: skip
    (tmp_path / "about.json").write_text(json.dumps(about), encoding="utf-8")
    ff = next(v for v in files[0].volumes if v.role.value == ("pdff" if "ff_vendor" in exam.maps else "water"))
    if len({frame.pixels.path for frame in ff.parts[0]}) == 1:
        pytest.skip("dcmqi takes no multi-frame source; the other dialects are asked.")
    sources = ",".join(dict.fromkeys(str(frame.pixels.path) for frame in ff.parts[0]))
    asked = [_dcmqi("itkimage2segimage"), "--inputImageList", tmp_path / "mask.nrrd", "--inputMetadata", tmp_path / "about.json",
             "--inputDICOMList", sources, "--outputDICOM", tmp_path / "seg.dcm"]  # fmt: skip
    subprocess.run(asked, capture_output=True, check=True)
    (found,) = dicom.read_segmentation(tmp_path / "seg.dcm")
    assert (found.label, found.kind[0]) == ("vertebrae_L2", "14293000")
    _same_mask(mask.array > 0, mask.ijk_to_ras, found.mask.array, found.mask.ijk_to_ras)
    labelled, bone = read_labels(tmp_path / "seg.dcm").masks, dicom.read_mask(tmp_path / "seg.dcm")
    assert list(labelled) == ["L2"]
    _same_mask(mask.array > 0, mask.ijk_to_ras, labelled["L2"].array, labelled["L2"].ijk_to_ras)
    _same_mask(mask.array > 0, mask.ijk_to_ras, bone.array > 0, bone.ijk_to_ras)


def test_nothing_of_an_identity_that_was_removed_comes_back(tmp_path):
    """Objects made of a de-identified copy hold nothing of what was in the images before, in no attribute, page or packed record."""
    import zipfile
    import zlib

    import pypdfium2
    from MarrowQuantLib.deidentify import deidentify
    from MarrowQuantLib.export.prior import PRIVATE_CREATOR, PRIVATE_GROUP, RECORD
    from MarrowQuantLib.export.write import export_dicom
    from MarrowQuantLib.report.workbook import write_workbook

    secrets = ("Geheimrat", "GH-471187", "19500317", "Mariahilf", "ACC471187")

    def edit(dataset):
        dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Geheimrat^Anna", "GH-471187", "19500317"
        dataset.InstitutionName, dataset.AccessionNumber, dataset.StudyDescription = "Mariahilf", "ACC471187", "Marrow of Geheimrat"
        for keyword in ("PatientIdentityRemoved", "DeidentificationMethod"):
            if keyword in dataset:
                del dataset[keyword]

    exported.measured(tmp_path / "in", "siemens", edit)
    deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key")
    results, files = exported.measure(tmp_path / "out")
    objects = export_dicom(results, files, tmp_path / "objects", cover=Cover("Case 7"))
    assert len(objects) > 8
    for name, path in objects.items():
        made = dcmread(path)
        told = path.read_bytes()
        if name.endswith("-report"):
            told += zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(made.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)[RECORD].value)
        if name.endswith("-pdf"):
            document = pypdfium2.PdfDocument(made.EncapsulatedDocument)
            told += "".join(page.get_textpage().get_text_range() for page in document).encode()
            told += str(document.get_metadata_dict()).encode()
            document.close()
        assert made.PatientIdentityRemoved == "YES" and not [secret for secret in secrets if secret in path.name], name
        assert [secret for secret in secrets if secret.lower().encode() in told.lower()] == [], name
    with zipfile.ZipFile(write_workbook(results, tmp_path / "tables.xlsx")) as book:
        told = b"".join(map(book.read, book.namelist()))  # cells and properties
    assert [secret for secret in secrets if secret.lower().encode() in told.lower()] == []


def test_a_header_of_another_scanner_makes_valid_objects(tmp_path):
    """Siemens repeats pixel measures in every frame, and some PACS leave optional sequences empty: neither is ours to hand on."""
    from MarrowQuantLib.export.write import export_dicom

    changed = []

    def edit(dataset):
        dataset.ProcedureCodeSequence = []
        if "NumberOfFrames" in dataset and "PixelMeasuresSequence" in dataset.SharedFunctionalGroupsSequence[0]:
            shared = dataset.SharedFunctionalGroupsSequence[0]
            for frame in dataset.PerFrameFunctionalGroupsSequence:
                frame.PixelMeasuresSequence, frame.PlaneOrientationSequence = shared.PixelMeasuresSequence, shared.PlaneOrientationSequence
            del shared.PixelMeasuresSequence, shared.PlaneOrientationSequence
            changed.append(dataset.SOPInstanceUID)

    results, files = exported.measured(tmp_path / "exam", "philips", edit)
    objects = export_dicom(results, files, tmp_path / "objects")
    assert changed and all("ProcedureCodeSequence" not in dcmread(path) for path in objects.values())
    measures = dcmread(objects["baseline-seg-burden"]).SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert np.allclose(measures.PixelSpacing, results.exams[0].maps["dwi_high"].spacing_mm[:2])


@pytest.mark.filterwarnings("ignore:Invalid value:UserWarning")
def test_what_is_wrong_in_a_header_is_left_out_of_the_objects(tmp_path):
    """A birth date that is none, a sex that DICOM does not know, other names without an ID: copied, they would be errors of ours."""
    from helpers.dicom_files import write_image
    from MarrowQuantLib.export.sources import read_header
    from pydicom import Dataset

    wrong = dcmread(write_image(tmp_path, 0, StudyInstanceUID="1.2.3"))
    wrong.StudyTime, wrong.PatientBirthDate, wrong.PatientSex, wrong.PatientAge = "noon", "1950", "female", "75"
    other = Dataset()
    other.PatientName = "Other"
    wrong.OtherPatientIDsSequence, wrong.ProcedureCodeSequence = [other], []
    wrong.SpecificCharacterSet, wrong.PatientName = ["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"
    del wrong.FrameOfReferenceUID
    wrong.save_as(tmp_path / "wrong.dcm")
    header = read_header(tmp_path / "wrong.dcm")
    assert [header.PatientBirthDate, header.PatientSex, header.StudyTime] == ["", "", ""] and header.FrameOfReferenceUID
    assert not {"PatientAge", "OtherPatientIDsSequence", "ProcedureCodeSequence"} & {element.keyword for element in header}
    assert (header.PatientName, header.SpecificCharacterSet) == ("Yamada^Tarou=山田^太郎=やまだ^たろう", "ISO_IR 192")
    wrong.StudyInstanceUID = "1.2.03.4"
    wrong.save_as(tmp_path / "odd.dcm")
    with pytest.raises(MarrowQuantError, match="UIDs that DICOM does not allow"):
        read_header(tmp_path / "odd.dcm")


def test_a_map_rests_on_the_images_that_were_used(case):
    """Where the ADC is the scanner's own map, its images are the source, not diffusion images of one b-value beside it."""
    from MarrowQuantLib.export.sources import Sources
    from MarrowQuantLib.model import Role

    results, files, _ = case
    volumes = [v for v in files[0].volumes if v.role is Role.DWI and not v.problem][:2]
    exam_files = replace(files[0], volumes=(volumes[0], replace(volumes[1], role=Role.ADC)))
    exam = replace(results.exams[0], series=[{"used": False}, {"used": True}])
    assert [v.role for v in Sources(exam_files, exam).behind("adc")] == [Role.ADC]


def test_regions_of_the_dropout_ratio_alone_are_written(case):
    from MarrowQuantLib.export.write import segments_of

    exam = case[0].exams[0]
    alone = replace(exam, maps={"in_phase": exam.maps["ff"]}, burden=None)
    ((key, _, segments),) = segments_of(alone)
    assert key == "in_phase" and [segment.key for segment in segments] == [f"{level} ROI" for level in exported.LEVELS]


def test_an_old_python_gets_a_sentence_before_any_package_is_asked_for(monkeypatch):
    """3D Slicer 5.8 has 3.9, for which there is no highdicom."""
    import sys

    from MarrowQuantLib.export import refuse_old_python

    refuse_old_python()
    monkeypatch.setattr(sys, "version_info", (3, 9, 10))
    with pytest.raises(MarrowQuantError, match="this one reads and measures without them"):
        refuse_old_python()


def test_another_number_of_exams_is_refused(case, tmp_path):
    from MarrowQuantLib.export.write import export_dicom

    results, _, _ = case
    with pytest.raises(MarrowQuantError, match="folders of the same exams"):
        export_dicom(results, [], tmp_path / "objects")
    assert not (tmp_path / "objects").exists()


def test_codes_are_those_of_dicom():
    from pydicom.sr._concepts_dict import concepts

    known: dict[tuple[str, str], set[str]] = {}
    for scheme in ("DCM", "SCT"):
        for found in concepts[scheme].values():
            for value, (meaning, _) in found.items():
                known.setdefault((scheme, value), set()).add(meaning.split(" (")[0].lower())
    ours = [code for code in vars(codes).values() if isinstance(code, tuple) and len(code) == 3 and isinstance(code[1], str)]
    ours += [*codes.FEATURES.values(), *codes.SHAPES.values(), *codes.QUANTITY_CODES.values()]
    checked = 0
    for value, scheme, meaning in ours:
        if scheme in ("DCM", "SCT"):
            assert meaning.lower() in known[scheme, value], (value, meaning, known[scheme, value])
            checked += 1
    assert checked > 30


def _groups_of(path: Path):
    """Tracking identifier, UID and referenced segment of each measurement group, by pydicom."""
    for group in (item for item in _tree(dcmread(path)) if item.ConceptNameCodeSequence[0].CodeValue == "125007"):
        by_code = {item.ConceptNameCodeSequence[0].CodeValue: item for item in group.ContentSequence}
        reference = by_code["121191"].ReferencedSOPSequence[0] if "121191" in by_code else None
        yield {
            "tracking": by_code["112039"].TextValue, "uid": by_code["112040"].UID,
            "reference": (reference.ReferencedSOPInstanceUID, reference.ReferencedSegmentNumber) if reference else None,
        }  # fmt: skip


def _tree(node):
    for item in node.get("ContentSequence", ()):
        yield item
        yield from _tree(item)


def _dcmqi(name: str) -> str:
    """Path of a program of dcmqi, which pip puts beside Python's own."""
    import sysconfig

    places = [Path(sysconfig.get_path("scripts")) / name]
    try:
        import dcmqi

        places.append(Path(dcmqi.__file__).parent / "bin" / name)
    except ImportError:
        pass
    return next((str(place) for place in places if place.exists()), shutil.which(name) or "")


def _by_dcmqi(program: str, path: Path, folder: Path):
    """The images that a program of dcmqi makes of an object, in the order of their names."""
    if not _dcmqi(program):
        pytest.skip("dcmqi is not installed (pip install dcmqi).")
    folder.mkdir()
    asked = [_dcmqi(program), "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nifti"]
    subprocess.run(asked, capture_output=True, check=True)
    return [read_volumes(image)[0] for image in sorted(folder.glob("*.nii.gz"))]


def _ras(affine: np.ndarray) -> np.ndarray:
    """highdicom's affine (frame, row, column; LPS) as ours (i, j, k; RAS)."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine[:, [2, 1, 0, 3]]


def _places(mask: np.ndarray, ijk_to_ras: np.ndarray) -> np.ndarray:
    return np.argwhere(mask)[:, ::-1] @ ijk_to_ras[:3, :3].T + ijk_to_ras[:3, 3]


def _same_mask(ours, our_matrix, theirs, their_matrix) -> None:
    """The same values at the same places, whatever the order of slices and the box."""
    first, second = _places(ours > 0, our_matrix), _places(theirs > 0, their_matrix)
    assert len(first) == len(second) > 0
    order = [np.lexsort(np.round(points / 0.5).T) for points in (first, second)]
    assert np.abs(first[order[0]] - second[order[1]]).max() < 0.02
    assert np.array_equal(ours[ours > 0][order[0]], theirs[theirs > 0][order[1]])


def _same_voxels(ours, our_matrix, theirs, their_matrix) -> None:
    """Every voxel bit by bit, at its place to 0.02 mm (headers hold 16 characters a number)."""
    k, j, i = np.indices(ours.shape).reshape(3, -1)
    ras = np.stack([i, j, k], axis=1) @ our_matrix[:3, :3].T + our_matrix[:3, 3]
    index = np.linalg.solve(their_matrix[:3, :3], (ras - their_matrix[:3, 3]).T).T
    whole = np.rint(index).astype(int)
    assert np.abs(index - whole).max() < 0.02 and theirs.shape[:3] is not None
    found = theirs[whole[:, 2], whole[:, 1], whole[:, 0]]
    assert np.array_equal(found.reshape(ours.shape).astype(np.float32), ours.astype(np.float32), equal_nan=True)
