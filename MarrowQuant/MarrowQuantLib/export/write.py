"""The DICOM objects of a case: made from its results and the exams' own images, written all or none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from ..dicom import ExamFiles
from ..io.atomic import in_one_step
from ..io.dicomfiles import write_dicom
from ..model import ExamResult, MarrowQuantError, Progress, Results, no_progress, part
from ..report.paper import first_page_png, paper
from ..report.shown import Cover
from ..results import results_to_dict
from ..vertebrae.segment import segment_bodies
from . import refuse_in_vain
from .documents import encapsulated_pdf, secondary_capture
from .groups import documents
from .objects import (
    FIRST_SERIES_NUMBER,
    MAPS,
    SIGNALS,
    Segment,
    Series,
    body_segments,
    burden_segments,
    has_map,
    map_description,
    new_uid,
    parametric_map,
    roi_segments,
    rois_on,
    segmentation,
)
from .report_tree import Written, measurement_report
from .sources import Sources

if TYPE_CHECKING:
    from pydicom import Dataset

GRIDS = {"burden": "dwi_high", "bodies": "ff"}
"""By the key of a segmentation the map whose grid it lies on, where that is not the key itself."""


def export_dicom(
    results: Results,
    exams: Sequence[ExamFiles],
    folder: Path,
    *,
    cover: Optional[Cover] = None,
    language: str = "en",
    progress: Progress = no_progress,
) -> dict[str, Path]:
    """Write the objects of every exam into its own study.

    Parameters
    ----------
    results : Results
        With the maps and the labels of the tumour load, as :func:`workflow.analyze` gives them.
    exams : sequence of ExamFiles
        The exams' own files, in the order of the results: patient, study and frame of reference are theirs.
    folder : Path
        Must not exist, or be empty.
    cover : Cover, optional
        Label of the case and name of the reader; the study of the last exam gets the report as PDF, and its first page, with them.
    language : {"en", "ja"}
        Of the PDF; the coded report is English.
    progress : callable

    Returns
    -------
    dict
        What it is, such as "baseline-map-ff", to the file.

    Raises
    ------
    MarrowQuantError
        If highdicom is missing, the exams are not those of the results, or the folder cannot be written.
    """
    folder = Path(folder)
    refuse_in_vain(folder)
    if len(exams) != len(results.exams):
        raise MarrowQuantError(
            "The results are of {n} exams and {m} were given; give the folders of the same exams.", n=len(results.exams), m=len(exams)
        )
    pdf = paper(results, language, cover)
    names = []
    with in_one_step(folder) as unfinished:
        for n, (files, result) in enumerate(zip(exams, results.exams)):
            told = part(progress, n / len(exams), (n + 1) / len(exams))
            document = pdf if n == len(exams) - 1 else b""
            for name, dataset in _objects(Sources(files, result), results, document, cover.reader if cover else "", told).items():
                write_dicom(dataset, unfinished / f"{result.label}-{name}.dcm")
                names.append(f"{result.label}-{name}")
    progress(1.0, "Written")
    return {name: folder / f"{name}.dcm" for name in names}


def _objects(sources: Sources, results: Results, pdf: bytes, reader: str, progress: Progress) -> dict[str, Dataset]:
    """By name, in the order in which a PACS lists their series."""
    exam = sources.result
    made: dict[str, Dataset] = {}
    segmentations: dict[str, Written] = {}
    progress(0.0, f"Writing the segmentations, {exam.label}")
    for key, described, segments in segments_of(exam):
        grid = GRIDS.get(key, key)
        dataset = segmentation(sources, grid, segments, _series(len(made), described))
        numbers = {segment.key: n for n, segment in enumerate(segments, start=1)}
        source = str(sources.images(grid)[0][0].SeriesInstanceUID)
        segmentations[key] = Written(dataset, source, numbers, {segment.key: segment.tracking_uid for segment in segments})
        made[f"seg-{key}"] = dataset
    keys = _keys(exam)
    for n, key in enumerate(keys):
        progress(0.2 + 0.7 * n / len(keys), f"Writing the maps, {exam.label}")
        made[f"map-{key}"] = parametric_map(sources, key, _series(10 + 2 * n, map_description(key)))
        if key in exam.spreads:
            spread = exam.spreads[key]
            made[f"map-{key}-sd"] = parametric_map(sources, key, _series(11 + 2 * n, map_description(key, spread=True)), spread)
    progress(0.9, f"Writing the report, {exam.label}")
    first, *others = documents(exam, results, {key: list(written.numbers) for key, written in segmentations.items()})
    for n, document in enumerate(others):
        key = document.segmentation
        series = _series(53 + n, f"MarrowQuant measurements, {_RESTS_ON[key]} (research)")
        made[f"report-{key}"] = measurement_report(sources, results, document, segmentations[key], series, reader=reader)
    series = _series(50, "MarrowQuant measurements (research)")
    rests_on = segmentations.get(first.segmentation)
    made["report"] = measurement_report(sources, results, first, rests_on, series, record_of(results, exam, made), reader)
    if pdf:
        header = sources.any_header()
        made["report-pdf"] = encapsulated_pdf(pdf, header, _series(51, "MarrowQuant report PDF (research)"))
        made["report-page"] = secondary_capture(first_page_png(pdf), header, _series(52, "MarrowQuant report page 1 (research)"))
    return made


_RESTS_ON = {"r2star": "ROIs on R2*", "adc": "ROIs on ADC", "in_phase": "ROIs on in phase", "burden": "total diffusion volume"}
"""By the key of a segmentation how a list of series names what was measured in it; the fat fraction comes first, in the exam's report."""


