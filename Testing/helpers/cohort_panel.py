"""What a reader does in the panel of the cohort."""

from __future__ import annotations

from pathlib import Path

PREDICTORS = ("ff_change", "m_protein_change")


def read(widget, source: Path, outcomes: Path | None = None) -> None:
    widget.ui.sourcePathLineEdit.currentPath = str(source)
    widget.ui.outcomesPathLineEdit.currentPath = str(outcomes or "")
    widget.ui.readButton.click()


def choose_outcome(widget, name: str) -> None:
    index = widget.ui.outcomeComboBox.findText(name)
    widget.ui.outcomeComboBox.setCurrentIndex(index)
    widget.panel.question.onOutcomeChosen(index)


def choose_method(widget, method: str) -> None:
    from MarrowQuantLib.scene.cohort_case import METHODS

    widget.ui.methodComboBox.setCurrentIndex(METHODS.index(method))
    widget.panel.question.onMethodChosen(METHODS.index(method))


def tick(widget, *names: str, items=None) -> None:
    import qt

    items = items or widget.ui.predictorList
    for row in range(items.count):
        items.item(row).setCheckState(qt.Qt.Checked if items.item(row).text() in names else qt.Qt.Unchecked)


def ask(widget, cases: Path, predictors=PREDICTORS) -> None:
    read(widget, cases, cases / "outcomes.csv")
    choose_outcome(widget, "best_response")
    widget.ui.eventLineEdit.text = "CR, VGPR"
    tick(widget, *predictors)
