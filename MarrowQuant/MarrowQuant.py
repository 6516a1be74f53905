"""MarrowQuant in 3D Slicer: the module, its thin widget and logic, and the self test.

What it does lives in ``MarrowQuantLib``: ``workflow`` (the story in one file), ``scene.case`` (one patient in the scene, one method a
button) and ``panel`` (one class a step).

Annotations are evaluated here, unlike in the other files: ``parameterNodeWrapper`` reads those of the parameter node while Slicer is
still loading this file.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Callable, Optional

import slicer
import vtk
from slicer import vtkMRMLMarkupsFiducialNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, SlicerParameterNamePropertyName, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

LIBRARY = "MarrowQuantLib"
NODE_PARAMETERS = ("baselinePoints", "followUpPoints", "baselineSegmentation", "followUpSegmentation", "baselineBurden", "followUpBurden")


class MarrowQuant(ScriptedLoadableModule):
    """Title, help, and the samples; does no work of its own."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        if getattr(slicer.app, "applicationLocaleName", "en").startswith("ja"):  # where no language is set, every file would be loaded
            slicer.app.loadTranslations(str(Path(__file__).parent / "Resources" / "Translations"))
        parent.title = _("MarrowQuant")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = ["Markups", "Segmentations", "Plots"]
        parent.contributors = ["The MarrowQuant developers"]
        parent.helpText = _(
            "Quantitative bone-marrow MRI in myeloma: fat fraction and ADC of the lumbar vertebrae, tumour burden on whole-body diffusion, "
            "their change under treatment, and an estimated probability of response. Work through the steps from top to bottom; each says "
            "what it still needs. Research use only. Not a medical device; not for diagnosis or treatment decisions."
        )
        parent.helpText += "<p>" + _(
            "Keys: Alt+1 to Alt+7 open a step, Alt+Enter presses its main button (read and measure, place points, measure, propose, add a "
            "value, course, export); Escape ends placing points; in the list of the tumour burden A keeps, R rejects, P calls "
            "physiological, U takes the last decision back and Shift+U brings it again."
        )
        parent.acknowledgementText = _(
            "The response model is reconstructed from what this paper reports, and is not calibrated: Takasu M, et al. PLoS One. "
            "2020;15(2):e0229607, doi:10.1371/journal.pone.0229607. Please cite it with MarrowQuant."
        )
        slicer.app.connect("startupCompleted()", registerSamples)
        slicer.app.connect("startupCompleted()", loadTerminology)
        slicer.app.connect("startupCompleted()", guardScene)
        slicer.app.connect("startupCompleted()", registerLayouts)


def registerSamples() -> None:
    """Offer the two digital patients in the Sample Data module. They are computed on this computer; nothing is downloaded."""
    from MarrowQuantLib.panel.sample_data import registerSampleData

    registerSampleData(Path(__file__).parent / "Resources" / "Icons")


def loadTerminology() -> None:
    """Offer the vertebral levels in Slicer's terminology selector; the segments of the levels carry these codes."""
    terms = Path(__file__).parent / "Resources" / "Terminologies" / "MarrowQuant.term.json"
    slicer.modules.terminologies.logic().LoadTerminologyFromFile(str(terms))


def registerLayouts() -> None:
    """Let Slicer know the module's layouts of the views, which a scene may have been saved with."""
    from MarrowQuantLib.panel.patient.layouts import addLayouts

    addLayouts()


def guardScene() -> None:
    """Keep a second patient's case out of a scene that holds one, also before the module was ever opened."""
    import qt
    from MarrowQuantLib.panel.language import said
    from MarrowQuantLib.scene.guard import scene_guard

    guard = scene_guard()
    guard.tell = lambda refusal: slicer.util.showStatusMessage(said(refusal), 10000)
    guard.later = lambda act: qt.QTimer.singleShot(0, act)


