"""The panel: seven steps over one case, a section for de-identifying files, a footer with progress and Cancel, and nothing modal."""

from __future__ import annotations

from typing import Any, Callable, Optional

import qt
import slicer
from slicer.i18n import tr as _

from ...model import iso_date
from ...scene.case.case import BASELINE, LABELS, Case
from ...scene.case.onwards import go_on
from ..fields import numberFields
from ..language import said
from ..question_bar import QuestionBar
from ..running import RunningPanel
from .answer import Answer
from .burden_step import BurdenStep
from .classifier_part import ClassifierPart
from .deidentify_step import DeidentifyStep
from .exams_step import ExamsStep
from .export_step import ExportStep
from .follow_up import FollowUpPart
from .keys import PathKeys
from .labs_step import LabsStep
from .quantify_step import QuantifyStep
from .reasons import Reasons
from .response_step import ResponseStep
from .stir_part import StirPart
from .vertebrae_step import VertebraeStep
from .viewing import Viewing

HAND_DELAY_MS = 250
NUMBER_WIDGETS = (
    "radiusLRSpinBox", "radiusAPSpinBox", "radiusCCSpinBox", "ratioSlider", "adcRangeWidget", "minComponentSlider", "ageSpinBox",
)  # fmt: skip


class Panel(RunningPanel):
    """Holds the steps together.

    Parameters
    ----------
    ui : object
        The widgets of ``MarrowQuant.ui`` as attributes.
    case : Case
        The patient in the scene.
    observe : callable
        ``observe(node, event, callback)`` of the module widget, which removes all observers in its ``cleanup``.
    unobserve : callable
        ``unobserve(node, event, callback)``.
    """

    def __init__(self, ui: Any, case: Case, observe: Callable[..., None], unobserve: Callable[..., None]) -> None:
        super().__init__(ui)
        self.case = case
        self.observe, self.unobserve = observe, unobserve
        self.parameterNode: Any = None  # typed where the module declares it
        self.question = QuestionBar(ui)
        for name in NUMBER_WIDGETS:  # before the steps: what a field reads must stand in it when they hear of it
            self.fields += numberFields(getattr(ui, name), getattr(ui, f"{name}Refusal"))
        self.reasons = Reasons(ui)
        self.exams = ExamsStep(self, ui)
        self.vertebrae = VertebraeStep(self, ui)
        self.quantify = QuantifyStep(self, ui)
        self.burden = BurdenStep(self, ui)
        self.labs = LabsStep(self, ui)
        self.response = ResponseStep(self, ui)
        self.export = ExportStep(self, ui)
        self.steps = (self.exams, self.vertebrae, self.quantify, self.burden, self.labs, self.response, self.export)
        self.deidentify = DeidentifyStep(self, ui)
        self.followUp = FollowUpPart(self, ui)
        self.classifier = ClassifierPart(self, ui)
        self.stir = StirPart(self, ui)
        self.viewing = Viewing(self, ui)
        self.answer = Answer(self, ui)
        self.keys = PathKeys(self, ui)
        self._sections = [step.section for step in (*self.steps, self.deidentify)]
        for section in self._sections:
            section.connect("contentsCollapsed(bool)", lambda collapsed, opened=section: self.onSection(opened, collapsed))
        self.ui.examComboBox.connect("activated(int)", self.onExamChosen)
        self._hand = qt.QTimer()  # dragging a point, or removing many nodes, is looked at once, when it rests
        self._hand.setSingleShot(True)
        self._hand.setInterval(HAND_DELAY_MS)
        self._hand.connect("timeout()", self.followHand)
        observe(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self.onNodeEdited)

    @property
    def label(self) -> str:
        """The exam that steps 2 to 4 work on: "baseline" or "follow-up"."""
        index = self.ui.examComboBox.currentIndex
        return LABELS[index] if 0 <= index < len(LABELS) else BASELINE

    def bind(self, parameterNode: Optional[Any]) -> None:
        """Show another parameter node, or none while the scene is closed."""
        if parameterNode is None:
            self.suspend()
            self.case.parameters = None
            self.question.close()
            self._say("")
            self._forget()
            self.deidentify.forget()
            self.case.clear()
            return
        self.parameterNode = self.case.parameters = parameterNode
        for step in self.steps:
            step.bind(parameterNode)

    def _forget(self) -> None:
        """Let go of all that the steps know of the patient beside the case."""
        for step in self.steps:
            step.forget()
        self.classifier.forget()

    def suspend(self) -> None:
        """The scene is being changed from outside: act on nothing in it until :meth:`bind`. The case is kept."""
        self.parameterNode = None
        self.vertebrae.release()
        self.burden.release()

    def enter(self) -> None:
        """The reader opened the module."""
        self.viewing.enter()
        self.keys.enable(True)
        for step in self.steps:
            step.enter()

    def exit(self) -> None:
        """The reader left the module."""
        self.keys.enable(False)
        for step in self.steps:
            step.exit()
        self.viewing.exit()

    def cleanup(self) -> None:
        """Let go of the scene and of the keys."""
        self._hand.stop()
        self.keys.cleanup()
        self.burden.cleanup()
        self.vertebrae.cleanup()

    def onNodeEdited(self, caller: Any = None, event: Any = None) -> None:
        """A node was removed or edited, by the reader or by a step of the panel itself."""
        if self.parameterNode is not None and not self.busy:
            self._hand.start()

    def followHand(self) -> None:
        """Take over, or answer in words, what the reader did with the case's nodes elsewhere."""
        if self.parameterNode is None or self.busy or slicer.mrmlScene.IsBatchProcessing():
            return
        followed: list[bool] = []
        self._attempt(lambda progress: followed.append(self.case.follow_hand()))  # what was said before still holds
        if any(followed):
            self.refresh()
        else:
            self.vertebrae.showSource()
            self.burden.showOptions()

    def restore(self) -> None:
        """Take up what an opened scene holds."""
        if not self.case.can_restore():
            self.refresh()
            self.followHand()
            return
        self._forget()
        if self.run(self.case.restore):
            self.viewing.showExam()
            self.exams.bind(self.parameterNode)
            if self.case.unmeasured:
                self._say("⚠ " + "\n".join(map(said, self.case.unmeasured)))
        self.followHand()

    def tell(self, text: str) -> None:
        """Say something that no button was pressed for."""
        self._say("⚠ " + said(text))

    def refresh(self) -> None:
        """Bring every widget up to date with the case."""
        if self.parameterNode is None:
            return
        self._showExams()
        for step in self.steps:
            step.refresh()
        self.deidentify.refresh()
        self.followUp.show()
        self.classifier.show()
        self.stir.show()
        self.viewing.follow()
        self.answer.show()
        self.reasons.show()

    def examNames(self) -> dict[str, str]:
        """What the reader calls each exam: the follow-up after the cycles that the laboratory sheet names."""
        cycles = self.case.laboratory.cycles()
        return {BASELINE: _("Baseline"), LABELS[1]: _("After cycle {n}").format(n=cycles) if cycles else _("Follow-up")}

    def _showExams(self) -> None:
        names = self.examNames()
        dates = {label: f" {iso_date(exam.maps.date)}".rstrip() for label, exam in self.case.exams.items()}
        texts = [names[label] + dates.get(label, "") for label in LABELS]
        combo = self.ui.examComboBox
        if [combo.itemText(i) for i in range(combo.count)] == texts:
            return
        current = max(combo.currentIndex, 0)
        combo.clear()
        combo.addItems(texts)
        combo.setCurrentIndex(current)

    def onSection(self, section: Any, collapsed: bool) -> None:
        """One section is open at a time: what it says and asks is then in sight, and the panel fits a small screen."""
        if not collapsed:
            for other in self._sections:
                if other is not section and not other.collapsed:
                    other.collapsed = True
            self.attempt(lambda: self.viewing.suit(section))

    def goOn(self) -> None:
        """Do what needs no decision of the reader; what was done or could not be done is said in step 1."""
        told: list[Any] = []
        if self.case.exams and self.run(lambda progress: told.extend(go_on(self.case, self.exams.readFrom, progress))):
            self.exams.goneOn = told
            self.labs.bind(self.parameterNode)  # the sheet that was found
            self.refresh()

    def onExamChosen(self, index: int) -> None:
        """Show the exam that was chosen; placing belongs to the one left."""
        self.vertebrae.stopPlacing()
        self.burden.stopPlacing()
        self.viewing.showExam()
        self.refresh()

    def _showProgress(self, running: bool) -> None:
        super()._showProgress(running)
        self.ui.questionFrame.enabled = not running
        self.ui.examComboBox.enabled = not running
