"""The ROIs of one exam of the case: its point list, what placed them, and undoing whatever changed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Callable, Optional

import numpy as np

from ... import workflow
from ...model import Finding, MarrowQuantError, VertebraROI
from ...vertebrae import find_bodies, fit_places, from_segments, parse_level, place_between, relabel, take_over
from ...vertebrae.clicks import in_air
from ...vertebrae.levels import is_counted, level_index
from ...vertebrae.places import is_place
from ...vertebrae.segment import Body
from .. import points as point_list
from ..labelmaps import read_segments
from ..nodes import find_node
from ..rois import rois_from_points_node, rois_to_points_node
from .around import REFERENCES, Around

SIZES = ("roiShape", "roiRadiusLR", "roiRadiusAP", "roiRadiusCC")  # the parameters that every new point takes


class PointSizes:
    """The sizes that new points take, as they stand in the parameter node; shared by the exams of a case.

    Parameters
    ----------
    parameters : callable
        Gives the parameter node.

    Attributes
    ----------
    at_last_change : mapping
        The sizes when points were changed last: what a resizing goes back to. Empty before the first change.
    """

    def __init__(self, parameters: Callable[[], Any]) -> None:
        self._parameters = parameters
        self.at_last_change: point_list.Sizes = {}

    def now(self) -> dict[str, Any]:
        """The sizes by the name of their parameter."""
        return {name: getattr(self._parameters(), name) for name in SIZES}

    def settle(self) -> None:
        """Points were changed now."""
        self.at_last_change = self.now()

    def bring_back(self, sizes: point_list.Sizes) -> None:
        """Have these sizes again."""
        for name, value in sizes.items():
            setattr(self._parameters(), name, value)
        self.settle()


class ExamRois:
    """The points of one exam, and the ROIs around them.

    Parameters
    ----------
    around : Around
    sizes : PointSizes

    Attributes
    ----------
    findings : tuple of Finding
        What the reader should know about how the ROIs were placed.
    refused_clicks : list of int
        The points that :meth:`name_points` refused.
    outlined : tuple of Body
        The bodies of the labels that ROIs were taken from last, as the classifier takes them from a file.
    """

    def __init__(self, around: Around, sizes: PointSizes) -> None:
        self._around, self._sizes, self._label = around, sizes, around.label
        self.findings: tuple[Finding, ...] = ()
        self.outlined: tuple[Body, ...] = ()
        self._names = point_list.PointNames()
        self.refused_clicks: list[int] = []
        self.begin_history()

    @property
    def points_node(self) -> Optional[Any]:
        """The exam's point list, or None: known by its tag, as a reference may be lost where the list is not."""
        return find_node("vtkMRMLMarkupsFiducialNode", {"exam": self._label, "rois": "points"})

    def points(self) -> Any:
        """The exam's point list, made at the first call; one that is there is never emptied."""
        node = self.points_node or rois_to_points_node([], self._label)
        if getattr(self._around.parameters(), REFERENCES[self._label] + "Points") is not node:
            self._around.refer("Points", node)
        return node

    def has_points(self) -> bool:
        """True if a vertebral point is placed."""
        return self.points_node is not None and bool(point_list.placed_points(self.points_node))

    def now(self) -> list[VertebraROI]:
        """The ROIs around the points, cranial first.

        Raises
        ------
        MarrowQuantError
            If the points cannot be read as levels; see ``rois_from_points_node``.
        """
        settings = self._around.settings()
        return [] if self.points_node is None else rois_from_points_node(self.points_node, settings.roi_radii_mm, settings.roi_shape)

    def replace(self, rois: Sequence[VertebraROI], findings: Optional[Sequence[str]] = None, *, resized: bool = False) -> None:
        """Replace all points; ``findings`` take the place of the placement's, None keeps these.

        ``resized``: because the sizes of the parameter node changed, which undoing then takes back too.
        """
        self.record()
        rois_to_points_node(rois, self._label, node=self.points())
        if findings is not None:
            self.findings = tuple(findings)
            self._around.changed()
        self.record(resized)

    def record(self, resized: bool = False) -> None:
        """Make the points as they are now a state to go back to, if they changed."""
        before, now = self._sizes.at_last_change, self._sizes.now()
        sizes = (before, now) if resized and before and before != now else None
        if self._history.record(self.points(), self.findings, sizes):
            self._sizes.settle()

    def begin_history(self) -> None:
        """The points as they are now are where undoing ends."""
        self._history = point_list.PointHistory(self.points_node, self.findings)
        self._sizes.settle()

    @property
    def can_undo(self) -> bool:
        """True if the points were changed since :meth:`begin_history`."""
        return self._history.can_undo

    def undo(self) -> None:
        """Take back the last change of the points: placing, dragging, filling, taking over, renaming, excluding, resizing."""
        self._go(self._history.undo)

    @property
    def can_redo(self) -> bool:
        """True if a change of the points was taken back, and nothing was changed since."""
        return self._history.can_redo

    def redo(self) -> None:
        """Make the change again that :meth:`undo` took back."""
        self._go(self._history.redo)

    def _go(self, go: Callable[..., tuple[tuple[str, ...], Optional[point_list.Sizes]]]) -> None:
        self.findings, sizes = go(self.points(), self.findings)
        self._sizes.bring_back(sizes or {})

    def name_points(self, first_level: str, last_level: str = "L5") -> list[str]:
        """Name the points that the reader clicked, in whatever order; the levels from cranial to caudal. See ``points.PointNames``.

        Raises
        ------
        MarrowQuantError
            If a click lies in the air, or no level is left for it. It is named in ``refused_clicks`` then.
        """
        node = self.points()
        new = self._names.unnamed(node)
        if not new:  # written by the program, as on undoing or on export: no click
            return self._names.levels(node)
        self.refused_clicks = [n for n in new if in_air(self._around.maps().maps, node.GetNthControlPointPositionWorld(n))]
        if self.refused_clicks:
            raise MarrowQuantError("The click lies outside the body and was taken back; click into a vertebral body.")
        try:
            return self._names.name(node, first_level, last_level)
        except MarrowQuantError:
            self.refused_clicks = new
            raise

    def settle_names(self) -> None:
        """A new round of clicks begins: the levels that are there hold."""
        self._names.settle()

    def take_back_clicks(self) -> None:
        """Remove the clicks that :meth:`name_points` refused; the others stay."""
        for n in reversed(self.refused_clicks):
            self.points().RemoveNthControlPoint(n)
        self.refused_clicks = []

    def rename_point(self, level: str, name: str) -> None:
        """Give the point of a level another level, as a reader types it; the others stay.

        Raises
        ------
        MarrowQuantError
            If the name is no level, or another point has it.
        """
        wanted, node = parse_level(name), self.points()
        if wanted is None:
            raise MarrowQuantError(
                '"{name}" is neither a vertebral level, such as L1 or S2, nor a place in the pelvis, such as right posterior iliac crest.',
                name=name,
            )
        levels = {parse_level(node.GetNthControlPointLabel(n)): n for n in point_list.placed_points(node)}
        if wanted in levels and wanted != level:
            raise MarrowQuantError(
                "{level} is there already; rename that one first, or choose another first level to move all of them.", level=wanted
            )
        if wanted != level:
            node.SetNthControlPointLabel(levels[level], wanted)
        if is_place(wanted):
            self._fit_place(wanted)

    def _fit_place(self, place: str) -> None:
        """Give the ROI of a place in the pelvis the shape of its bone about the point."""
        radii = self._around.settings().roi_radii_mm
        new = [replace(roi, radii_mm=np.array(radii, dtype=float)) if roi.level == place else roi for roi in self.now()]
        fitted, findings = fit_places(new, workflow.dixon_image(self._around.maps()), radii)
        self.replace([now if now.level == place else roi for roi, now in zip(self.now(), fitted)], (*self.findings, *findings))

    def rename_from(self, first_level: str) -> None:
        """Move all levels so that the most cranial point is ``first_level``: corrects a count from the wrong vertebra."""
        rois = self.now()
        if rois and is_counted(rois[0].level):
            self.replace(relabel(rois, level_index(first_level) - level_index(rois[0].level)))

    def fill_between(self) -> None:
        """Place an ROI in every body from the highest to the lowest point, on the Dixon image.

        Raises
        ------
        MarrowQuantError
            If there are not two points, or see ``vertebrae.place_between``.
        """
        rois = self._counted()
        if len(rois) < 2:
            raise MarrowQuantError("Two points are needed to fill in the levels between them; place the first and the last level.")
        ends, settings = [(roi.level, roi.center_ras) for roi in (rois[0], rois[-1])], self._around.settings()
        self._place(*place_between(*ends, workflow.dixon_image(self._around.maps()), settings.roi_radii_mm, settings.roi_shape))

    def find_vertebrae(self) -> None:
        """Place an ROI in every body in view, on the Dixon image; the levels are counted from the one point that is there, else from the
        sacrum.

        Raises
        ------
        MarrowQuantError
            If there is no Dixon image, several points are there already, or see ``vertebrae.find_bodies``.
        """
        rois, settings = self._counted() if self.has_points() else [], self._around.settings()
        image = workflow.dixon_image(self._around.maps())
        if image is None:
            raise MarrowQuantError("There is no Dixon image to find the vertebrae in; place points in the bodies.")
        if len(rois) > 1:
            raise MarrowQuantError(
                "Several vertebrae are marked already; delete the points to find all anew, or press Find bodies between."
            )
        click = (rois[0].level, rois[0].center_ras) if rois else None
        found, _ = find_bodies(image, click, radii_mm=settings.roi_radii_mm, shape=settings.roi_shape)
        self._place(found.rois, found.findings)

    def take_over(self, segmentation: Any) -> None:
        """Place an ROI inside every vertebra that a segmentation node holds; exclusions of the levels stay.

        Raises
        ------
        MarrowQuantError
            If no segment is a vertebra; see ``vertebrae.from_segments`` and ``vertebrae.take_over``.
        """
        labelled = from_segments(read_segments(segmentation), segmentation.GetName())
        settings = self._around.settings()
        found = take_over(labelled, radii_mm=settings.roi_radii_mm, shape=settings.roi_shape)
        self.outlined = take_over(labelled).bodies
        self._place(found.rois, found.findings)

    def _place(self, rois: Sequence[VertebraROI], findings: Sequence[Finding]) -> None:
        """Replace all points of the column; a level that was excluded stays so, and so do places in the pelvis."""
        before = self.now() if self.has_points() else []
        excluded, new = {roi.level: roi.excluded for roi in before}, {roi.level for roi in rois}
        kept = [roi for roi in before if not is_counted(roi.level) and roi.level not in new]
        self.replace([*(replace(roi, excluded=excluded.get(roi.level)) for roi in rois), *kept], findings)

    def _counted(self) -> list[VertebraROI]:
        """The ROIs of the levels that are counted."""
        return [roi for roi in self.now() if is_counted(roi.level)]

    def resize(self) -> None:
        """Give every ROI the half-lengths and the shape of the parameter node."""
        settings = self._around.settings()
        radii = np.array(settings.roi_radii_mm)
        self.replace([replace(roi, radii_mm=radii, shape=settings.roi_shape) for roi in self.now()], resized=True)

    def exclude(self, level: str, reason: Optional[str]) -> None:
        """Keep a level out of the mean for a reason, or take it in again (None)."""
        self.replace([replace(roi, excluded=reason) if roi.level == level else roi for roi in self.now()])
