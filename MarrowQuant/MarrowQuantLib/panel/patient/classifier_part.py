"""The classifier below the response: a button that asks a model about the exam shown, its answer, card and picture."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from slicer.i18n import tr as _

from ...model import ANAEMIAS, Classification
from ...report.shown import answer_card, answer_tables
from ...report.strings import Strings
from ...results.formats import probability
from ..fields import PathField
from ..language import interfaceLanguage, said
from ..packages import ensurePackage

if TYPE_CHECKING:
    from .panel import Panel


class ClassifierPart:
    """Shown for MDS, aplastic anaemia and other anaemia; nothing is asked before the button is pressed."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        self.panel, self.ui = panel, ui
        self._model = PathField(
            ui.classifierPathLineEdit, ui.classifierPathLineEditRefusal, self.onModelChosen, _("There is no such folder.")
        )
        panel.fields.append(self._model)
        ui.classifyButton.connect("clicked()", self.onAsk)

    def forget(self) -> None:
        """The answer was about the other patient."""
        self.ui.classifierBrowser.setHtml("")

    def onModelChosen(self, path: str) -> None:
        """Another model has not answered yet."""
        self.panel.case.classifier.forget()
        if self.panel.parameterNode is not None:
            self.panel.refresh()

    def onAsk(self) -> None:
        """Ask the model about the exam shown."""
        path = self.ui.classifierPathLineEdit.currentPath.strip()
        folder = Path(path) if path else None
        if self.panel.attempt(lambda: ensurePackage("onnxruntime", "MarrowQuant")):
            self.panel.run(lambda progress: self.panel.case.classifier.ask(self.panel.label, folder, progress))
        self.panel.refresh()

    def show(self) -> None:
        """Bring the part up to date."""
        case, ui = self.panel.case, self.ui
        isOffered = bool(case.exams) and case.settings().kind in ANAEMIAS
        found = case.classifier.answer()
        for widget in (ui.classifierLabel, ui.classifierPathLineEdit, ui.classifyButton):
            widget.visible = isOffered
        ui.classifierBrowser.visible = isOffered and found is not None
        exam = case.exams.get(self.panel.label)
        ui.classifyButton.enabled = exam is not None and bool(exam.vertebrae) and not self.panel.busy
        ui.classifyButton.toolTip = (
            _("Ask the model about the exam shown; without a folder the bundled one, which answers for simulated exams only.")
            if ui.classifyButton.enabled
            else _("Measure the vertebrae of this exam first.")
        )
        if found is not None:
            ui.classifierBrowser.setHtml(answerHtml(found))


def answerHtml(found: Classification) -> str:
    """The answer as the browser shows it: probability, what to know, the picture, the card."""
    words = Strings(interfaceLanguage())
    event, other = words(f"name_{found.event}"), words(f"name_{found.other}")
    low, high = (probability(limit) for limit in found.interval)
    head = f"{words('classified', event=event, other=other)}: <b>{html.escape(probability(found.probability))}</b>"
    lines = [f"<p>{head}<br>{html.escape(words('ensemble_range', low=low, high=high))}</p>"]
    lines += [f"<p>{html.escape(said(each))}</p>" for each in found.findings]
    lines.append(_picture(found.picture, words("occlusion")) or "")
    lines += [_table(*each) for each in answer_tables(found, words)]
    lines += [f"<p><b>{html.escape(head)}</b><br>{html.escape(_plain(content))}</p>" for head, content in answer_card(found, words)]
    return "".join(lines)


def _table(heads: list[str], lines: list[list[str]]) -> str:
    """Two columns, the second with numbers."""
    drawn = [f"<tr><td>{html.escape(name)}&nbsp;&nbsp;</td><td align='right'>{html.escape(value)}</td></tr>" for name, value in lines]
    head = "".join(f"<th align='left'>{html.escape(each)}</th>" for each in heads)
    return f"<table><tr>{head}</tr>{''.join(drawn)}</table>"


def _picture(png: bytes, caption: str) -> Optional[str]:
    if not png:
        return None
    return f'<p><img src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}" width="360"><br>{html.escape(caption)}</p>'


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_plain(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(part) for part in value)
    return f"{value:.2f}" if isinstance(value, float) else str(value)
