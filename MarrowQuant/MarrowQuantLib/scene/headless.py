"""The embedded Slicer: a real MRML scene in a plain Python, for the command line and the tests.

Real, from the ``slicer-core`` wheel (Slicer's own C++): the scene, every node class, the module logics of ``LOGICS``, reading and
writing of scene files, and ``slicer.util``.

Stand-ins, written here: ``slicer.app`` (:class:`_Application`; it has no windows, so ``layoutManager()`` is None) and
``slicer.modules.<name>``, which only hands out the real logic. Qt, the modules' widgets, the DICOM database, command line modules, the
plugins that fill the subject hierarchy, and the files of Slicer's resource folder (colour files, terminologies) do not exist.
"""

from __future__ import annotations

import atexit
import importlib.util
import sys
import tempfile
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Module name to logic class. A logic that looks up another one while it starts comes after it.
LOGICS = {
    "Colors": "vtkSlicerColorLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Models": "vtkSlicerModelsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "ViewControllers": "vtkSlicerViewControllersLogic",
    "SceneViews": "vtkSlicerSceneViewsModuleLogic",
    "Data": "vtkSlicerDataModuleLogic",
}

_kept_alive: list[Any] = []  # VTK objects that only C++ refers to weakly


def available() -> bool:
    """True inside Slicer, and where the embedded Slicer (``slicer-core``) is installed. Imports nothing."""
    return "slicer" in sys.modules or importlib.util.find_spec("slicer") is not None


def inside_slicer() -> bool:
    """True if an application, the real one or another host, already owns the scene."""
    slicer = sys.modules.get("slicer")
    application = getattr(slicer, "app", None)
    return application is not None and not isinstance(application, _Application)


def start() -> None:
    """Make ``slicer.mrmlScene`` and the module logics exist. Does nothing inside Slicer or when called again.

    The order of the steps is that of ``qSlicerCoreApplication::setMRMLScene`` in Slicer's source.

    Raises
    ------
    ImportError
        If neither Slicer nor ``slicer-core`` is there; ask :func:`available` first.
    """
    import slicer

    if getattr(slicer, "mrmlScene", None) is not None:
        return
    import slicer.util

    scene, logic = slicer.vtkMRMLScene(), slicer.vtkSlicerApplicationLogic()
    with _without_missing_resource_errors():
        _connect(scene, logic)
        slicer.mrmlScene, slicer.app = scene, _Application(scene, logic)
        _start_data_io(scene, logic, slicer.app.temporaryPath)
        _start_logics(scene, logic)
    _kept_alive.append(logic)


def _connect(scene: Any, logic: Any) -> None:
    """The scene's singleton nodes, colours and view presets."""
    import slicer
    import vtk

    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    logic.SetMRMLScene(scene)  # adds the selection, interaction and unit nodes
    logic.SetSliceLogics(vtk.vtkCollection())
    logic.SetViewLogics(vtk.vtkCollection())
    logic.GetColorLogic().SetMRMLScene(scene)
    logic.GetColorLogic().AddDefaultColorNodes()
    for factory in (slicer.vtkMRMLSliceViewDisplayableManagerFactory, slicer.vtkMRMLThreeDViewDisplayableManagerFactory):
        factory.GetInstance().SetMRMLApplicationLogic(logic)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    _add_layouts(scene)


def _add_layouts(scene: Any) -> None:
    """A layout node that knows Slicer's layouts by number, so that scenes keep theirs. Nothing is laid out: there are no windows."""
    import slicer

    node = slicer.vtkMRMLLayoutNode()
    node.SetSingletonTag("vtkMRMLLayoutNode")
    numbers = [getattr(node, name) for name in dir(node) if name.startswith("SlicerLayout")]
    for number in numbers:
        if isinstance(number, int):  # the enumeration's type is among them
            node.AddLayoutDescription(number, "<viewport/>")  # it is not saved with the scene
    scene.AddNode(node)


def _start_data_io(scene: Any, logic: Any, cache_folder: str) -> None:
    """The data manager without which a scene bundle (.mrb) cannot be written or read."""
    import slicer

    logic.SetTemporaryPath(cache_folder)
    remote = slicer.vtkMRMLRemoteIOLogic()
    remote.SetMRMLScene(scene)
    remote.SetMRMLApplicationLogic(logic)
    remote.GetCacheManager().SetRemoteCacheDirectory(cache_folder)
    manager = slicer.vtkDataIOManagerLogic()
    manager.SetMRMLScene(scene)
    manager.SetMRMLApplicationLogic(logic)
    manager.SetAndObserveDataIOManager(remote.GetDataIOManager())
    remote.AddDataIOToScene()
    _kept_alive.extend((remote, manager))


def _start_logics(scene: Any, application_logic: Any) -> None:
    import slicer

    slicer.modules = sys.modules["slicer.modules"] = types.ModuleType("slicer.modules")
    for name, class_name in LOGICS.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application_logic)
        logic.SetMRMLScene(scene)
        application_logic.SetModuleLogic(name, logic)
        setattr(slicer.modules, name.lower(), _Module(name, logic))


@contextmanager
def _without_missing_resource_errors() -> Iterator[None]:
    """Hide VTK's errors while the logics look for Slicer's colour and terminology files, which the wheel does not have."""
    import vtk

    shown = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.SetGlobalWarningDisplay(0)
    try:
        yield
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(shown)


class _Module:
    """Stand-in for ``slicer.modules.<name>``: its real logic, and no widget."""

    def __init__(self, name: str, logic: Any) -> None:
        self.name, self._logic = name, logic

    def logic(self) -> Any:
        return self._logic


class _Application:
    """Stand-in for ``slicer.app``: what ``slicer.util`` asks of an application without windows."""

    applicationName = "MarrowQuant"

    def __init__(self, scene: Any, logic: Any) -> None:
        self._scene, self._logic = scene, logic
        self._folder = tempfile.TemporaryDirectory(prefix="marrowquant-")
        atexit.register(self._folder.cleanup)

    @property
    def temporaryPath(self) -> str:
        return self._folder.name

    def mrmlScene(self) -> Any:
        return self._scene

    def applicationLogic(self) -> Any:
        return self._logic

    def layoutManager(self) -> None:
        return None

    def testingEnabled(self) -> bool:
        return False

    def pauseRender(self) -> None:
        self._logic.PauseRender()

    def resumeRender(self) -> None:
        self._logic.ResumeRender()

    def processEvents(self) -> None:
        """There are no events to process."""
