"""The story in one file: exams → maps → ROIs → measurements → change → response → report.

The panel, the Python console, the command line and the batch call these functions and no others. From a Python console::

    from MarrowQuantLib import workflow
    results = workflow.analyze(["/data/case1/baseline", "/data/case1/follow-up"], labs="/data/case1/labs.csv")
    print(results.exams[0].lumbar["ff"], results.response.probability)
    workflow.export(results, "/data/case1/results")
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Union

from . import dicom
from .burden import Muscle
from .burden.exam_load import burden_session, measure_burden, measure_parts, part_sessions, thresholds_of, update_parts
from .classify.stir import stir_of_exam
from .exam.identity import identity_of
from .exam.maps import ExamMaps, make_exam_maps
from .export.prior import has_objects, read_prior
from .export.write import export_dicom
from .followup import compare
from .followup.change import unmatched_findings
from .followup.follow import carry_rois, follow_lesions, read_exam
from .followup.regions import region_changes
from .followup.repeatability import Repeatability
from .io.imagefiles import read_volumes
from .model import (
    ANAEMIAS,
    UNIT_FF_CHANGE,
    Burden,
    BurdenPart,
    Change,
    ExamIdentity,
    ExamResult,
    Finding,
    LabHistory,
    LabValue,
    MarrowQuantError,
    Measurement,
    Origin,
    Progress,
    Relation,
    Results,
    Role,
    Settings,
    StirPattern,
    Subject,
    VertebraResult,
    VertebraROI,
    Volume,
    as_finding,
    finding,
    iso_date,
    no_progress,
    part,
    relation,
)
from .model.settings import checked
from .quantities import ready_maps
from .report.export import SceneWriter, export, prepare_output
from .response import ResponseModel, laboratory_findings, labs_for, load_model, read_history
from .vertebrae import (
    ImageShift,
    find_bodies,
    find_shifts,
    fit_places,
    is_label_file,
    levels_between,
    place_between,
    read_rois,
    shift_findings,
)
from .vertebrae.levels import is_counted
from .vertebrae.measure import measure_vertebrae
from .vertebrae.region_findings import small_region_findings, swap_findings

__all__ = [
    "SceneWriter",
    "analyze",
    "assemble",
    "burden_session",
    "conclude",
    "dixon_image",
    "exam_rois_from",
    "export",
    "export_dicom",
    "find_markups",
    "follow",
    "make_maps",
    "measure_burden",
    "measure_parts",
    "measure_vertebrae",
    "pair_findings",
    "part",
    "part_sessions",
    "patient_findings",
    "predictors",
    "prepare_output",
    "read_baseline",
    "read_exams",
    "series_rows",
    "thresholds_of",
    "update_parts",
    "usable_volumes",
]

PathLike = Union[str, Path]
Point = tuple[str, Sequence[float]]
RoiSource = tuple[Optional[Path], Optional[Sequence[Point]], Optional[ExamResult]]
"""An exam's own file, two points, and the baseline whose ROIs are carried to an exam that has no file."""

LABELS = ("baseline", "follow-up")
_SHIFT = "_shift_ras_mm"  # end of the name in the protocol


