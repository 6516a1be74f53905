"""The steps of MarrowQuant Cohort: the table, the question with its answer, the report, the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ..cohort import output
from ..model import MarrowQuantError, Progress
from ..scene.cohort_case import GROUP_METHODS, Answer, CohortCase
from ..scene.nodes import find_node
from .packages import ensurePackage
from .step import Step
from .tablewidget import fillTable, number

if TYPE_CHECKING:
    from .cohort_panel import CohortPanel

METHODS = ("firth", "ml", "ridge", "multinomial", "lda")
MOST_VALUES = 12  # of an outcome that are shown; a column with more is no outcome


class CohortStep(Step):
    """A step whose panel works on a cohort."""

    panel: CohortPanel

    @property
    def case(self) -> CohortCase:
        return self.panel.case


class DataStep(CohortStep):
    """Choose the results or a table, and read them."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.dataSection, ui.dataMessage)
        ui.sourcePathLineEdit.connect("currentPathChanged(QString)", panel.changer("source", forget=False))
        ui.outcomesPathLineEdit.connect("currentPathChanged(QString)", panel.changer("outcomesTable", forget=False))
        ui.readButton.connect("clicked()", self.onRead)

    def bind(self, parameterNode: Any) -> None:
        self.ui.sourcePathLineEdit.currentPath = parameterNode.source
        self.ui.outcomesPathLineEdit.currentPath = parameterNode.outcomesTable

    def onRead(self) -> None:
        self.panel.run(lambda progress: self.case.read(self.panel.path("source"), self.panel.path("outcomesTable")))

    def missing(self) -> str:
        if self.case.cohort is not None:
            return ""
        return _("Press Read.") if self.panel.path("source") else _("Choose the folder with the results of the cases, or a table (CSV).")

    def note(self) -> str:
        cohort = self.case.cohort
        read = _("{rows} rows and {columns} columns were read from {name}.")
        return "\n".join([read.format(rows=len(cohort), columns=len(cohort.header), name=cohort.name), *cohort.notes])

    def show(self) -> None:
        self.ui.readButton.enabled = self.panel.path("source") is not None
        self.ui.readButton.toolTip = self.missing() or _("Read again.")