@parameterNodeWrapper
class MarrowQuantParameterNode:
    """What the reader set. The names are stored in saved scenes: renaming one loses its value there.

    The settings with their ranges and defaults are those of ``MarrowQuantLib.model.settings.SETTINGS``; a test compares them.
    """

    baselineFolder: str = ""
    followUpFolder: str = ""
    labsPath: str = ""
    outputFolder: str = ""
    otherResultsFolder: str = ""
    tdvSignalRatio: Annotated[float, WithinRange(1, 20)] = 5.0
    tdvAdcLower: Annotated[float, WithinRange(0, 3000)] = 550.0
    tdvAdcUpper: Annotated[float, WithinRange(0, 3000)] = 1400.0
    seriesOverrides: str = ""  # JSON, what the reader changed in the table of series
    minComponentMl: Annotated[float, WithinRange(0, 10)] = 0.3
    adcClassEdges: str = "900, 1400"
    siteLimits: str = ""  # JSON of longitudinal.repeatability
    roiRadiusLR: Annotated[float, WithinRange(0.5, 50)] = 12.0
    roiRadiusAP: Annotated[float, WithinRange(0.5, 50)] = 9.0
    roiRadiusCC: Annotated[float, WithinRange(0.5, 50)] = 7.0
    roiShape: Annotated[str, Choice(["ellipsoid", "cylinder", "box"])] = "ellipsoid"
    refineRois: bool = True
    fatSpectrum: Annotated[str, Choice(["ren_marrow_9", "hamilton_9", "ismrm_6"])] = "ren_marrow_9"
    caseKind: Annotated[str, Choice(["myeloma", "mds", "aplastic_anaemia", "other_anaemia", "control"])] = "myeloma"
    ageYears: Annotated[int, WithinRange(0, 110)] = 0  # 0: not given
    sex: Annotated[str, Choice(["", "female", "male"])] = ""
    modelId: str = ""
    language: Annotated[str, Choice(["auto", "en", "ja"])] = "auto"  # of the report; auto: that of Slicer
    baselinePoints: vtkMRMLMarkupsFiducialNode
    followUpPoints: vtkMRMLMarkupsFiducialNode
    baselineSegmentation: vtkMRMLSegmentationNode
    followUpSegmentation: vtkMRMLSegmentationNode
    baselineBurden: vtkMRMLSegmentationNode
    followUpBurden: vtkMRMLSegmentationNode


class MarrowQuantWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's life cycle; the steps themselves are in ``MarrowQuantLib.panel``."""

    def __init__(self, parent: Optional[Any] = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic: Optional[MarrowQuantLogic] = None
        self.panel: Optional[Any] = None
        self.guard: Optional[Any] = None
        self._parameterNode: Optional[MarrowQuantParameterNode] = None
        self._parameterNodeGuiTag: Optional[Any] = None

    def setup(self) -> None:
        """Build the panel from the ``.ui`` file; called once, when the module is first opened."""
        from MarrowQuantLib.panel.patient.panel import Panel
        from MarrowQuantLib.scene.guard import scene_guard

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/MarrowQuant.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = MarrowQuantLogic()
        guardScene()  # anew, if the module was reloaded
        self.guard = scene_guard()  # before the panel observes: it puts the open case right first
        self.panel = Panel(self.ui, self.logic.case, self.addObserver, self.removeObserver)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartRestoreEvent, self.onSceneStartImport)  # a scene view comes back
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndRestoreEvent, self.onSceneEndImport)
        self.initializeParameterNode()
        if getattr(self.parent, "isEntered", False):  # reloaded while it is shown; it is not entered again
            self.enter()

    def cleanup(self) -> None:
        """Called when the application closes or the module is reloaded."""
        self.removeObservers()
        self._disconnectGui()
        if self.panel is not None:
            self.panel.cleanup()

    def enter(self) -> None:
        """Called when the module is opened."""
        self.initializeParameterNode()
        self.panel.enter()
        self.panel.restore()
        self._tellRefusal()

    def exit(self) -> None:
        """Called when another module is opened."""
        self.panel.exit()
        self._disconnectGui()

    def onSceneStartClose(self, caller: Any, event: Any) -> None:
        """The parameter node goes with the scene."""
        self.setParameterNode(None)

    def onSceneEndClose(self, caller: Any, event: Any) -> None:
        """Start on the empty scene."""
        if self.parent.isEntered:
            self.initializeParameterNode()
            self.panel.refresh()

    def onSceneStartImport(self, caller: Any, event: Any) -> None:
        """A scene is being opened or added, or a scene view restored: until it is complete, nothing of the panel may act on it, or write
        what it shows into it.
        """
        self._disconnectGui()
        self._parameterNode = None
        self.panel.suspend()

    def onSceneEndImport(self, caller: Any, event: Any) -> None:
        """A scene was opened or added: take up the case that it holds, or go on with the one that is open, which stays alone."""
        if self.parent.isEntered:
            self.initializeParameterNode()
            self.panel.restore()
            self._tellRefusal()

    def _tellRefusal(self) -> None:
        refusal = self.guard.take_refusal()
        if refusal is not None:
            self.panel.tell(refusal)

    def initializeParameterNode(self) -> None:
        """Take the parameter node of the scene."""
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode: Optional[MarrowQuantParameterNode]) -> None:
        """Connect the widgets to a parameter node, or to none."""
        self._disconnectGui()
        self._parameterNode = parameterNode
        self.panel.parameterNode = None  # what the connected widgets say while they are filled is not the reader's word
        if parameterNode is not None:
            # Not connectGui: it gives no tag in Slicer 5.13, so every entering would add connections that nothing can undo.
            named = {widget.property(SlicerParameterNamePropertyName): widget for widget in vars(self.ui).values()}
            self._parameterNodeGuiTag = parameterNode.connectParametersToGui({name: named[name] for name in named if name})
        self.panel.bind(parameterNode)

    def _disconnectGui(self) -> None:
        if self._parameterNode is not None and self._parameterNodeGuiTag is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self._parameterNodeGuiTag = None

    def onReload(self) -> None:
        """Developer mode: forget the library, so that reloading this file imports it anew, every module in its right order."""
        from MarrowQuantLib.scene.guard import stop_guarding

        stop_guarding()
        for name in [name for name in sys.modules if name.split(".")[0] == LIBRARY]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class MarrowQuantLogic(ScriptedLoadableModuleLogic):
    """The module without its widget. From the Python console::

        logic = slicer.util.getModuleLogic("MarrowQuant")
        results = logic.analyze(["/data/case/baseline", "/data/case/follow-up"], labs="/data/case/labs.csv", out="/data/case/out")

    Attributes
    ----------
    case : MarrowQuantLib.scene.case.Case
        One method for every button of the panel.
    """

    def __init__(self, parent: Optional[Any] = None) -> None:
        from MarrowQuantLib.scene.case.case import Case

        ScriptedLoadableModuleLogic.__init__(self, parent)
        self._parameterNode: Optional[MarrowQuantParameterNode] = None
        self._watched: Optional[Any] = None
        self.case = Case()
        self.case.new_parameters = self.getParameterNode

    def getParameterNode(self) -> MarrowQuantParameterNode:
        """The typed parameter node; the same wrapper as long as the scene holds the same node.

        The wrapper keeps what it read until the node says that it was modified. A scene that is imported adds the nodes that are referred
        to later, and nobody says so; then the wrapper is made to read again.
        """
        node = ScriptedLoadableModuleLogic.getParameterNode(self)
        if node != self._watched:  # a scene that is imported writes into it: what cannot be read goes before the wrapper hears of it
            self._watched = node
            node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._mend(caller), 100.0)
            self._mend(node)
        was_reset = not node.GetParameterNames()  # closing a scene does that; only a new wrapper writes the defaults
        if self._parameterNode is None or self._parameterNode.parameterNode != node or was_reset:
            self._parameterNode = MarrowQuantParameterNode(node)
        elif any(getattr(self._parameterNode, name) != node.GetNodeReference(name) for name in NODE_PARAMETERS):
            node.Modified()
        self.case.parameters = self._parameterNode
        return self._parameterNode

    def _mend(self, node: Any) -> None:
        from MarrowQuantLib.scene.parameters import mend_parameters

        self.case.mended = (*self.case.mended, *mend_parameters(node))

    def analyze(
        self,
        folders: Sequence[Any],
        labs: Optional[Any] = None,
        out: Optional[Any] = None,
        progress: Optional[Callable[[float, str], None]] = None,
        overwrite: bool = False,
    ) -> Any:
        """All steps of the panel in one call, with the proposed states of the tumour components.

        If the scene holds the case of another patient, it is closed first.

        :param folders: one folder an exam, baseline first; a ``.mrk.json`` in or above an exam's folder gives the vertebral points.
        :param labs: CSV file with the columns date, test, value, unit.
        :param out: folder to write to; nothing is written without one.
        :param progress: called as ``progress(fraction, text)``.
        :param overwrite: replace earlier results in ``out``; those of another patient are never replaced.
        :return: ``MarrowQuantLib.model.Results``.
        :raises ValueError: with one sentence that says what is wrong and what to do.
        """
        from MarrowQuantLib.model import no_progress
        from MarrowQuantLib.panel.language import reportLanguage

        progress = progress or no_progress
        self.getParameterNode()
        with self.case.reading_instead(dict(zip(("baselineFolder", "followUpFolder"), (*map(str, folders), "")))):
            self.case.read(progress, close_other=True)
        parameters = self.getParameterNode()
        parameters.labsPath, parameters.outputFolder = str(labs or ""), str(out or "")
        self.case.measure(progress)
        self.case.propose_burden(progress)
        if labs:
            self.case.laboratory.read(Path(labs))
        if out:
            self.case.output.export(Path(out), reportLanguage(parameters), progress, overwrite=overwrite)
        return self.case.results()

    def batch(self, manifest: Any, out: Any, **options: Any) -> Any:
        """The main job on every case of a manifest, without touching the scene; see Docs/batch.md.

        :param manifest: CSV file with the columns case, baseline, follow_up, labs, rois.
        :param out: folder to write to.
        :param options: jobs, scheduler, resume, dry_run, settings, model, language, also, progress; see ``MarrowQuantLib.batch.run``.
        :return: ``MarrowQuantLib.batch.BatchReport``; its ``text`` says how every case ended.
        :raises ValueError: with one sentence, if the manifest or the output folder cannot be used.
        """
        from MarrowQuantLib import batch

        return batch.run(manifest, out, **options)