def _series(offset: int, description: str) -> Series:
    return Series(FIRST_SERIES_NUMBER + offset, description, new_uid())


def _keys(exam: ExamResult) -> list[str]:
    """The maps that are written: those of quantities, the joined diffusion images, and the one that ROIs are carried over by."""
    carried_by = next((key for key in ("in_phase", "water") if has_map(exam, key)), None)
    return [key for key in (*MAPS, *SIGNALS) if has_map(exam, key) and (key not in ("in_phase", "water") or key == carried_by)]


def segments_of(exam: ExamResult) -> list[tuple[str, str, list[Segment]]]:
    """What is written as segmentations: of the bodies, of the ROIs on the map of each quantity, of the tumour load.

    Returns
    -------
    list of (str, str, list of Segment)
        Key ("bodies", "burden", or that of the map that the ROIs lie on), series description, and segments.
    """
    found = []
    centers = {v.roi.level: v.roi.center_ras for v in exam.vertebrae}
    image = next((exam.maps[key] for key in ("water", "ff") if has_map(exam, key)), None)
    if len(centers) > 1 and image is not None and has_map(exam, "ff") and image.same_grid(exam.maps["ff"]):
        try:
            found.append(("bodies", "MarrowQuant vertebral bodies (research)", body_segments(segment_bodies(image, centers))))
        except MarrowQuantError:  # ROIs that lie as no column does: they are written, and no body is
            pass
    for key in MAPS:
        if has_map(exam, key) and any(key in v.measurements for v in exam.vertebrae):
            if key == "r2star" and has_map(exam, "ff") and exam.maps[key].same_grid(exam.maps["ff"]) and _rests_alike(exam):
                continue
            found.append((key, f"MarrowQuant ROIs on {'fat fraction' if key == 'ff' else key.upper()} (research)",
                          roi_segments(rois_on(exam, key), exam.maps[key])))  # fmt: skip
    if not any(key in MAPS for key, _, _ in found) and has_map(exam, "in_phase") and exam.vertebrae:  # the dropout ratio alone
        regions = roi_segments(rois_on(exam, "in_phase"), exam.maps["in_phase"])
        found.append(("in_phase", "MarrowQuant ROIs on in phase (research)", regions))
    if exam.burden is not None and has_map(exam, "dwi_high") and exam.burden.labels.array.size:
        found.append(("burden", "MarrowQuant total diffusion volume (research)", burden_segments(exam.burden)))
    return [row for row in found if row[2]]


def _rests_alike(exam: ExamResult) -> bool:
    """True if R2* is measured in the very ROIs of the fat fraction."""
    return all("r2star" not in v.moved_rois and "ff" not in v.moved_rois for v in exam.vertebrae)


def record_of(results: Results, exam: ExamResult, made: Mapping[str, Dataset]) -> bytes:
    """One exam as it stands in results.json, packed, with what a follow-up needs beside it: the exact grids of the maps, which objects it
    rests on, and which of them are further reports."""
    written = results_to_dict(results)
    number = next(n for n, other in enumerate(results.exams) if other is exam)
    none: dict[str, Any] = {"changes": [], "lesions": [], "distributions": [], "response": None}
    kept: dict[str, Any] = {**written, **none, "exams": [written["exams"][number]]}
    kept["grids"] = {key: volume.ijk_to_ras.tolist() for key, volume in exam.maps.items()}
    kept["objects"] = [str(dataset.SOPInstanceUID) for dataset in made.values()]
    kept["reports"] = [str(dataset.SOPInstanceUID) for name, dataset in made.items() if name.startswith("report")]
    return gzip.compress(json.dumps(kept, ensure_ascii=False, allow_nan=False).encode("utf-8"), mtime=0)