def analyze(
    folders: Sequence[PathLike],
    *,
    labs: Optional[PathLike] = None,
    rois: Sequence[PathLike] = (),
    points: Optional[Sequence[Point]] = None,
    settings: Optional[Settings] = None,
    model: Optional[ResponseModel] = None,
    subject: Optional[Subject] = None,
    overrides: Sequence[dicom.Override] = (),
    skeletons: Sequence[PathLike] = (),
    muscle: Sequence[Optional[Muscle]] = (),
    limits: Optional[Mapping[str, Repeatability]] = None,
    dates: Sequence[datetime.date] = (),
    same_patient: bool = False,
    progress: Progress = no_progress,
) -> Results:
    """The main job: one or two exams, the ROIs and the laboratory sheet in; measurements, changes and response estimate out.

    Parameters
    ----------
    folders : sequence of path
        One folder an exam, baseline first; or one folder that holds one or both dates.
    labs : path, optional
        Laboratory sheet, see ``response.read_labs``.
    rois : sequence of path
        ``.mrk.json`` files or other tools' labels (see ``vertebrae.read_labels``), one for each exam in the same order, or that of the
        baseline alone. Without any, a ``.mrk.json`` that lies in or above an exam's own folder is taken. A follow-up without its own
        gets those of the baseline, carried by registration.
    points : sequence of (level, RAS), optional
        Centres of the baseline's first and last body instead of a file; of one alone, or in an empty sequence none, to find all in view.
    settings, model : optional
        Defaults of :class:`Settings`; the bundled reconstruction.
    subject : Subject, optional
        Age and sex, to show published normal fat fractions.
    overrides : sequence of Override
        What the reader knows better than the headers, see ``dicom.read_overrides``.
    skeletons : sequence of path
        Masks (NIfTI, NRRD), one for each exam in the same order: only what lies in them counts as tumour load.
    muscle : sequence of float, points or None
        For each exam in the same order the high-b signal of muscle, or points in it, RAS mm; found automatically where there is none.
    limits : mapping of str to Repeatability, optional
        A site's own limits of change, see ``longitudinal.compare``.
    dates, same_patient
        What the reader knows better than the files, see :func:`read_exams`.
    progress : callable

    Raises
    ------
    MarrowQuantError
        With one sentence: what is wrong, why, and what to do.
    """
    settings = checked(settings or Settings())
    model = model or load_model()
    history = read_history(Path(labs)) if labs else LabHistory()
    exams = read_exams(folders, part(progress, 0.0, 0.25), overrides, dates, same_patient)
    labs_by_exam = labs_for(history.values, [exam.date for exam in exams])
    markups = _markups_of(exams, rois, folders)
    measured: list[ExamResult] = []
    for n, exam in enumerate(exams):
        done = part(progress, 0.25 + n * 0.7 / len(exams), 0.25 + (n + 1) * 0.7 / len(exams))
        maps = make_maps(exam, LABELS[n], settings, part(done, 0.0, 0.8))
        rois_from = (markups[n], points, measured[0] if n else None)
        mask = skeletons[n] if n < len(skeletons) else None
        said = muscle[n] if n < len(muscle) else None
        measured.append(_measure_exam(maps, settings, rois_from, labs_by_exam[n], mask, said, part(done, 0.8, 1.0)))
    compared = _compared(measured, settings, model, limits, part(progress, 0.95, 1.0))
    findings = (*pair_findings(compared.exams), *laboratory_findings(history, compared.exams))
    progress(1.0, "Measured")
    return replace(compared, limits=limits or {}, history=history, subject=subject, findings=findings)


def _compared(
    measured: list[ExamResult],
    settings: Settings,
    model: ResponseModel,
    limits: Optional[Mapping[str, Repeatability]],
    progress: Progress,
) -> Results:
    """What changed between both dates, if there are two: the levels' distributions, the lesions, and how the body lies."""
    if len(measured) < 2:
        return conclude(measured, settings, model, limits)
    distributions = region_changes(measured[0], measured[1])
    first, second, lesions, movement = follow_lesions(measured[0], measured[1], progress)
    slabs = () if movement is None else movement.plain()
    return replace(conclude([first, second], settings, model, limits), lesions=lesions, distributions=distributions, movement=slabs)


def follow(
    baseline: ExamResult,
    folder: PathLike,
    *,
    rois: Optional[PathLike] = None,
    settings: Optional[Settings] = None,
    skeleton: Optional[PathLike] = None,
    muscle: Optional[Muscle] = None,
    model: Optional[ResponseModel] = None,
    limits: Optional[Mapping[str, Repeatability]] = None,
    overrides: Sequence[dicom.Override] = (),
    dates: Sequence[datetime.date] = (),
    same_patient: bool = False,
    progress: Progress = no_progress,
) -> Results:
    """A follow-up exam against a baseline that was measured before (``followup.read_exam``).

    Parameters
    ----------
    baseline : ExamResult
    folder : path
        The follow-up exam.
    rois : path, optional
        Its own ``.mrk.json``; without one the baseline's ROIs are carried over.
    settings : Settings, optional
    skeleton, muscle, model, limits, overrides, dates, same_patient : optional
        As in :func:`analyze`, for this exam.
    progress : callable

    Raises
    ------
    MarrowQuantError
        If the exam cannot be measured, is of another patient, or is not later than the baseline.
    """
    settings = checked(settings or Settings())
    exam = read_exams([folder], part(progress, 0.0, 0.25), overrides, dates)[-1]
    if not same_patient and relation([baseline.identity], [identity_of(exam)]) is Relation.OTHER:
        raise MarrowQuantError("The follow-up is of another patient than the baseline's results; give exams of one patient.")
    if exam.date and baseline.date and exam.date < baseline.date:
        raise MarrowQuantError(
            "The follow-up ({date}) is not later than the baseline ({other_date}); exchange the two exams.",
            date=exam.date, other_date=baseline.date,
        )
    maps = make_maps(exam, LABELS[1], settings, part(progress, 0.25, 0.8))
    own = Path(rois) if rois else find_markups(Path(exam.folder), Path(folder))
    measured = _measure_exam(maps, settings, (own, None, baseline), {}, skeleton, muscle, part(progress, 0.8, 0.9))
    first, second, lesions, _ = follow_lesions(baseline, measured, part(progress, 0.9, 1.0))
    related = relation([baseline.identity], [measured.identity])
    findings = () if related is Relation.SAME else (finding("case.patient_not_checked"),)
    changes = region_changes(first, second)
    return replace(conclude([first, second], settings, model, limits), lesions=lesions, distributions=changes, findings=findings)


