"""Step 3: fat fraction, ADC and signal dropout per vertebra, and the histograms of both exams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ...results import rows
from ...results.formats import number, with_error
from ...scene.case.exam import CaseExam
from ..language import interfaceLanguage, said, saidLines, saidWord
from ..step import Step
from ..tablewidget import Columns, fillTable
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
        self._columns = Columns(ui.measurementTable, ui.measurementColumnsCheckBox, range(5), 4, wraps=True)

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
        return saidLines(flag for vertebra in self.exam.vertebrae for flag in vertebra.findings) if self.exam else ""

    def _marked(self) -> list[CaseExam]:
        return [exam for exam in self.case.exams.values() if exam.rois.has_points()]

    def show(self) -> None:
        """Fill the table of measurements."""
        self.ui.measureButton.enabled = bool(self._marked())
        self.ui.measureButton.toolTip = self.missing() or _("Measure again.")
        exam = self.exam
        for key, button in self._histogramButtons.items():
            button.enabled = any(key in vertebra.histograms for other in self.case.exams.values() for vertebra in other.vertebrae)
        language = interfaceLanguage()
        found = rows.vertebrae([exam])[0] if exam else rows.Table(rows.vertebra_columns(), ())
        columns = found.chosen("level", *(column.key for column in rows.in_readers_tables(found)), "voxels", "inside")
        cells, tips = [], []
        for row in found.rows:
            level, *numbers = (row[column.key].text(language) for column in columns)
            cells.append([f"({level})" if row.is_out else level, *numbers])
            reason = [_("Excluded from the mean: {reason}").format(reason=row["excluded"].text())] if row.is_out else []
            tips.append("\n".join([*reason, *_how(row.source.measurements)]))
        if found.mean is not None:
            cells.append([rows.in_column(found.mean[column.key], column, language) for column in columns])
            tips.append("\n".join(_how(exam.lumbar)))
        fillTable(self.ui.measurementTable, [column.head(language, narrow=True) for column in columns], cells, tips)
        self._columns.show()


def _how(measurements: Any) -> list[str]:
    return [f"{saidWord(m.name)}: {_value(m)} {m.unit}{_placement(m)} ({said(m.how)})" for m in measurements.values()]


def _placement(measurement: Any) -> str:
    if measurement.placement_error is None:
        return ""
    error, unit = number(measurement.placement_error, measurement.unit), measurement.unit
    return "; " + _("± {error} {unit} from the ROI's place").format(error=error, unit=unit)


def _value(measurement: Any) -> str:
    return with_error(number(measurement.value, measurement.unit), measurement.standard_error, measurement.unit)
