"""MarrowQuant Cohort in 3D Slicer: the module, its thin widget and logic, and the self test.

What it does lives in the library of the module MarrowQuant: ``cohort`` (the statistics), ``scene.cohort_case`` (one method a button) and
``panel.cohort_panel``. Annotations are evaluated here, as ``parameterNodeWrapper`` reads them while Slicer is still loading this file.
"""

from pathlib import Path
from typing import Annotated, Any, Optional

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class MarrowQuantCohort(ScriptedLoadableModule):
    """Title and help; does no work of its own."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        if getattr(slicer.app, "applicationLocaleName", "en").startswith("ja"):  # where no language is set, every file would be loaded
            slicer.app.loadTranslations(str(Path(__file__).parent / "Resources" / "Translations"))
        parent.title = _("MarrowQuant Cohort")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = ["MarrowQuant", "Plots"]
        parent.contributors = ["The MarrowQuant developers"]
        parent.helpText = _(
            "Statistics of many patients that were measured with MarrowQuant, or of a table: group comparisons, paired tests, "
            "correlations, ROC curves, logistic regression with validation, linear and mixed models, times to an event, characteristics, "
            "missing values, a document, the number of patients of the next study, and a response model of one's own that MarrowQuant "
            "then offers. Research use only. Not a medical device; not for diagnosis or treatment decisions."
        )
        parent.acknowledgementText = _("The methods and their sources are named in the methods paragraph of every report.")


@parameterNodeWrapper
class MarrowQuantCohortParameterNode:
    """What the reader set. The names are stored in saved scenes: renaming one loses its value there."""

    source: str = ""
    outcomesTable: str = ""
    longTable: bool = False
    outcome: str = ""
    after: str = ""
    events: str = ""
    predictors: list[str]
    given: list[str]
    method: Annotated[
        str,
        Choice([
            "firth", "ml", "ridge", "multinomial", "lda", "paired", "correlation", "linear", "mixed", "survival", "table1", "impute",
        ]),
    ] = "firth"  # fmt: skip
    select: bool = False
    where: str = ""
    by: str = ""
    group: str = ""
    bootstraps: Annotated[int, WithinRange(1, 10000)] = 500
    outputFolder: str = ""
    signed: bool = False
    studyFolder: str = ""
    modelName: str = ""


class MarrowQuantCohortWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's life cycle; the steps themselves are in ``MarrowQuantLib.panel``."""

    def __init__(self, parent: Optional[Any] = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.panel = self._parameterNode = self._parameterNodeGuiTag = None
        self._asked: dict[str, str] = {}

    def setup(self) -> None:
        """Build the panel from the ``.ui`` file; called once, when the module is first opened."""
        from MarrowQuantLib.panel.cohort.panel import CohortPanel

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/MarrowQuantCohort.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = MarrowQuantCohortLogic()
        self.panel = CohortPanel(self.ui, self.logic.case)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEnd)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.setParameterNode(self.logic.getParameterNode())

    def cleanup(self) -> None:
        """Called when the application closes or the module is reloaded."""
        self.removeObservers()
        self._disconnectGui()

    def enter(self) -> None:
        """Called when the module is opened."""
        self.setParameterNode(self.logic.getParameterNode())

    def exit(self) -> None:
        """Called when another module is opened."""
        self._disconnectGui()

    def onSceneStartClose(self, caller: Any, event: Any) -> None:
        """The parameter node goes with the scene."""
        self.setParameterNode(None)

    def onSceneStartImport(self, caller: Any, event: Any) -> None:
        """A scene is opened or added. One that is added brings parameters of its own: those of the cohort that was read are kept."""
        self._disconnectGui()
        node = self.logic.getParameterNode().parameterNode
        has_cohort = self.logic.case.cohort is not None
        self._asked = {name: node.GetParameter(name) for name in node.GetParameterNames()} if has_cohort else {}

    def onSceneEndImport(self, caller: Any, event: Any) -> None:
        """Go on with the cohort that was read, or show what the opened scene asked."""
        node = self.logic.getParameterNode().parameterNode
        with slicer.util.NodeModify(node):
            for name in node.GetParameterNames() if self._asked else ():
                node.UnsetParameter(name)
            for name, text in self._asked.items():
                node.SetParameter(name, text)
        self._asked = {}
        self.onSceneEnd(caller, event)

    def onSceneEnd(self, caller: Any, event: Any) -> None:
        """A scene was closed or opened."""
        if self.parent.isEntered:
            self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode: Optional[MarrowQuantCohortParameterNode]) -> None:
        """Connect the widgets to a parameter node, or to none."""
        self._disconnectGui()
        self._parameterNode = parameterNode
        self.panel.bind(parameterNode)
        if parameterNode is not None:
            self._parameterNodeGuiTag = parameterNode.connectParametersToGui({"bootstraps": self.ui.bootstrapsSpinBox})
            self.panel.refresh()

    def _disconnectGui(self) -> None:
        if self._parameterNode is not None and self._parameterNodeGuiTag is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self._parameterNodeGuiTag = None


