"""The step of MarrowQuant Cohort that asks: the analysis, the columns it needs, what was found in them, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

import qt
import slicer
from slicer.i18n import tr as _

from ...cohort.columns import axis_title
from ...cohort.table import Cohort
from ...model import MarrowQuantError, Progress, certain
from ...scene.cohort_case import METHODS, MODEL_METHODS, PACKAGES, WITH_A_GROUP, WITH_EVENTS, Question
from ...scene.nodes import find_node
from ..language import interfaceLanguage, said
from ..packages import ensurePackage
from ..tablewidget import WordWide
from .answer import showModel, showPart, showRoc
from .step import CohortStep

if TYPE_CHECKING:
    from .panel import CohortPanel

MOST_VALUES = 12  # of an outcome that are shown; a column with more is no outcome


@dataclass(frozen=True)
class Fields:
    """What an analysis asks for: the titles of its first column, its list and its second column, empty if it has none.

    ``need_ticks``: at least one column of the list has to be chosen.
    """

    first: str
    ticked: str
    second: str = ""
    need_ticks: bool = True


class QuestionStep(CohortStep):
    """The analysis and its columns; what was found in the table; the answer."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.questionSection, ui.questionMessage)
        self._refused: Optional[tuple[Cohort, Question, str]] = None
        self._tables = (WordWide(ui.aucTable), WordWide(ui.modelTable))
        ui.methodComboBox.addItems([
            _("Two groups: logistic regression, Firth"), _("Two groups: logistic regression, maximum likelihood"),
            _("Two groups: logistic regression, ridge"), _("Three groups and more: multinomial regression"),
            _("Three groups and more: linear discriminant"), _("Paired test (Wilcoxon)"), _("Correlation (Spearman)"),
            _("Linear model of a change"), _("Mixed model for repeated dates"), _("Time to an event (Kaplan–Meier, Cox)"),
            _("Characteristics of the patients (Table 1)"), _("Missing values filled in (multiple imputation)"),
        ])  # fmt: skip
        ui.methodComboBox.connect("activated(int)", self.onMethodChosen)
        ui.outcomeComboBox.connect("activated(int)", self.onOutcomeChosen)
        ui.afterComboBox.connect("activated(int)", self.onAfterChosen)
        ui.eventLineEdit.connect("textChanged(QString)", panel.changer("events"))
        ui.predictorList.connect("itemChanged(QListWidgetItem*)", self.onPredictorChanged)
        ui.givenList.connect("itemChanged(QListWidgetItem*)", self.onGivenChanged)
        ui.selectCheckBox.connect("toggled(bool)", panel.changer("select"))
        ui.whereLineEdit.connect("textChanged(QString)", panel.changer("where"))
        ui.byComboBox.connect("activated(int)", self.onByChosen)
        ui.groupComboBox.connect("activated(int)", self.onGroupChosen)
        ui.analyseButton.connect("clicked()", self.onAnalyse)

    def bind(self, parameterNode: Any) -> None:
        """Show the question that the parameters hold."""
        self.ui.eventLineEdit.text = parameterNode.events
        self.ui.methodComboBox.setCurrentIndex(METHODS.index(parameterNode.method))
        self.ui.selectCheckBox.checked = parameterNode.select
        self.ui.whereLineEdit.text = parameterNode.where

    def onMethodChosen(self, index: int) -> None:
        """Take the method of fitting."""
        self.panel.change("method", METHODS[index])

    def onOutcomeChosen(self, index: int) -> None:
        """Take the column of the outcome."""
        self.panel.change("outcome", self.ui.outcomeComboBox.itemText(index))

    def onAfterChosen(self, index: int) -> None:
        """Take the column to be paired."""
        self.panel.change("after", self.ui.afterComboBox.itemText(index))

    def onByChosen(self, index: int) -> None:
        """Take the column of subgroups; the first entry is none."""
        self.panel.change("by", self.ui.byComboBox.itemText(index) if index > 0 else "")

    def onGroupChosen(self, index: int) -> None:
        """Take the column of the groups of a survival or of Table 1; the first entry is none."""
        self.panel.change("group", self.ui.groupComboBox.itemText(index) if index > 0 else "")

    def onPredictorChanged(self, item: Any) -> None:
        """Take the ticked predictors."""
        self.panel.change("predictors", _ticked(self.ui.predictorList))

    def onGivenChanged(self, item: Any) -> None:
        """Take the columns to be held constant."""
        self.panel.change("given", _ticked(self.ui.givenList))

    def onAnalyse(self) -> None:
        """Answer the question and show its chart."""
        if self.panel.run(self._analyse):
            _showChart()

    def _analyse(self, progress: Progress) -> None:
        asked = self.panel.asked()
        self._refused = None
        self.ensurePackages()
        try:
            self.case.analyse(asked, progress, interfaceLanguage())
        except MarrowQuantError as error:  # it is about the columns, so it stands below them
            self._refused = self.case.cohort, asked, said(error)

    def ensurePackages(self) -> None:
        """Have what the method needs, asked for now; raises as :func:`packages.ensurePackage`."""
        method = self.panel.asked().method
        if method in PACKAGES:
            ensurePackage(PACKAGES[method][0])

    def fields(self) -> Fields:
        """What the chosen analysis asks for."""
        method = self.panel.asked().method
        if method in MODEL_METHODS or method == "impute":
            return Fields(_("Outcome:"), _("Predictors:"))
        if method == "survival":
            return Fields(_("Event happened:"), _("Predictors (Cox):"), second=_("Time:"), need_ticks=False)
        if method == "table1":
            return Fields("", _("Columns:"))
        if method == "paired":
            return Fields(_("Before:"), "", second=_("After:"))
        if method == "correlation":
            return Fields(_("Column:"), _("Correlated with:"))
        return Fields(_("Response:"), _("Terms:")) if method in {"linear", "mixed"} else Fields(_("Group:"), _("Predictors:"))

    def whyNot(self) -> str:
        """Which column is not chosen yet, as a sentence; empty if all are."""
        asked, fields, columns = self.panel.asked(), self.fields(), self.case.columns()
        choose = _("Choose a column for “{field}”.")
        if fields.first and asked.outcome not in columns:
            return choose.format(field=fields.first.rstrip(":："))
        if fields.second and asked.after not in columns:
            return choose.format(field=fields.second.rstrip(":："))
        if fields.ticked and fields.need_ticks and not asked.predictors:
            return _("Tick at least one column under “{field}”.").format(field=fields.ticked.rstrip(":："))
        return ""

    def missing(self) -> str:
        """Why the question cannot be answered, or that it was not."""
        why = self.panel.whyNot()
        if why or self.case.answer is not None:
            return why
        asked = self.panel.asked()
        if self._refused is not None and self._refused[:2] == (self.case.cohort, asked):
            return "⚠ " + self._refused[2]
        try:
            found = self.case.found(asked)
        except MarrowQuantError as error:
            return "⚠ " + said(error)
        return "\n".join([*map(said, found), _("Press Analyse.")])

    def note(self) -> str:
        """What was analysed, with its remarks and warnings."""
        answer = certain(self.case.answer)
        remarks = answer.part.remarks if answer.part is not None else ()
        return "\n".join([_("{text}.").format(text=answer.about), *remarks, *map(said, answer.findings)])

    def show(self) -> None:
        """Fill the choices from the table that was read."""
        self._showFields()
        self.ui.analyseButton.enabled = not self.panel.whyNot()
        self.ui.analyseButton.toolTip = self.panel.whyNot() or _("The answer without validation, here and in the scene.")
        self.ui.eventLineEdit.toolTip = self._values() or _("Values of the outcome that count as the event, separated by commas.")
        answer = self.case.answer
        self.ui.aucTable.visible = answer is not None and answer.part is None
        self.ui.modelTable.visible = answer is not None
        if answer is not None and answer.part is not None:
            showPart(self.ui.modelTable, answer.part, interfaceLanguage())
        elif answer is not None:
            showRoc(self.ui.aucTable, answer.curves)
            showModel(self.ui.modelTable, answer.developed.fit)
        for table in self._tables:
            table.show()

    def _showFields(self) -> None:
        """The fields that the analysis needs, and the columns of the table in them."""
        ui, asked, fields, columns = self.ui, self.panel.asked(), self.fields(), self.case.columns()
        for widgets, shown in (
            ((ui.outcomeLabel, ui.outcomeComboBox), bool(fields.first)),
            ((ui.eventLabel, ui.eventLineEdit), asked.method in WITH_EVENTS),
            ((ui.selectLabel, ui.selectCheckBox), asked.method in MODEL_METHODS),
            ((ui.afterLabel, ui.afterComboBox), bool(fields.second)),
            ((ui.groupLabel, ui.groupComboBox), asked.method in WITH_A_GROUP),
            ((ui.predictorLabel, ui.predictorList), bool(fields.ticked)),
            ((ui.givenLabel, ui.givenList), asked.method == "correlation"),
        ):
            for widget in widgets:
                widget.visible = shown
        ui.outcomeLabel.text = fields.first
        ui.predictorLabel.text = fields.ticked
        ui.afterLabel.text = fields.second
        _fillChoice(ui.outcomeComboBox, columns, asked.outcome)
        _fillChoice(ui.afterComboBox, columns, asked.after)
        others = [name for name in columns if name != asked.outcome]
        everyone = _("All together")
        _fillChoice(ui.byComboBox, [everyone, *others], asked.by or everyone)
        _fillChoice(ui.groupComboBox, [everyone, *columns], asked.group or everyone)
        _fillTicks(ui.predictorList, others, asked.predictors)
        _fillTicks(ui.givenList, others, asked.given)

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


