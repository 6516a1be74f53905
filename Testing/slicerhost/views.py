"""Offscreen slice and 3D views of the MRML scene, without a window and without Qt.

Slices are composited by ``vtkMRMLSliceLogic``; segmentations, markups, models and cameras are drawn and dragged by Slicer's own
displayable managers. Only the actor that shows the composited slice is made here: in the application it belongs to CTK's
``vtkLightBoxRendererManager``.

    with SliceView("Red", "Axial", size=(400, 300)) as view:
        view.show(background=volume)
        view.save("axial.png")
"""

from __future__ import annotations

import ctypes.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

SLICE_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLScalarBarDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)
THREED_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLVolumeRenderingDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
)


def can_render() -> bool:
    """True if VTK will find a way to draw: a display, or the EGL or OSMesa library. Where there is none VTK ends the process."""
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        return True
    return any(ctypes.util.find_library(name) for name in ("EGL", "OSMesa"))


class OffscreenView:
    """A render window without a screen, its interactor, and the displayable managers of one view node.

    Positions are display pixels (x to the right, y upwards, origin at the lower left), as VTK counts them.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        if not can_render():
            raise RuntimeError("There is no display and neither EGL nor OSMesa is installed (apt-get install libegl1 libgl1-mesa-dri).")
        import vtk
        import vtkmodules.vtkInteractionStyle
        import vtkmodules.vtkRenderingFreeType
        import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 (these three register VTK's factories)

        self.size = size
        self.renderer = vtk.vtkRenderer()
        self.window = vtk.vtkRenderWindow()
        self.window.SetShowWindow(False)
        self.window.SetOffScreenRendering(1)
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.interactor.Initialize()
        self.window.SetSize(*size)  # after Initialize, which sets a size of its own
        self.node: Any = None

    def __enter__(self) -> OffscreenView:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _add_managers(self, factory_class: Any, names: Sequence[str]) -> None:
        import slicer

        factory = factory_class.GetInstance()
        factory.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        for name in names:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self.managers = slicer.vtkMRMLDisplayableManagerGroup()
        self.managers.SetRenderer(self.renderer)
        self.managers.Initialize(factory, self.renderer)

    def _use_style(self, style: Any) -> None:
        """Let Slicer's interactor style hand the events to the displayable managers, as in the application's views."""
        from vtkmodules.vtkInteractionStyle import vtkInteractorStyleUser

        self.interactor.SetInteractorStyle(vtkInteractorStyleUser())
        style.SetDisplayableManagers(self.managers)
        style.SetInteractor(self.interactor)
        self.style = style

    def close(self) -> None:
        """Let go of the view node and of the window's memory."""
        import slicer

        if self.node is None:
            return
        self.style.SetInteractor(None)
        self.managers.SetMRMLDisplayableNode(None)  # as the application's views do, so that none draws while the node goes
        slicer.mrmlScene.RemoveNode(self.node)
        self.node = self.managers = self.style = None  # the managers go before the window that they draw in
        self.window.Finalize()

    def image(self) -> np.ndarray:
        """Render and return the picture.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
            RGB, top row first.
        """
        import vtk
        from vtkmodules.util.numpy_support import vtk_to_numpy

        self.window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self.window)
        grab.ReadFrontBufferOff()
        grab.Update()
        width, height, _ = grab.GetOutput().GetDimensions()
        pixels = vtk_to_numpy(grab.GetOutput().GetPointData().GetScalars())
        return pixels.reshape(height, width, -1)[::-1, :, :3].copy()

    def save(self, path: Union[str, Path]) -> None:
        """Render and write a PNG file."""
        import SimpleITK as sitk

        sitk.WriteImage(sitk.GetImageFromArray(self.image(), isVector=True), str(path))

    def event(self, name: str, position: Sequence[float], *, key: str = "", control: bool = False, shift: bool = False) -> None:
        """Send one VTK event ("MouseMoveEvent", "LeftButtonPressEvent", "KeyPressEvent" …) at a display position."""
        x, y = (round(float(value)) for value in position)
        self.interactor.SetEventInformation(x, y, int(control), int(shift), key[:1] or chr(0), 0, key or None)
        self.interactor.InvokeEvent(name)

    def click(self, position: Sequence[float]) -> None:
        """Move the mouse there and click its left button."""
        x, y = position
        self.event("EnterEvent", position)
        self.event("MouseMoveEvent", (x - 1, y))
        self.event("MouseMoveEvent", position)
        self.event("LeftButtonPressEvent", position)
        self.event("LeftButtonReleaseEvent", position)

    def drag(self, start: Sequence[float], end: Sequence[float], steps: int = 5) -> None:
        """Press the left button at ``start``, move in ``steps`` to ``end``, and release it there."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        self.event("EnterEvent", start)
        self.event("MouseMoveEvent", start - (2, 0))  # a first move: the widget under the mouse is found when it moves
        self.event("MouseMoveEvent", start)
        self.event("LeftButtonPressEvent", start)
        for step in range(1, steps + 1):
            self.event("MouseMoveEvent", start + (end - start) * step / steps)
        self.event("LeftButtonReleaseEvent", end)


class SliceView(OffscreenView):
    """A slice view. ``name`` is its layout name ("Red", "Yellow" …), ``orientation`` one of Slicer's presets ("Axial" …)."""

    def __init__(self, name: str = "Red", orientation: str = "Axial", size: tuple[int, int] = (512, 512)) -> None:
        import slicer

        super().__init__(size)
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self._add_image_actor()
        self._add_overlay()
        self._add_managers(slicer.vtkMRMLSliceViewDisplayableManagerFactory, SLICE_MANAGERS)
        application_logic = slicer.app.applicationLogic()
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(application_logic)
        application_logic.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = self.logic.AddSliceNode(name)
        self.node.SetOrientation(orientation)
        self.node.SetMappedInLayout(1)
        self.managers.SetMRMLDisplayableNode(self.node)
        self.logic.ResizeSliceNode(*size)
        style = slicer.vtkMRMLSliceViewInteractorStyle()
        style.SetSliceLogic(self.logic)
        self._use_style(style)

    def _add_image_actor(self) -> None:
        """The actor of the composited slice. It must be the first prop: translucent fills blend with what was drawn before them."""
        import vtk

        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(self._mapper)
        self._actor.GetProperty().SetDisplayLocationToBackground()
        self._actor.SetVisibility(False)
        self.renderer.AddViewProp(self._actor)

    def _add_overlay(self) -> None:
        """The second layer, where the orientation marker and the ruler are drawn."""
        import vtk

        overlay = vtk.vtkRenderer()
        overlay.GetActiveCamera().ParallelProjectionOn()
        overlay.SetLayer(1)
        self.window.SetNumberOfLayers(2)
        self.window.SetAlphaBitPlanes(1)
        self.window.AddRenderer(overlay)
        self._overlay = overlay

    def show(self, background: Any = None, foreground: Any = None, label: Any = None, opacity: float = 0.5) -> None:
        """Put volume nodes in the layers and fit the slice to the background."""
        composite = self.logic.GetSliceCompositeNode()
        composite.SetBackgroundVolumeID(background.GetID() if background else None)
        composite.SetForegroundVolumeID(foreground.GetID() if foreground else None)
        composite.SetLabelVolumeID(label.GetID() if label else None)
        composite.SetForegroundOpacity(opacity)
        self.logic.ResizeSliceNode(*self.size)
        self.logic.FitSliceToBackground()
        self.logic.SnapSliceOffsetToIJK()

    def jump(self, position_ras: Sequence[float]) -> None:
        """Move the slice through a position in RAS mm; the view is not panned."""
        self.node.JumpSliceByOffsetting(*(float(value) for value in position_ras))

    def to_ras(self, position: Sequence[float]) -> np.ndarray:
        """Display position to RAS in mm, on the slice plane."""
        return np.array(self.node.GetXYToRAS().MultiplyPoint((*position, 0.0, 1.0))[:3])

    def to_display(self, position_ras: Sequence[float]) -> np.ndarray:
        """RAS position in mm to the display position of its projection on the slice."""
        import vtk

        ras_to_xy = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.node.GetXYToRAS(), ras_to_xy)
        return np.array(ras_to_xy.MultiplyPoint((*position_ras, 1.0))[:2])

    def image(self) -> np.ndarray:
        connection = self.logic.GetImageDataConnection()
        self._actor.SetVisibility(connection is not None)
        self._mapper.SetInputConnection(connection)
        return super().image()

    def close(self) -> None:
        import slicer

        if self.node is None:
            return
        composite: Optional[Any] = self.logic.GetSliceCompositeNode()
        slicer.app.applicationLogic().GetSliceLogics().RemoveItem(self.logic)
        super().close()
        self.logic.SetMRMLScene(None)
        if composite is not None:
            slicer.mrmlScene.RemoveNode(composite)


class ThreeDView(OffscreenView):
    """A 3D view. ``name`` is its layout name."""

    def __init__(self, name: str = "1", size: tuple[int, int] = (512, 512)) -> None:
        import slicer

        super().__init__(size)
        self._add_managers(slicer.vtkMRMLThreeDViewDisplayableManagerFactory, THREED_MANAGERS)
        application_logic = slicer.app.applicationLogic()
        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(application_logic)
        application_logic.GetViewLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = self.logic.AddViewNode(name)
        self.node.SetMappedInLayout(1)
        self.managers.SetMRMLDisplayableNode(self.node)
        self._use_style(slicer.vtkMRMLThreeDViewInteractorStyle())
        self.fit()

    def fit(self) -> None:
        """Move the camera so that everything is in view."""
        self.renderer.ResetCamera()

    def close(self) -> None:
        import slicer

        if self.node is None:
            return
        slicer.app.applicationLogic().GetViewLogics().RemoveItem(self.logic)
        super().close()
        self.logic.SetMRMLScene(None)
