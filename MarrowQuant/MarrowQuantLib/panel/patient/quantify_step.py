"""Step 3: fat fraction, ADC and signal dropout per vertebra, and the histograms of both exams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ...quantities import Quantity, in_tables, of_vertebrae
from ...scene.case.exam import CaseExam
from ..language import interfaceLanguage, saidHow, saidLines, saidWord
from ..step import Step
from ..tablewidget import fillTable, number
from .layouts import RESPONSE
from .views import showChart

if TYPE_CHECKING:
    from .panel import Panel


class QuantifyStep(Step):
    """Measure every ROI and show the numbers with units, voxels, and how much of the ROI was in view."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.quantifySection, ui.quantifyMessage)
        ui.measureButton.connect("clicked()", self.onMeasure)
        self._histogramButtons = {"ff": ui.ffHistogramButton, "adc": ui.adcHistogramButton}
        for key, button in self._histogramButtons.items():
            button.connect("clicked()", lambda key=key: self.onHistogram(key))

    def onMeasure(self) -> None:
        """Measure the vertebrae of all exams."""
        if self.panel.run(self.case.measure):
            self.ui.burdenSection.collapsed = False

    def onHistogram(self, key: str) -> None:
        """The lumbar voxels of both exams in one plot."""
        self.panel.attempt(lambda: self._showHistogram(key))

    def _showHistogram(self, key: str) -> None:
        chart = self.case.show_histogram(key)
        self.panel.viewing.arrange(RESPONSE)
        showChart(chart)

    def missing(self) -> str:
        """That no vertebra is marked, or that it was not measured."""
        marked = self._marked()
        if not marked:
            return _("Place at least one vertebral point in step 2.")
        if not all(exam.vertebrae for exam in marked):
            return _("Press Measure.")
        return ""

    def note(self) -> str:
        """What the measurements say of themselves."""
        return saidLines(flag for vertebra in self.exam.vertebrae for flag in vertebra.flags) if self.exam else ""

    def _marked(self) -> list[CaseExam]:
        return [exam for exam in self.case.exams.values() if exam.has_points()]

    def show(self) -> None:
        """Fill the table of measurements."""
        self.ui.measureButton.enabled = bool(self._marked())
        self.ui.measureButton.toolTip = self.missing() or _("Measure again.")
        exam = self.exam
        for key, button in self._histogramButtons.items():
            button.enabled = any(key in vertebra.histograms for other in self.case.exams.values() for vertebra in other.vertebrae)
        measured = [key for vertebra in (exam.vertebrae if exam else ()) for key in vertebra.measurements]
        columns = in_tables(measured or [row.key for row in of_vertebrae()])
        rows, tips = [], []
        for vertebra in exam.vertebrae if exam else ():
            excluded = vertebra.roi.excluded
            rows.append([f"({vertebra.roi.level})" if excluded else vertebra.roi.level, *_cells(columns, vertebra.measurements)])
            reason = [_("Excluded from the mean: {reason}").format(reason=excluded)] if excluded else []
            tips.append("\n".join([*reason, *_how(vertebra.measurements)]))
        if exam and exam.lumbar:
            rows.append([_("L1–L5 mean"), *_cells(columns, exam.lumbar, False)])
            tips.append("\n".join(_how(exam.lumbar)))
        headers = [_("Level"), *(row.head(interfaceLanguage()) for row in columns), _("Voxels"), _("In view %")]
        fillTable(self.ui.measurementTable, headers, rows, tips)


def _cell(row: Quantity, value: float, is_level: bool) -> str:
    shown = number(value, row.digits)
    if not row.words_of_level:
        return shown
    return row.word_of_level(value, interfaceLanguage()) if is_level else f"{shown} %"


def _cells(columns: Sequence[Quantity], measurements: Any, is_level: bool = True) -> list[str]:
    cells = [_cell(row, measurements[row.key].value, is_level) if row.key in measurements else "" for row in columns]
    first = next(iter(measurements.values()), None)
    if first is None or first.n_voxels is None:
        return [*cells, "", ""]
    return [*cells, str(first.n_voxels), number(100 * first.fraction_inside, 0)]


def _how(measurements: Any) -> list[str]:
    return [f"{saidWord(m.name)}: {m.value:.4g}{_error(m)} {m.unit} ({saidHow(m.how)})" for m in measurements.values()]


def _error(measurement: Any) -> str:
    return "" if measurement.standard_error is None else f" ± {measurement.standard_error:.2g}"
