"""Step 6: what changed, and the probability of response with everything that is needed to judge it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import qt
from slicer.i18n import tr as _

from ...model import Contribution, ResponseEstimate, Results
from ...report.shown import blood_rows
from ...report.strings import Strings
from ...response import assess, available_models, load_model
from ...response.estimate import PREVALENCE
from ...response.iss import NOT_VERIFIED
from ...response.model_file import DEFAULT_MODEL, translation
from ...results import formats, rows
from ...workflow import pair_findings
from ..fields import PathField, tell
from ..language import interfaceLanguage, reportLanguage, said, saidLines, saidWord
from ..step import Step
from ..tablewidget import Columns, WholeHeads, fillTable

if TYPE_CHECKING:
    from .panel import Panel


COURSE_NAME = "course.svg"


class ResponseStep(Step):
    """Change table, probability with its interval and label, contributions, model card. Computed without a click."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.responseSection, ui.responseMessage)
        self._models: list[str] = []
        self._limitsOf = ("", "")  # the file in the field, and what was read from it
        self._listModels()
        ui.modelComboBox.connect("activated(int)", self.onModelChosen)
        self._limits = PathField(ui.limitsPathLineEdit, ui.limitsPathLineEditRefusal, self.onLimitsChosen)
        absent = _("There is no such folder.")
        self._others = PathField(ui.otherResultsPathLineEdit, ui.otherResultsPathLineEditRefusal, self.onOtherResultsChanged, absent)
        panel.fields += [self._limits, self._others]
        ui.courseButton.connect("clicked()", self.onCourse)
        self._contributions = WholeHeads(ui.contributionTable)
        self._columns = Columns(ui.changeTable, ui.changeColumnsCheckBox, (0, 1, 2, 3, 5), 0, wraps=True)

    def _listModels(self) -> None:
        self._models = list(available_models())  # a model of the reader's own may have come or gone
        self.ui.modelComboBox.clear()
        self.ui.modelComboBox.addItems(self._models)

    def enter(self) -> None:
        """A model may have been fitted in the meantime, in MarrowQuant Cohort or on the command line."""
        self._listModels()
        self.bind(self.panel.parameterNode)

    def bind(self, parameterNode: Any) -> None:
        """Show the model, the other dates and the limits that the parameters hold."""
        self._showModel()
        self._others.show(self.case.choices.path("otherResultsFolder"))
        if not self._limitsAreShown(parameterNode):
            self._limits.show("")
            self._tellLimits(parameterNode)

    def _showModel(self) -> None:
        """The model that holds; nothing is chosen in the list if the one of the case is gone, and the label says which holds then."""
        missing, chosen = self.case.conclusion.missing_model, self.panel.parameterNode.modelId or DEFAULT_MODEL.stem
        self.ui.modelComboBox.setCurrentIndex(-1 if missing else self._models.index(chosen))
        told = _('The model "{model}" is not on this computer or cannot be read; "{used}" holds.')
        tell(self.ui.modelComboBoxRefusal, told.format(model=missing, used=DEFAULT_MODEL.stem) if missing else "")

    def onOtherResultsChanged(self, path: str) -> None:
        """Take the folder with results of other dates."""
        if self.panel.parameterNode is not None:
            self.case.choices.choose("otherResultsFolder", path, waits=self.case.has_new_folders())

    def onCourse(self) -> None:
        """Write the course into the output folder and show it in the browser."""
        parameters = self.panel.parameterNode
        folder = self.case.choices.path("otherResultsFolder")
        others = Path(folder) if folder else None
        path = Path(self.case.choices.path("outputFolder")) / COURSE_NAME
        if self.panel.attempt(lambda: self.case.output.write_course(path, others, reportLanguage(parameters))):
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))

    def onLimitsChosen(self, path: str) -> None:
        """Take a site's own limits of change; an empty path goes back to the published ones."""
        if self.panel.parameterNode is None:
            return
        parameters = self.panel.parameterNode
        if not path:
            parameters.siteLimits = ""
        elif self.panel.attempt(lambda: self.case.read_limits(Path(path))):
            self._limitsOf = (path, parameters.siteLimits)
        else:
            held = _("the limits that were read before hold") if parameters.siteLimits else _("the published limits hold")
            self._limits.tell(_("This file was refused, see the end of the panel; {held}.").format(held=held))
            return
        self._tellLimits(parameters)
        self.panel.refresh()

    def _limitsAreShown(self, parameters: Any) -> bool:
        """True if the limits that hold are those of the file in the field."""
        return self._limitsOf == (self.ui.limitsPathLineEdit.currentPath, parameters.siteLimits)

    def _tellLimits(self, parameters: Any) -> None:
        """Limits that were saved with a case hold although no file is shown."""
        hidden = bool(parameters.siteLimits) and not self._limitsAreShown(parameters)
        told = _("Limits saved with this case hold. Press Enter in the empty field to go back to the published ones.")
        self._limits.tell(told if hidden else "")

    def onModelChosen(self, index: int) -> None:
        """Take the model over if its file can be used; else say why and stay with the one before."""
        name = self._models[index]
        if self.panel.attempt(lambda: load_model(available_models().get(name))):
            self.panel.parameterNode.modelId = name
            self.panel.refresh()
        else:
            self.bind(self.panel.parameterNode)

    def _results(self) -> Optional[Results]:
        return self.case.results()

    def missing(self) -> str:
        """What a probability still needs."""
        if len(self.case.exams) < 2:
            return _("A change needs two exams: give the follow-up folder in step 1.")
        results = self._results()
        if results is None or not results.changes:
            return _("Nothing was measured in both exams yet.")
        return ""

    def note(self) -> str:
        """What the estimate says of itself."""
        results = self._results()
        return saidLines(results.response.findings) if results and results.response else ""

    def told(self, missing: str) -> str:
        """What is missing, and what makes both exams unlike as such, which may be why."""
        results = self._results()
        findings = saidLines(pair_findings(results.exams)) if results else ""
        return "\n".join(filter(None, (missing or self.note(), findings)))

    def show(self) -> None:
        """Fill the probability, the changes and the category."""
        if self._models != list(available_models()):
            self._listModels()
        self._showModel()
        results = self._results()
        changes = results.changes if results else ()
        language, table = interfaceLanguage(), rows.changes(changes)
        tips = [saidLines(row.findings) or _("No warning.") for row in table.rows]
        columns = table.chosen("index", "baseline", "follow_up", "absolute", "relative", "findings")
        headers = [column.head(language, narrow=True) for column in columns]
        headers[1:3] = self.panel.examNames().values()
        fillTable(self.ui.changeTable, headers, [_changeCells(row, language) for row in table.rows], tips)
        self._columns.show()
        self.ui.categoryLabel.text = _assessmentText(results) if results else ""
        self.ui.categoryLabel.visible = bool(self.ui.categoryLabel.text)
        hasFolder = bool(self.case.choices.path("outputFolder")) and not self.case.choices.waits("outputFolder")  # that of the next exams
        self.ui.courseButton.enabled = results is not None and hasFolder
        self.ui.courseButton.toolTip = (
            _("Draw all dates and open the picture.") if hasFolder else _("Choose the output folder in step 7 first.")
        )
        estimate = results.response if results else None
        widgets = (self.ui.modelLabel, self.ui.modelComboBox, self.ui.probabilityLabel, self.ui.contributionTable, self.ui.modelCardBrowser)
        for widget in widgets:
            widget.visible = estimate is not None
        if estimate is not None:
            self._showEstimate(estimate)

    def _showEstimate(self, estimate: ResponseEstimate) -> None:
        if estimate.probability is None:
            text = _("No probability of CR/VGPR is given. See the reason below.")
        else:
            low, high = estimate.interval
            text = _("Probability of CR/VGPR: {value} (95 % interval {low} to {high})").format(
                value=formats.probability(estimate.probability), low=formats.probability(low), high=formats.probability(high))
        told = translation(estimate, interfaceLanguage())
        self.ui.probabilityLabel.text = f"{text}\n{estimate.model_id}: {told.get('label', estimate.label)}"
        names = {
            "ff_change": _("Change of fat fraction"),
            "m_protein_change": _("Change of M protein"),
            PREVALENCE: _("Share of responders in the cohort"),
        }
        language = interfaceLanguage()
        cells = [
            [names.get(c.predictor, c.predictor), f"{_contributed(c)} {formats.shown_unit(c.unit, language)}", formats.signed(c.logit)]
            for c in estimate.contributions
        ]
        fillTable(self.ui.contributionTable, [_("Predictor"), _("Value"), _("Adds to the logit")], cells)
        self._contributions.show()
        self.ui.modelCardBrowser.setHtml(_cardHtml({**estimate.card, **told.get("card", {})}))