class MarrowQuantCohortLogic(ScriptedLoadableModuleLogic):
    """The module without its widget; ``case`` has one method for every button of the panel. From the Python console::

        from MarrowQuantLib.scene.cohort_case import Question
        case = slicer.util.getModuleLogic("MarrowQuantCohort").case
        case.read("C:/data/cases", "C:/data/outcomes.csv")
        case.analyse(Question("best_response", ("CR", "VGPR"), ("ff_change", "m_protein_change")))
    """

    def __init__(self, parent: Optional[Any] = None) -> None:
        from MarrowQuantLib.scene.cohort_case import CohortCase

        ScriptedLoadableModuleLogic.__init__(self, parent)
        self._parameterNode: Optional[MarrowQuantCohortParameterNode] = None
        self.case = CohortCase()

    def getParameterNode(self) -> MarrowQuantCohortParameterNode:
        """The typed parameter node; the same wrapper as long as the scene holds the same node."""
        node = ScriptedLoadableModuleLogic.getParameterNode(self)
        if self._parameterNode is None or self._parameterNode.parameterNode != node:
            self._parameterNode = MarrowQuantCohortParameterNode(node)
        return self._parameterNode


class MarrowQuantCohortTest(ScriptedLoadableModuleTest):
    """The simulated cohort from its results to the ROC chart, by script and by the panel, and again from the scene. Needs no window."""

    def setUp(self) -> None:
        """Start on an empty scene."""
        slicer.mrmlScene.Clear()

    def test_reader_from_the_folder_to_the_saved_scene_and_back(self) -> None:
        """Read, ask, analyse, save, and open again in the same panel: the question and its answer in the scene are there."""
        from MarrowQuantLib.cohort.example import EVENTS, OUTCOME, write_example

        cases = write_example(Path(slicer.util.tempDirectory()) / "cases")
        widget = slicer.util.getModuleWidget("MarrowQuantCohort")
        self.enter(widget)
        ui, question = widget.ui, widget.panel.question
        ui.sourcePathLineEdit.currentPath = str(cases)
        ui.outcomesPathLineEdit.currentPath = str(cases / "outcomes.csv")
        ui.readButton.click()
        ui.outcomeComboBox.setCurrentIndex(ui.outcomeComboBox.findText(OUTCOME))
        question.onOutcomeChosen(ui.outcomeComboBox.currentIndex)
        ui.eventLineEdit.text = ", ".join(EVENTS)
        widget.panel.change("predictors", ["ff_change", "m_protein_change"])
        ui.analyseButton.click()
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode"), 1)

        asked, tables = widget.panel.asked(), slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode")
        path = str(Path(slicer.util.tempDirectory()) / "cohort.mrb")
        self.assertTrue(slicer.util.saveScene(path))
        slicer.util.loadScene(path, properties={"clear": True})
        self.enter(widget)
        self.assertEqual(widget.panel.asked(), asked)
        self.assertEqual(ui.eventLineEdit.text, ", ".join(EVENTS))
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode"), 1)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode"), tables)

    @staticmethod
    def enter(widget: Any) -> None:
        if slicer.util.mainWindow() is not None:
            slicer.util.selectModule("MarrowQuantCohort")
        else:
            widget.enter()

    def test_simulated_cohort_from_results_to_roc_chart(self) -> None:
        """From simulated results to the ROC chart, against the published AUC."""
        from MarrowQuantLib.cohort.example import AUC_FF, EVENTS, OUTCOME, write_example
        from MarrowQuantLib.scene.cohort_case import Question

        folder, case = write_example(Path(slicer.util.tempDirectory()) / "cases"), MarrowQuantCohortLogic().case
        case.read(folder, folder / "outcomes.csv")
        answer = case.analyse(Question(OUTCOME, EVENTS, ("ff_change", "m_protein_change")))
        low, high = answer.curves["ff_change"].interval
        self.assertTrue(low < AUC_FF < high)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode"), 1)
