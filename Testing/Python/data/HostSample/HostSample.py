"""A small scripted module, written as Slicer's template has it, on which the Qt host is tested."""

import enum
from pathlib import Path
from typing import Annotated, Optional

import qt
import slicer
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import *  # noqa: F403
from slicer.util import VTKObservationMixin


class Method(enum.Enum):
    ABOVE = "above"
    BELOW = "below"


class HostSample(ScriptedLoadableModule):  # noqa: F405
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)  # noqa: F405
        parent.title = _("Host sample")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Testing")]


@parameterNodeWrapper
class HostSampleParameterNode:
    inputVolume: vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(0, 100)] = 30
    invert: bool = False
    method: Method = Method.ABOVE
    language: Annotated[str, Choice(["en", "ja"])] = "en"
    folder: Path = Path("out")
    comment: Optional[str]
    levels: list[str] = []  # noqa: RUF012 (so in Slicer's template)


class HostSampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):  # noqa: F405
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)  # noqa: F405
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._tag = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)  # noqa: F405
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/HostSample.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = HostSampleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.ui.failButton.connect("clicked()", self.onFail)
        self.shortcut = qt.QShortcut(qt.QKeySequence("A"), uiWidget)
        self.shortcut.connect("activated()", self.onApply)

    def cleanup(self):
        self.removeObservers()

    def enter(self):
        self.initializeParameterNode()

    def exit(self):
        self.setParameterNode(None)

    def onSceneStartClose(self, caller, event):
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        self.setParameterNode(HostSampleParameterNode(self.logic.getParameterNode()))

    def setParameterNode(self, parameterNode):
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._tag)
        self._parameterNode = parameterNode
        if parameterNode is not None:
            widgets = [widget for widget in vars(self.ui).values() if widget.property("SlicerParameterName")]
            self._tag = parameterNode.connectParametersToGui({w.property("SlicerParameterName"): w for w in widgets})

    def onApply(self):
        with slicer.util.tryWithErrorDisplay(_("Failed to count."), waitCursor=True):
            parameters = self._parameterNode
            count = self.logic.count(parameters.inputVolume, parameters.threshold, parameters.method, parameters.invert)
            self.ui.resultLabel.text = _("{count} voxels").format(count=count)

    def onFail(self):
        raise RuntimeError("a fault in a slot")


class HostSampleLogic(ScriptedLoadableModuleLogic):  # noqa: F405
    def count(self, volume, threshold, method, invert=False):
        if volume is None:
            raise ValueError("Choose a volume.")
        voxels = slicer.util.arrayFromVolume(volume)
        chosen = voxels > threshold if method is Method.ABOVE else voxels < threshold
        return int((~chosen if invert else chosen).sum())
