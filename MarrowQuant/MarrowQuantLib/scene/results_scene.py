"""Results into the scene, and the scene into an .mrb that reopens with ROIs, decisions, numbers and provenance."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Optional, Union

from ..followup.lesion_rows import lesion_rows
from ..followup.normal import baseline_band
from ..model import ExamResult, MarrowQuantError, Progress, Relation, Results, no_progress, relation
from ..vertebrae.measure import HISTOGRAM_KEYS
from . import headless
from .burden import burdens_to_nodes, remove_burden
from .charts import adc_histogram_chart, fat_fraction_chart, lumbar_histogram_chart
from .functional import functional_maps_to_nodes
from .handover import hand_over
from .layout import default_views
from .lesions import lesions_table
from .nodes import exam_folder, exam_title, find_or_add, nodes_with, put_in_folder, remove_nodes, scene_or_default, without_cohort
from .parameters import (
    ensure_case,
    get_parameters,
    results_to_text,
    set_parameters,
    settings_to_parameters,
    subject_to_parameters,
    without_paths,
)
from .records import says_proposed, stored_exams
from .rois import rois_to_points_node, rois_to_segmentation
from .tables import changes_table, labs_table, measurements_table, response_table, vertebrae_table
from .volumes import maps_to_nodes

_ROI_MAPS = ("ff", "water", "in_phase", "adc")  # the grid that the ROI segments are drawn on: the first map that is there
_EXAM_CLASSES = (
    "vtkMRMLScalarVolumeNode",
    "vtkMRMLMarkupsFiducialNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLTableNode",
    "vtkMRMLPlotSeriesNode",
)
_PARAMETERS = {"baseline": "baseline", "follow-up": "followUp"}


def write_scene(results: Results, path_mrb: Union[str, Path], progress: Progress = no_progress, *, scene: Optional[Any] = None) -> None:
    """Put results into the scene and save it as an .mrb.

    Outside Slicer the embedded Slicer is started and its scene is cleared first. In Slicer the open scene is completed and saved with all
    that the reader has in it; it is not cleared, and its layout stays.

    Parameters
    ----------
    results : Results
    path_mrb : path
        Replaced if it exists; on an error or a cancel it stays as it was.
    progress : callable
    scene : vtkMRMLScene, optional
        Instead of the application's; it is not cleared.

    Raises
    ------
    MarrowQuantError
        If the name does not end in .mrb, or the file cannot be written; in Slicer, if the open scene holds another case.
    """
    headless.start()
    own_scene = scene is None and not headless.inside_slicer()
    if scene is None and not own_scene:
        _refuse_open_case(results)
    scene = scene_or_default(scene)
    if own_scene:
        scene.Clear(0)
        ensure_case(scene)
        hand_over(results, scene)
    results_to_scene(results, scene, lambda fraction, text: progress(0.5 * fraction, text))
    progress(0.5, "Saving the scene")
    chart = next(nodes_with("vtkMRMLPlotChartNode", {}, scene), None)
    with default_views(results.exams, chart, scene) if own_scene else nullcontext():
        save_scene(path_mrb, scene)
    progress(1.0, "Scene saved")


def _refuse_open_case(results: Results) -> None:
    """Results that a script made must not come among the nodes of another patient who happens to be open."""
    stored = [identity for _, identity in stored_exams().values()]
    if stored and relation(stored, [exam.identity for exam in results.exams]) is not Relation.SAME:
        raise MarrowQuantError("The open scene holds a case that is not certainly of this patient; save and close it first.")


def results_to_scene(results: Results, scene: Optional[Any] = None, progress: Progress = no_progress) -> None:
    """Put everything into nodes: exams, tables, charts, parameters, and the results as JSON. A second call updates the same nodes."""
    ensure_case(scene)
    for number, exam in enumerate(results.exams):
        progress(number / len(results.exams), f"Showing the {exam.label}")
        exam_to_nodes(exam, scene)
    _write_or_remove("changes", results.changes, changes_table, scene)
    _write_or_remove("lesions", lesion_rows(results), lesions_table, scene)
    _write_or_remove("response", results.response, response_table, scene)
    labs_table(results.exams, scene)
    adc_histogram_chart(results.exams, scene)
    fat_fraction_chart(results.exams, scene, band=baseline_band(results)[0])
    for key in HISTOGRAM_KEYS:
        lumbar_histogram_chart(results.exams, key, results.distributions, scene)
    functional_maps_to_nodes(results.exams, scene)
    set_parameters({**settings_to_parameters(results.settings), **subject_to_parameters(results.subject)}, scene)
    if results.response is not None and not get_parameters(scene).get("modelId"):  # the reader's choice stays, even if its file is gone
        set_parameters({"modelId": results.response.model_id}, scene)
    results_to_text(results, scene)
    for exam in results.exams:
        _order(exam, scene)
    progress(1.0, "Shown")


def exam_to_nodes(exam: ExamResult, scene: Optional[Any] = None) -> dict[str, Any]:
    """Put one exam's maps, ROIs, tumour load and tables into the scene, in a folder of its own.

    Returns
    -------
    dict
        Key of the map to its vtkMRMLScalarVolumeNode.
    """
    nodes = maps_to_nodes(exam.maps, exam.label, date=exam.date, scene=scene)
    _write_rois(exam, nodes, scene)
    if exam.burden is not None:
        segments = burdens_to_nodes(exam.burden, exam.burden_parts, exam.label, exam.maps, nodes.get, scene)
        _set_exam_parameter(exam.label, "Burden", segments, scene)
    elif not says_proposed(exam.label, scene):
        remove_burden(exam.label, scene)
    vertebrae_table(exam, scene)
    measurements_table(exam, scene)
    _order(exam, scene)
    return nodes


def save_scene(path_mrb: Union[str, Path], scene: Optional[Any] = None) -> None:
    """Save a scene as an .mrb, without the folder names in the module's parameters and without a cohort that is open beside the case.
    Volumes are compressed without loss.

    Raises
    ------
    MarrowQuantError
        If the name does not end in .mrb, or the file cannot be written.
    """
    path = Path(path_mrb)
    with bundle_written(path):
        scene = scene_or_default(scene)
        temporary = tempfile.TemporaryDirectory(prefix=".marrowquant-", dir=path.parent)
        with temporary as folder, without_paths(scene), without_cohort(scene):
            bundle = Path(folder) / path.name
            _forget_folders(scene)
            if not scene.WriteToMRB(str(bundle)):
                raise OSError("Slicer could not write it")
            os.replace(bundle, path)


@contextmanager
def bundle_written(path: Path) -> Iterator[None]:
    """While a scene bundle is written to ``path``: refusals of its name and of the disk are sentences.

    Raises
    ------
    MarrowQuantError
        If the name does not end in .mrb, or the disk refuses to write.
    """
    if path.suffix.lower() != ".mrb":
        raise MarrowQuantError("{file} is not the name of a scene bundle; give a name that ends in .mrb.", file=path.name)
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise MarrowQuantError(
            "The scene {file} cannot be written ({reason}); choose a folder with space to write to.",
            file=path.name, reason=reason,
        ) from error


def _forget_folders(scene: Any) -> None:
    """Let no node's file be called like a folder, perhaps that of the scene opened last. Slicer does so: it keeps an empty file name of
    what is only in a bundle, and where the scene's XML is written the folder of the scene is put before it, empty or not.
    """
    for storage in nodes_with("vtkMRMLStorageNode", {}, scene):
        if storage.GetFileName() and Path(storage.GetFullNameFromFileName()).is_dir():
            storage.SetFileName("")


def load_scene(path_mrb: Union[str, Path], scene: Optional[Any] = None) -> None:
    """Open an .mrb in the embedded Slicer; what its scene held before is gone. In Slicer use ``slicer.util.loadScene``.

    Raises
    ------
    MarrowQuantError
        If the file cannot be read as a scene bundle.
    """
    headless.start()
    path = Path(path_mrb).absolute()  # Slicer reads from a folder of its own
    # Looked into before Slicer does, because a failed unzip leaves the process in a folder that no longer exists.
    if not _is_bundle(path) or not scene_or_default(scene).ReadFromMRB(str(path), True):
        raise MarrowQuantError("{file} cannot be opened as a scene; give an .mrb file that Slicer or MarrowQuant saved.", file=path.name)


def _is_bundle(path: Path) -> bool:
    """True for a zip archive, whole, that holds a scene file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None and any(name.endswith(".mrml") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _write_rois(exam: ExamResult, nodes: dict[str, Any], scene: Optional[Any]) -> None:
    rois = [vertebra.roi for vertebra in exam.vertebrae]
    points = rois_to_points_node(rois, exam.label, scene=scene)
    _set_exam_parameter(exam.label, "Points", points, scene)
    key = next((key for key in _ROI_MAPS if key in exam.maps), None)
    if key is None:
        return
    name = f"{exam_title(exam.label)} vertebral ROIs"
    segments = find_or_add("vtkMRMLSegmentationNode", name, {"exam": exam.label, "rois": "segments"}, scene)
    rois_to_segmentation(rois, exam.maps[key], segments, nodes[key])
    _set_exam_parameter(exam.label, "Segmentation", segments, scene)


def _set_exam_parameter(label: str, what: str, node: Any, scene: Optional[Any]) -> None:
    """An exam with another label (a third date, say) has nodes but no parameter."""
    if label in _PARAMETERS:
        set_parameters({_PARAMETERS[label] + what: node}, scene)


def _write_or_remove(kind: str, content: Any, write: Any, scene: Optional[Any]) -> None:
    if content:
        write(content, scene)
    else:
        remove_nodes("vtkMRMLTableNode", {"table": kind}, scene)


def _order(exam: ExamResult, scene: Optional[Any]) -> None:
    """All nodes of an exam into its folder."""
    folder = exam_folder(exam.label, exam.date, scene)
    for class_name in _EXAM_CLASSES:
        for node in nodes_with(class_name, {"exam": exam.label}, scene):
            put_in_folder(node, folder, scene)