def read_baseline(folder: PathLike) -> ExamResult:
    """What :func:`follow` starts from: a results folder that ``burden`` or ``follow`` wrote, or the DICOM objects of an exam from a PACS.

    Raises
    ------
    MarrowQuantError
        If the folder holds neither.
    """
    folder = Path(folder)
    return read_prior(folder) if has_objects(folder) else read_exam(folder)


def _measure_exam(
    maps: ExamMaps,
    settings: Settings,
    rois_from: RoiSource,
    labs: Mapping[str, LabValue],
    skeleton: Optional[PathLike],
    muscle: Optional[Muscle],
    progress: Progress,
) -> ExamResult:
    """Place the ROIs of one exam, and measure its vertebrae and its tumour load."""
    progress(0.0, "Measuring the vertebrae")
    rois, findings = _rois_for(maps, settings, *rois_from)
    maps, shifts, moved = with_shifts(maps, rois, settings)
    vertebrae, lumbar = measure_vertebrae(maps.maps, rois, shifts)
    progress(0.5, "Measuring the tumour load")
    mask = _mask(skeleton) if skeleton else None
    burden, burden_findings = measure_burden(maps.maps, settings, muscle, rois=rois, seams_ras=maps.seams_ras, skeleton=mask)
    parts, part_findings = measure_parts(maps.maps, settings, muscle, rois=rois, skeleton=mask)
    told = (*moved, *burden_findings, *part_findings)
    stir = stir_of_exam(maps.maps, rois) if settings.kind in ANAEMIAS else None
    return assemble(maps, vertebrae, lumbar, burden, labs, told, parts, Origin(maps.findings, tuple(findings), mask, muscle), stir)


# ------------------------------------------------------------------------------------------------------------------ exams
def read_exams(
    folders: Sequence[PathLike],
    progress: Progress = no_progress,
    overrides: Sequence[dicom.Override] = (),
    dates: Sequence[Optional[datetime.date]] = (),
    same_patient: bool = False,
) -> list[dicom.ExamFiles]:
    """Recognise one or two exams of one patient; headers only.

    Parameters
    ----------
    folders : sequence of path
        One an exam, baseline first; or one that holds both.
    progress : callable
    overrides : sequence of Override
    dates : sequence of datetime.date or None
        Of the exams in their order, where the files bear none or wrong ones; None for one that they tell.
    same_patient : bool
        The exams are of one patient, whatever the files say.

    Returns
    -------
    list of ExamFiles
        Baseline first.

    Raises
    ------
    MarrowQuantError
        If a folder holds no exam, too many dates, or other patients; if the follow-up is earlier than the baseline; if an override is
        about no volume.
    """
    if not 1 <= len(folders) <= 2:
        raise MarrowQuantError("One or two exam folders are needed, {n_folders} were given.", n_folders=len(folders))
    found = []
    for n, folder in enumerate(folders):
        volumes = dicom.scan(Path(folder), part(progress, n / len(folders), (n + 1) / len(folders)), overrides)
        found.append(dicom.group_exams(volumes))
    exams = [exam for group in found for exam in group]
    dicom.refuse_unused(overrides, [override for exam in exams for volume in exam.volumes for override in volume.overrides])
    exams = dicom.one_patient(exams, same_patient)
    for group in found:
        if len(group) > 2 or (len(folders) == 2 and len(group) > 1):
            found_dates = ", ".join(iso_date(exam.date) or "no date" for exam in group)
            raise MarrowQuantError(
                "One folder holds {n_group} exams ({dates}); give one folder for each exam to be compared.",
                n_group=len(group), dates=found_dates,
            )
    exams = _dated(exams, dates)
    if len(folders) == 1 and len(exams) == 2 and not (exams[0].date and exams[1].date):
        raise dicom.ReaderMustSay(
            "One folder holds two exams of which not both bear a date; give one folder for each exam, baseline first."
        )
    return dicom.in_order(*exams) if len(exams) == 2 else exams