def _ticked(items: Any) -> list[str]:
    rows = [items.item(row) for row in range(items.count)]
    return [item.text() for item in rows if item.checkState() == qt.Qt.Checked]


def _fillChoice(combo: Any, names: Sequence[str], chosen: str) -> None:
    """Filled anew only if the names differ, so that the reader's place stays."""
    if [combo.itemText(i) for i in range(combo.count)] != list(names):
        combo.clear()
        combo.addItems(list(names))
    combo.setCurrentIndex(names.index(chosen) if chosen in names else -1)


def _fillTicks(items: Any, names: Sequence[str], ticked: Sequence[str]) -> None:
    """Filled anew only if the names differ, so that the reader's place stays."""
    blocked = items.blockSignals(True)
    if [items.item(row).text() for row in range(items.count)] != list(names):
        items.clear()
        items.addItems(list(names))
        for row, name in enumerate(names):
            items.item(row).setToolTip(axis_title(name, interfaceLanguage()))
    for row, name in enumerate(names):
        items.item(row).setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable)
        items.item(row).setCheckState(qt.Qt.Checked if name in ticked else qt.Qt.Unchecked)
    items.blockSignals(blocked)


def _showChart() -> None:
    """The ROC curves in a plot view, where there is one."""
    chart = find_node("vtkMRMLPlotChartNode", {"chart": "cohort_roc"})
    if chart is not None and slicer.app.layoutManager() is not None:
        slicer.modules.plots.logic().ShowChartInLayout(chart)