def _assessmentText(results: Results) -> str:
    """Response category with its rule and what was missing, and the stages; empty without laboratory values."""
    assessment, lines = assess(results), []
    imwg = assessment.imwg
    words = Strings(interfaceLanguage())
    if assessment.blood is not None:
        blood = assessment.blood
        category = words("blood_" + (blood.category or "unknown").replace(" ", "_"))
        lines += [f"{words('blood')}: {category} ({said(blood.rule)})", *map(said, blood.findings)]
    course = blood_rows(assessment, results.settings.kind, words)[1]
    lines += [f"{words('blood')}, {date}: {category} ({said(rule)})" for date, category, rule in course]
    if imwg is not None:
        category = imwg.category or _("not graded")
        lines += [_("IMWG response category: {category} ({rule})").format(category=category, rule=said(imwg.rule))]
        lines += [_("Missing: {what}").format(what="; ".join(map(said, imwg.missing)))] if imwg.missing else []
        lines += map(said, imwg.findings)
    staged = [f"{stage.system} {stage.stage}: {said(stage.rule)}" for stage in assessment.stages if stage.stage is not None]
    return "\n".join([*lines, *staged, *([said(NOT_VERIFIED)] if staged else [])])


def _contributed(contribution: Contribution) -> str:
    """The predictor's value; a change has its sign, a share has none."""
    isShare = contribution.predictor == PREVALENCE
    return formats.number(contribution.value, "%") if isShare else formats.signed(contribution.value, contribution.unit)


def _changeCells(row: rows.Row, language: str) -> list[str]:
    values = [row[key].with_unit(language) for key in ("baseline", "follow_up", "absolute")]
    return [rows.label_of_change(row, language), *values, row["relative"].text(language), rows.DOUBT if row.findings else ""]


def _cardHtml(card: Mapping[str, Any]) -> str:
    entries = [(saidWord(str(key).replace("_", " ").capitalize()), _plain(value)) for key, value in card.items()]
    return "".join(f"<p><b>{html.escape(title)}</b><br>{html.escape(text)}</p>" for title, text in entries)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_plain(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(part) for part in value)
    return str(value)