class MarrowQuantTest(ScriptedLoadableModuleTest):
    """What a reader does with the digital patient, and what a script does, against its truth; each again from the saved scene.

    Needs no window.
    """

    TABLES = ("seriesTable", "vertebraeTable", "measurementTable", "componentTable", "labsTable", "changeTable", "contributionTable")

    def setUp(self) -> None:
        """Start on an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run the self test."""
        self.setUp()
        self.test_reader_from_the_sample_to_the_saved_scene_and_back()
        self.setUp()
        self.test_digital_patient_from_folders_to_response_and_back_from_the_saved_scene()

    def test_reader_from_the_sample_to_the_saved_scene_and_back(self) -> None:
        """Sample, points, measuring, a decision, saving, and opening again in the same panel: nothing is lost on the way."""
        from MarrowQuantLib.panel.sample_data import loadSample, sampleOf

        self.assertTrue(loadSample("responder"))
        widget = slicer.util.getModuleWidget("MarrowQuant")
        self.enter(widget)
        for index, exam in enumerate(widget.panel.case.exams.values()):
            self.chooseExam(widget, index)
            centers = [roi.center_ras for roi in exam.rois.now()]
            exam.rois.replace([])
            widget.ui.placeButton.click()
            for center in centers:
                exam.rois.points_node.AddControlPointWorld([float(x) for x in center])
        self.chooseExam(widget, 0)
        widget.ui.measureButton.click()
        widget.ui.proposeButton.click()
        states = [component.state for _part, component in widget.panel.burden.exam.load.components()]
        widget.ui.componentTable.selectRow(states.index("accepted"))
        widget.ui.keepButton.click()
        self.checkAgainstTruth(widget.panel.case.results(), sampleOf("responder").truth)

        shown = self.shown(widget)
        path = str(Path(slicer.util.tempDirectory()) / "case.mrb")
        self.assertTrue(slicer.util.saveScene(path))
        slicer.util.loadScene(path, properties={"clear": True})
        self.enter(widget)
        self.assertEqual(self.shown(widget), shown)

    @staticmethod
    def enter(widget: Any) -> None:
        if slicer.util.mainWindow() is not None:
            slicer.util.selectModule("MarrowQuant")
        else:
            widget.enter()

    @staticmethod
    def chooseExam(widget: Any, index: int) -> None:
        widget.ui.examComboBox.setCurrentIndex(index)
        widget.panel.onExamChosen(index)

    def shown(self, widget: Any) -> dict[str, Any]:
        """What the panel shows of both exams."""
        found = {"probability": widget.ui.probabilityLabel.text}
        for index in (1, 0):
            self.chooseExam(widget, index)
            found[f"tdv {index}"] = widget.ui.tdvLabel.text
            for name in self.TABLES:
                table = getattr(widget.ui, name)
                cells = [table.item(row, column) for row in range(table.rowCount) for column in range(table.columnCount)]
                found[f"{name} {index}"] = [cell.text() if cell else "" for cell in cells]
        return found

    def test_digital_patient_from_folders_to_response_and_back_from_the_saved_scene(self) -> None:
        """The whole way on the simulated patient, against its truth."""
        from MarrowQuantLib.panel.sample_data import writeSample

        folder = Path(slicer.util.tempDirectory())
        sample = writeSample(folder / "patient", "responder")
        logic = MarrowQuantLogic()
        results = logic.analyze(sample.folders, labs=sample.labs, out=folder / "out")
        self.checkAgainstTruth(results, sample.truth)
        self.assertTrue((folder / "out" / "report.html").is_file())

        slicer.mrmlScene.Clear()
        slicer.util.loadScene(str(folder / "out" / "scene.mrb"))
        reopened = MarrowQuantLogic()
        reopened.getParameterNode()
        reopened.case.restore()
        again = reopened.case.results()
        self.assertEqual([c.name for c in again.changes], [c.name for c in results.changes])
        for before, after in zip(results.changes, again.changes):
            self.assertAlmostEqual(before.absolute, after.absolute, places=4)
        self.assertEqual(again.response.probability, results.response.probability)

    def checkAgainstTruth(self, results: Any, truth: Any) -> None:
        """The bounds of the product's acceptance list: fat fraction within 1 percentage point, tDV within 10 %."""
        levels = ("L1", "L2", "L3", "L4", "L5")
        self.assertEqual(len(results.exams), len(truth["exams"]))
        for exam, true in zip(results.exams, truth["exams"]):
            fatFraction = sum(true["levels"][level]["ff_percent"] for level in levels) / len(levels)
            self.assertAlmostEqual(exam.lumbar["ff"].value, fatFraction, delta=1.0)
            self.assertAlmostEqual(exam.burden.tdv.value, true["tdv_ml"], delta=0.1 * true["tdv_ml"])
        self.assertGreater(results.response.probability, 0.5)