def _dated(exams: Sequence[dicom.ExamFiles], dates: Sequence[Optional[datetime.date]]) -> list[dicom.ExamFiles]:
    """The exams with the dates that the reader gives."""
    if not any(dates[len(exams) :]):
        dates = dates[: len(exams)]
    if len(dates) not in (0, len(exams)):
        raise MarrowQuantError("{n} dates were given for {m} exams; give one for each.", n=len(dates), m=len(exams))
    given = dates or [None] * len(exams)
    return [exam if date is None else dicom.with_date(exam, date) for exam, date in zip(exams, given)]


def exams_of_files(
    files: Sequence[Path],
    progress: Progress = no_progress,
    overrides: Sequence[dicom.Override] = (),
    dates: Sequence[Optional[datetime.date]] = (),
    same_patient: bool = False,
) -> list[dicom.ExamFiles]:
    """Recognise the one or two exams that these files hold, as :func:`read_exams` does with folders.

    Raises
    ------
    MarrowQuantError
        If they hold no exam, more than two, or those of several patients.
    """
    exams = dicom.one_patient(dicom.group_exams(dicom.scan_files(files, progress, overrides)), same_patient)
    dicom.refuse_unused(overrides, [override for exam in exams for volume in exam.volumes for override in volume.overrides])
    if not 1 <= len(exams) <= 2:
        raise MarrowQuantError(
            "The volumes in the scene are of {n} exams; load those of one or two exams of a patient, or choose the folders.", n=len(exams)
        )
    exams = _dated(exams, dates)
    if len(exams) == 2 and not (exams[0].date and exams[1].date):
        raise dicom.ReaderMustSay(
            "The volumes in the scene are of two exams of which not both bear a date; choose one folder for each, baseline first."
        )
    return dicom.in_order(*exams) if len(exams) == 2 else exams


def series_rows(exam: dicom.ExamFiles, maps: Optional[ExamMaps] = None) -> list[dict[str, Any]]:
    """One row a recognised volume, as ``marrowquant inspect --json`` prints it; ``used`` is known once the maps were made."""
    if maps is not None:
        return [dict(row) for row in maps.series]
    usable = usable_volumes(exam.volumes)
    return [volume.as_row(used=volume in usable) for volume in exam.volumes]


def usable_volumes(volumes: Sequence[dicom.SeriesVolume]) -> list[dicom.SeriesVolume]:
    """Those that measuring may use: sound, and of a role that carries a quantity or is fitted; a scanner's ADC map only on a date without
    diffusion images."""
    sound = [volume for volume in volumes if not volume.problem]
    fitted = {volume.exam_date for volume in sound if volume.role is Role.DWI}
    roles = {Role.MULTI_ECHO, Role.DWI, *ready_maps().values()}
    return [v for v in sound if v.role in roles or (v.role is Role.ADC and v.exam_date not in fitted)]


def make_maps(exam: dicom.ExamFiles, label: str, settings: Settings, progress: Progress = no_progress) -> ExamMaps:
    """Load and compute the measurable maps of one exam; see :func:`MarrowQuantLib.maps.make_exam_maps`."""
    return make_exam_maps(exam, label, settings, progress)


