"""The widgets that ``slicer`` offers for MRML scenes: the small ones here, the others in the modules that :func:`install` imports."""

from __future__ import annotations

from . import ctklayer, ctknumbers
from .pyside import QtCore
from .scenewidgets import SceneBound, SceneTold
from .standins import Property, fill_module, stand_in, stored

Signal = QtCore.Signal


@stand_in
class qMRMLSliderWidget(SceneTold, ctknumbers.ctkSliderWidget):
    """A slider that can take its unit from the scene; here it does not."""

    quantity = stored("quantity", str, "")
    unitAwareProperties = stored("unitAwareProperties", int, 0)


@stand_in
class qMRMLSpinBox(SceneTold, ctknumbers.ctkDoubleSpinBox):
    quantity = stored("quantity", str, "")
    unitAwareProperties = stored("unitAwareProperties", int, 0)


@stand_in
class qMRMLRangeWidget(SceneBound, ctknumbers.ctkRangeWidget):
    mrmlScene = Property(object, lambda self: self._scene, lambda self, scene: self.setMRMLScene(scene))
    quantity = stored("quantity", str, "")


@stand_in
class qMRMLCollapsibleButton(SceneBound, ctklayer.ctkCollapsibleButton):
    VTK_SIGNALS = ("mrmlSceneChanged(vtkMRMLScene*)",)
    mrmlSceneChanged = Signal(object)


def install() -> None:
    """Put the widgets into ``slicer``."""
    import slicer

    from . import qmrmlmarkups, qmrmlselector, qmrmlviews  # noqa: F401 (they register their widgets)

    fill_module(slicer, ("qMRML", "qSlicer"))