class QuestionStep(CohortStep):
    """Outcome, predictors and method; what was found in the table; the answer."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.questionSection, ui.questionMessage)
        ui.methodComboBox.addItems([
            _("Logistic regression, Firth"), _("Logistic regression, maximum likelihood"), _("Logistic regression, ridge"),
            _("Three groups and more: multinomial regression"), _("Three groups and more: linear discriminant"),
        ])  # fmt: skip
        ui.outcomeComboBox.connect("activated(int)", self.onOutcomeChosen)
        ui.eventLineEdit.connect("textChanged(QString)", panel.changer("events"))
        ui.predictorList.connect("itemChanged(QListWidgetItem*)", self.onPredictorChanged)
        ui.methodComboBox.connect("activated(int)", self.onMethodChosen)
        ui.selectCheckBox.connect("toggled(bool)", panel.changer("select"))
        ui.analyseButton.connect("clicked()", self.onAnalyse)

    def bind(self, parameterNode: Any) -> None:
        self.ui.eventLineEdit.text = parameterNode.events
        self.ui.methodComboBox.setCurrentIndex(METHODS.index(parameterNode.method))
        self.ui.selectCheckBox.checked = parameterNode.select

    def onOutcomeChosen(self, index: int) -> None:
        self.panel.change("outcome", self.ui.outcomeComboBox.itemText(index))

    def onMethodChosen(self, index: int) -> None:
        self.panel.change("method", METHODS[index])

    def onPredictorChanged(self, item: Any) -> None:
        items = [self.ui.predictorList.item(row) for row in range(self.ui.predictorList.count)]
        self.panel.change("predictors", [item.text() for item in items if item.checkState() == qt.Qt.Checked])

    def onAnalyse(self) -> None:
        if self.panel.run(self._analyse):
            _showChart()

    def _analyse(self, progress: Progress) -> None:
        asked = self.panel.asked()
        if asked.method in GROUP_METHODS:
            ensurePackage("sklearn")
        self.case.analyse(asked, progress)

    def missing(self) -> str:
        why = self.panel.whyNot()
        if why or self.case.answer is not None:
            return why
        try:
            found = self.case.found(self.panel.asked())
        except MarrowQuantError as error:
            return str(error)
        return "\n".join([*found, _("Press Analyse.")])

    def note(self) -> str:
        answer = self.case.answer
        return "\n".join([answer.about + ".", *answer.findings, *answer.warnings])

    def show(self) -> None:
        self._showColumns()
        self.ui.analyseButton.enabled = not self.panel.whyNot()
        self.ui.analyseButton.toolTip = self.panel.whyNot() or _("Tests, ROC curves and the model, without validation.")
        self.ui.eventLineEdit.toolTip = self._values() or _("Values of the outcome that count as the event, separated by commas.")
        answer = self.case.answer
        self.ui.aucTable.visible = answer is not None and answer.groups is None
        self.ui.modelTable.visible = answer is not None
        if answer is None:
            return
        if answer.groups is None:
            self._showRoc(answer)
            self._showModel(answer)
        else:
            self._showGroups(answer)

    def _values(self) -> str:
        """What the outcome holds, for the reader to choose the event from; empty if that cannot be said."""
        asked = self.panel.asked()
        if asked.outcome not in self.case.columns():
            return ""
        try:
            values = self.case.values(asked.outcome)
        except MarrowQuantError:  # its sentence stands below the question
            return ""
        return _("{name} holds: {values}").format(name=asked.outcome, values=", ".join(values[:MOST_VALUES]))

    def _showColumns(self) -> None:
        """The columns of the table as outcomes and predictors; filled anew only if they differ, so that the reader's place stays."""
        asked, columns = self.panel.asked(), self.case.columns()
        combo, items = self.ui.outcomeComboBox, self.ui.predictorList
        if [combo.itemText(i) for i in range(combo.count)] != columns:
            combo.clear()
            combo.addItems(columns)
        combo.setCurrentIndex(columns.index(asked.outcome) if asked.outcome in columns else -1)
        predictors = [name for name in columns if name != asked.outcome]
        blocked = items.blockSignals(True)
        if [items.item(row).text() for row in range(items.count)] != predictors:
            items.clear()
            items.addItems(predictors)
        for row, name in enumerate(predictors):
            items.item(row).setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable)
            items.item(row).setCheckState(qt.Qt.Checked if name in asked.predictors else qt.Qt.Unchecked)
        items.blockSignals(blocked)

    def _showRoc(self, answer: Answer) -> None:
        rows = []
        for name, curve in answer.curves.items():
            cut = curve.cut_off
            interval = _range(curve.interval, 3) if curve.interval else _("none: the groups do not overlap")
            side = _("event above {value}") if curve.higher_is_event else _("event below {value}")
            rule = side.format(value=f"{cut.threshold:.4g}")
            rows.append([name, number(curve.auc, 3), interval, rule, number(cut.sensitivity, 2), number(cut.specificity, 2)])
        headers = [_("Predictor"), _("AUC"), _("95 % interval"), _("Cut-off"), _("Sensitivity"), _("Specificity")]
        fillTable(self.ui.aucTable, headers, rows)

    def _showModel(self, answer: Answer) -> None:
        rows = []
        for name, beta, _error, odds, low, high, p in output.model_rows(answer.developed.fit):
            ratio, interval = ("", "") if odds is None else (f"{odds:.3g}", _range((low, high), 3))
            rows.append([name, f"{beta:.3g}", ratio, interval, _short(p)])
        headers = [_("Term"), _("Coefficient"), _("Odds ratio"), _("95 % interval"), _("p")]
        fillTable(self.ui.modelTable, headers, rows)

    def _showGroups(self, answer: Answer) -> None:
        model = answer.groups
        rows = [[group, *(f"{count:.1f}" for count in counts)] for group, counts in zip(model.groups, model.confusion)]
        rows.append([_("Balanced accuracy"), f"{100 * model.balanced_accuracy:.0f} %", *[""] * (len(model.groups) - 1)])
        fillTable(self.ui.modelTable, [_("True group, cross-validated"), *model.groups], rows)