# ------------------------------------------------------------------------------------------------------------------- ROIs
def _markups_of(exams: Sequence[dicom.ExamFiles], rois: Sequence[PathLike], folders: Sequence[PathLike]) -> list[Optional[Path]]:
    """Each exam's own markups file; None for a follow-up without one, or where the file is the baseline's."""
    if rois:
        return [Path(rois[n]) if n < len(rois) else None for n in range(len(exams))]
    found = [find_markups(Path(exam.folder), Path(folders[min(n, len(folders) - 1)])) for n, exam in enumerate(exams)]
    return [path if n == 0 or path != found[0] else None for n, path in enumerate(found)]


def _rois_for(
    maps: ExamMaps, settings: Settings, markups: Optional[Path], points: Optional[Sequence[Point]], baseline: Optional[ExamResult]
) -> tuple[list[VertebraROI], list[Finding]]:
    """The exam's own ROIs; those of the baseline, carried over, where a follow-up has none."""
    if baseline is None or markups is not None or not baseline.vertebrae:
        return exam_rois_from(maps, settings, markups, points)
    try:
        rois, findings = carry_rois([vertebra.roi for vertebra in baseline.vertebrae], baseline.maps, maps.maps)
    except MarrowQuantError as error:
        return [], [as_finding(str(error))]
    return rois, [*map(as_finding, findings)]


def find_markups(exam_folder: Path, root: Path) -> Optional[Path]:
    """The ``.mrk.json`` nearest to an exam's DICOM files: in their folder, or above it up to ``root``.

    Raises
    ------
    MarrowQuantError
        If several lie there, because guessing which one is meant could measure the wrong place.
    """
    folder, root = exam_folder.resolve(), root.resolve()
    while True:
        files = sorted(folder.glob("*.mrk.json"))
        if len(files) > 1:
            raise MarrowQuantError("{n_files} markups files lie beside the exam; leave only the right one there.", n_files=len(files))
        if files:
            return files[0]
        if folder == root or root not in folder.parents:
            return None
        folder = folder.parent


def exam_rois_from(
    maps: ExamMaps, settings: Settings, markups: Optional[Path], points: Optional[Sequence[Point]] = None
) -> tuple[list[VertebraROI], list[Finding]]:
    """ROIs of one exam from a file with points or labels, or from two, one or no points, and what the reader should know about them."""
    if points is not None and len(points) < 2:
        return _found_rois(maps, settings, points)
    if points is not None:
        return place_between(points[0], points[1], dixon_image(maps), settings.roi_radii_mm, settings.roi_shape)
    if markups is None:
        return [], [finding("exam.no_rois")]
    found, findings = read_rois(markups, settings.roi_radii_mm, settings.roi_shape)
    image = dixon_image(maps)
    if is_label_file(markups):
        return found, findings
    rois, told = fit_places(found, image, settings.roi_radii_mm)
    counted = [roi for roi in rois if is_counted(roi.level)]
    if len(counted) != 2 or len(levels_between(counted[0].level, counted[1].level)) == 2:
        return rois, [*findings, *told]
    first, last = ((roi.level, roi.center_ras) for roi in counted)
    between, about = place_between(first, last, image, settings.roi_radii_mm, settings.roi_shape)
    return [*between, *(roi for roi in rois if not is_counted(roi.level))], [*about, *told]


def _found_rois(maps: ExamMaps, settings: Settings, points: Sequence[Point]) -> tuple[list[VertebraROI], list[Finding]]:
    """All bodies in view; none, and why, where no column is found."""
    image = dixon_image(maps)
    if image is None:
        return [], [finding("exam.no_rois")]
    try:
        found, _ = find_bodies(image, points[0] if points else None, radii_mm=settings.roi_radii_mm, shape=settings.roi_shape)
    except MarrowQuantError as error:
        return [], [as_finding(str(error))]
    return found.rois, found.findings


def dixon_image(maps: ExamMaps) -> Optional[Volume]:
    """The map that vertebral bodies are looked for in; None without Dixon images."""
    return next((maps.maps[key] for key in ("water", "ff", "in_phase") if key in maps.maps), None)


def with_shifts(
    maps: ExamMaps, rois: Sequence[VertebraROI], settings: Settings
) -> tuple[ExamMaps, dict[str, ImageShift], list[Finding]]:
    """Where other images show the column off the Dixon images; see ``vertebrae.find_shifts``.

    Returns
    -------
    maps : ExamMaps
        With what was found in the protocol, in mm R, A, S, also where it is too small to matter.
    shifts : dict
        Those to measure with; empty if the settings say so.
    findings : list of str
        Sentences about the images that are displaced.
    """
    found = find_shifts(maps.maps, rois)
    told = {key + _SHIFT: [round(float(x), 1) for x in shift.mm] for key, shift in found.items()}
    before = {key + _SHIFT for key in maps.maps}
    known = {key: value for key, value in maps.protocol.items() if key not in before}
    used = found if settings.refine_rois else {}
    return replace(maps, protocol={**known, **told}), used, shift_findings(found, settings.refine_rois)


def _mask(path: PathLike) -> Volume:
    """The first volume of a mask file; all segments of a DICOM Segmentation together."""
    if dicom.is_segmentation_object(path):
        return dicom.read_mask(path)
    return read_volumes(Path(path))[0]


# -------------------------------------------------------------------------------------------------- change and response
def assemble(
    maps: ExamMaps,
    vertebrae: Sequence[VertebraResult],
    lumbar: Mapping[str, Measurement],
    burden: Optional[Burden],
    labs: Mapping[str, LabValue],
    findings: Sequence[Finding] = (),
    parts: Sequence[BurdenPart] = (),
    origin: Optional[Origin] = None,
    stir: Optional[StirPattern] = None,
) -> ExamResult:
    """All of one exam in one record; what was told when the ROIs were placed comes from ``origin``."""
    origin = origin or Origin(maps.findings)
    of_levels = [found for v in vertebrae for found in v.findings] + small_region_findings(vertebrae) + swap_findings(maps.maps, vertebrae)
    return ExamResult(
        label=maps.label,
        date=maps.date,
        maps=maps.maps,
        vertebrae=tuple(vertebrae),
        lumbar=lumbar,
        burden=burden,
        labs=labs,
        series=maps.series,
        protocol=maps.protocol,
        synthetic=maps.synthetic,
        findings=(*maps.findings, *origin.placement_findings, *findings, *of_levels, *(burden.findings if burden else ())),
        burden_parts=tuple(parts),
        stitching=maps.stitching,
        origin=origin,
        identity=maps.identity,
        spreads=maps.spreads,
        stir=stir,
    )


def patient_findings(exams: Sequence[ExamResult]) -> tuple[Finding, ...]:
    """A finding if the files of two exams name nobody, so that it is not known whether both are of one patient; nothing of exams whose
    identity was not noted, as in results of earlier versions."""
    noted = [exam.identity for exam in exams if exam.identity != ExamIdentity()]
    if len(noted) < 2 or relation(noted[:1], noted[1:]) is Relation.SAME:
        return ()
    return (finding("case.patient_not_checked"),)


def pair_findings(exams: Sequence[ExamResult]) -> tuple[Finding, ...]:
    """What makes two exams unlike as such: perhaps of two patients, means without a common level. Nothing of one exam."""
    return (*patient_findings(exams), *(unmatched_findings(exams[0], exams[1]) if len(exams) == 2 else ()))


def conclude(
    exams: Sequence[ExamResult],
    settings: Settings,
    model: Optional[ResponseModel] = None,
    limits: Optional[Mapping[str, Repeatability]] = None,
) -> Results:
    """Changes of every index and, with two exams of myeloma, the response estimate."""
    if len(exams) < 2:
        return Results(tuple(exams), (), None, settings)
    changes = compare(exams[0], exams[1], limits=limits)
    if settings.kind != "myeloma":
        return Results(tuple(exams), tuple(changes), None, settings)
    model = model or load_model()
    known, asked = predictors(changes), [predictor.name for predictor in model.predictors]
    estimate = model.predict({name: known.get(name) for name in asked})
    return Results(tuple(exams), tuple(changes), estimate, settings)


def predictors(changes: Sequence[Change]) -> dict[str, Optional[float]]:
    """What a response model can ask for: ``<index>_change`` of every index followed.

    It is in percentage points for an index that is a percentage itself (fat fraction, dropout ratio; their relative change is
    ``<index>_change_percent``), and in % of the baseline for every other (M protein, tDV, ADC …).
    """
    values = {}
    for change in (change for change in changes if not change.level):
        in_points = change.absolute_unit == UNIT_FF_CHANGE
        values[f"{change.name}_change"] = change.absolute if in_points else change.relative_percent
        if in_points:
            values[f"{change.name}_change_percent"] = change.relative_percent
    return values