class OutputStep(CohortStep):
    """What the report and the model need in common: a question about two groups."""

    def _needs(self) -> str:
        why = self.panel.whyNot()
        if not why and self.panel.asked().method in GROUP_METHODS:
            return _("For this, choose a logistic regression in step 2.")
        return why


class ReportStep(OutputStep):
    """Everything, with validation, into a folder."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.reportSection, ui.reportMessage)
        self._written: Any = None
        ui.outputPathLineEdit.connect("currentPathChanged(QString)", panel.changer("outputFolder", forget=False))
        ui.reportButton.connect("clicked()", self.onReport)
        ui.openReportButton.connect("clicked()", self.onOpen)

    def bind(self, parameterNode: Any) -> None:
        self.ui.outputPathLineEdit.currentPath = parameterNode.outputFolder

    def onReport(self) -> None:
        self._written = None
        self.panel.run(self._write)

    def _write(self, progress: Progress) -> None:
        asked, folder = self.panel.asked(), self.panel.path("outputFolder")
        paths = self.case.report(asked, folder, self.panel.parameterNode.bootstraps, progress)
        self._written = (asked, folder, [path.name for path in paths])

    def onOpen(self) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self.panel.path("outputFolder") / "cohort.html")))

    def missing(self) -> str:
        why = self._needs()
        if not why and self.panel.path("outputFolder") is None:
            return _("Choose the folder to write to.")
        return why or ("" if self._isWritten() else _("Press Write report."))

    def _isWritten(self) -> bool:
        return self._written is not None and self._written[:2] == (self.panel.asked(), self.panel.path("outputFolder"))

    def note(self) -> str:
        return _("Written: {files}").format(files=", ".join(self._written[2]))

    def show(self) -> None:
        self.ui.reportButton.enabled = not self._needs() and self.panel.path("outputFolder") is not None
        self.ui.reportButton.toolTip = self.missing() or _("Write again; files of the same names are replaced.")
        self.ui.openReportButton.enabled = self._isWritten()


class ModelStep(OutputStep):
    """A validated model with its card, where MarrowQuant offers it."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.modelSection, ui.modelMessage)
        self._offered = ""
        self._said: Sequence[str] = ()
        ui.modelNameLineEdit.connect("textChanged(QString)", panel.changer("modelName", forget=False))
        ui.fitButton.connect("clicked()", self.onFit)

    def bind(self, parameterNode: Any) -> None:
        self.ui.modelNameLineEdit.text = parameterNode.modelName

    def onFit(self) -> None:
        self.panel.run(self._fit)

    def _fit(self, progress: Progress) -> None:
        name = self.panel.parameterNode.modelName
        validation = self.case.fit_and_offer(self.panel.asked(), name, self.panel.parameterNode.bootstraps, progress)
        text = _("{name} is offered in step 6 of MarrowQuant. AUC {apparent}, corrected {corrected}; calibration slope {slope}.")
        said = text.format(name=name, apparent=number(validation.apparent.auc, 3), corrected=number(validation.corrected.auc, 3),
                           slope=number(validation.corrected.slope, 2))  # fmt: skip
        self._offered, self._said = name, (said, *validation.warnings)

    def missing(self) -> str:
        name = self.panel.parameterNode.modelName
        if self._offered and name == self._offered:
            return ""
        return self._needs() or (_("Press Fit and offer.") if name else _("Give the model a name."))

    def note(self) -> str:
        return "\n".join(self._said)

    def show(self) -> None:
        name = self.panel.parameterNode.modelName
        self.ui.fitButton.enabled = not self._needs() and bool(name) and name != self._offered
        self.ui.fitButton.toolTip = self.missing() or _("Give another name to fit another model.")


def _range(interval: Sequence[float], digits: int) -> str:
    low, high = (_short(value, digits) for value in interval)
    return f"{low} – {high}"


def _short(value: float, digits: int = 3) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}g}"


def _showChart() -> None:
    """The ROC curves in a plot view, where there is one."""
    chart = find_node("vtkMRMLPlotChartNode", {"chart": "cohort_roc"})
    if chart is not None and slicer.app.layoutManager() is not None:
        slicer.modules.plots.logic().ShowChartInLayout(chart)
