"""The application around a module's panel: ``slicer.app``, the list of modules, and what a test does with them.

    host = application.start()
    module = host.load_module("MarrowQuant/MarrowQuant.py")
    widget = host.make_widget("MarrowQuant")
    host.enter(widget)
    host.grab(widget, "panel.png")
"""

from __future__ import annotations

import importlib.util
import logging
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, Optional, Union

from . import ctklayer, dialogs, qmrmllayer, qtlayer, sampledata, scenewidgets, signals, subjecthierarchy
from .pyside import QtCore, QtWidgets
from .slicerapp import Application, ScriptedModule

SCREEN_SIZE = (1366, 768)
PANEL_SIZE = (415, 600)  # what Slicer 5.13 leaves for a module's panel on such a screen
_host: Optional[Host] = None


def start() -> Host:
    """Start the embedded Slicer and the Qt layer over it. The second call gives the same host.

    Raises
    ------
    ImportError
        If ``slicer-core`` or a system library that Qt needs is missing.
    """
    global _host  # noqa: PLW0603 (there is one application in a process)
    if _host is None:
        from MarrowQuantLib.scene import headless

        headless.start()
        _host = Host()
    _host.activate()
    return _host


class Host:
    """The running stand-in.

    Attributes
    ----------
    testing : bool
        What ``slicer.app.testingEnabled()`` answers.
    messages : list of (str, str)
        What ``slicer.util``'s displays said: level ("INFO", "WARNING", "ERROR") and text.
    slot_errors : list of str
        Tracebacks of exceptions in slots; ``take_slot_errors`` empties it.
    dialog_answers : list
        Prepared answers for modal dialogs; ``dialogs`` are those that were opened.
    """

    def __init__(self) -> None:
        import slicer

        self.testing = False
        self.messages: list[tuple[str, str]] = []
        self.slot_errors, self.dialog_answers, self.dialogs = signals.slot_errors, dialogs.answers, dialogs.asked
        self._widgets: list[Any] = []
        qtlayer.install()
        QtCore.qInstallMessageHandler(_show_qt_message)
        self._qapplication = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["slicerhost"])
        self._settings_folder = _use_temporary_settings()
        ctklayer.install()
        qmrmllayer.install()
        dialogs.replace_dialogs()
        self._embedded, self.app = slicer.app, Application(slicer.app, self)
        slicer.qSlicerScriptedLoadableModule = ScriptedModule
        from . import scripted

        scripted.install()
        sampledata.install()
        self._record_messages()
        self._hierarchy_observers: tuple[int, ...] = ()

    def activate(self) -> None:
        """Be the application, and keep the subject hierarchy."""
        import slicer

        slicer.app = self.app
        sys.excepthook = self._unhandled
        if not self._hierarchy_observers:
            self._hierarchy_observers = subjecthierarchy.fill_automatically(slicer.mrmlScene)

    def deactivate(self) -> None:
        """Leave the embedded Slicer as it is without the host, for tests that do not want a Qt layer."""
        import slicer

        slicer.app = self._embedded
        sys.excepthook = sys.__excepthook__
        for tag in self._hierarchy_observers:
            slicer.mrmlScene.RemoveObserver(tag)
        self._hierarchy_observers = ()

    def _unhandled(self, kind: type, error: BaseException, trace: Any) -> None:
        """Qt for Python and VTK report here what they cannot raise: an exception in an event handler, a timer or an observer."""
        signals.report_exception(error)

    def _record_messages(self) -> None:
        import slicer.util

        display = slicer.util._messageDisplay

        def recording(level: int, text: str, *args: Any, **kwargs: Any) -> Any:
            self.messages.append((logging.getLevelName(level), text))
            return display(level, text, *args, **kwargs)

        slicer.util._messageDisplay = recording

    # --- modules and widgets

    def load_module(self, path: Union[str, Path]) -> ModuleType:
        """Import a scripted module's file and make its module object, as the application does at start. Once for a file."""
        import slicer

        path = Path(path).resolve()
        name = path.stem
        known = getattr(slicer.modules, name.lower(), None)
        if known is not None and known.path == str(path):
            return sys.modules[name]
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))
        spec = importlib.util.spec_from_file_location(name, path)
        python = importlib.util.module_from_spec(spec)
        sys.modules[name] = python
        spec.loader.exec_module(python)
        module = ScriptedModule(name, str(path), self)
        setattr(slicer.modules, name.lower(), module)
        setattr(slicer.modules, f"{name}Instance", getattr(python, name)(module))
        return python

    def make_widget(self, name: str) -> Any:
        """Make a module's widget in a container and set it up; the answer is the Python object. It is not entered yet."""
        import slicer

        container = slicer.qSlicerScriptedLoadableModuleWidget()
        container._module_name, container._host = name, self
        container.setLayout(QtWidgets.QVBoxLayout())
        container.setMRMLScene(slicer.mrmlScene)
        self._fill(container, name)
        return container._python

    def _fill(self, container: Any, name: str) -> None:
        """Make the module's Python widget in its container; also at a reload, which keeps the container."""
        import slicer

        module = slicer.modules.__dict__[name.lower()]
        widget = getattr(sys.modules[name], f"{name}Widget")(container)
        container._python = widget
        module._container = container
        setattr(slicer.modules, f"{name}Widget", widget)
        self._widgets = [other for other in self._widgets if other.parent is not container] + [widget]
        widget.setup()

    def enter(self, widget: Any) -> None:
        """Show a module's panel."""
        widget.parent.show()
        widget.parent.enter()
        self.process_events()

    def exit(self, widget: Any) -> None:
        """Leave a module's panel for another one."""
        widget.parent.exit()
        widget.parent.hide()
        self.process_events()

    def close_widget(self, widget: Any) -> None:
        """Exit and destroy a module's panel, as the application does at its end or before a reload."""
        import slicer

        if widget.parent.isEntered:
            self.exit(widget)
        self._widgets.remove(widget)
        widget.cleanup()
        module = slicer.modules.__dict__[widget.moduleName.lower()]
        if module._container is widget.parent:
            module._container = None
        widget.parent.setMRMLScene(None)
        widget.parent.deleteLater()
        self.process_events()

    def close_all(self) -> None:
        """Destroy all panels, and what else a test left open."""
        for widget in list(self._widgets):
            self.close_widget(widget)
        for widget in self._qapplication.topLevelWidgets():
            widget.deleteLater()
        self.process_events()
        scenewidgets.remove_orphans()

    def grab(self, widget: Any, path: Union[str, Path, None] = None, width: int = 420) -> Any:
        """Picture of a panel at its whole height, scrolled contents included; also written as PNG if a path is given.

        ``widget`` is a module's Python widget or a QWidget; the answer is a ``qt.QPixmap``.
        """
        qwidget = widget if isinstance(widget, QtWidgets.QWidget) else widget.parent
        areas = qwidget.findChildren(QtWidgets.QScrollArea)
        heights = [area.minimumHeight for area in areas]
        qwidget.show()
        for _ in range(3):  # a layout settles in rounds: word-wrapped labels know their height only once they have a width
            for area in areas:
                area.minimumHeight = area.widget().sizeHint.height() + 2 * area.frameWidth
            qwidget.resize(width, max(qwidget.sizeHint.height(), qwidget.layout().heightForWidth(width) if qwidget.layout() else 0))
            self.process_events()
        picture = qwidget.grab()
        for area, height in zip(areas, heights):
            area.minimumHeight = height
        if path is not None and not picture.save(str(path)):
            raise OSError(f"The picture could not be written: {path}")
        return picture

    def show_at_real_size(self, widget: Any) -> Any:
        """Picture of a panel as a reader sees it: at the size that Slicer gives it by default on a small screen, nothing unrolled."""
        qwidget = widget if isinstance(widget, QtWidgets.QWidget) else widget.parent
        qwidget.show()
        for _ in range(3):
            qwidget.resize(*PANEL_SIZE)
            self.process_events()
        return qwidget.grab()

    # --- the event loop and the test's view of it

    def process_events(self) -> None:
        """Deliver what is waiting, deferred deletions too."""
        self._qapplication.processEvents()
        self._qapplication.sendPostedEvents(None, int(QtCore.QEvent.DeferredDelete))

    def take_slot_errors(self) -> list[str]:
        """The tracebacks so far, for a test that expects one."""
        taken = list(self.slot_errors)
        self.slot_errors.clear()
        return taken

    def reset(self) -> None:
        """Forget what earlier tests left: errors, messages, answers, settings."""
        for recorded in (self.slot_errors, self.messages, self.dialog_answers, self.dialogs):
            recorded.clear()
        self.testing = True
        self.app.remove_translations()
        QtCore.QSettings().clear()


def _show_qt_message(kind: Any, context: Any, text: str) -> None:
    """Qt's own warnings go to stderr, but for the one that every window makes without a screen."""
    if "propagateSizeHints" not in text:
        sys.stderr.write(f"Qt: {text}\n")


def _use_temporary_settings() -> tempfile.TemporaryDirectory:
    """Let QSettings() be an ini file of this process."""
    folder = tempfile.TemporaryDirectory(prefix="slicerhost-")
    settings = QtCore.QSettings
    settings.setDefaultFormat(settings.IniFormat)
    settings.setPath(settings.IniFormat, settings.UserScope, folder.name)
    settings.setPath(settings.IniFormat, settings.SystemScope, folder.name)
    QtCore.QCoreApplication.setOrganizationName("slicerhost")
    QtCore.QCoreApplication.setApplicationName("Slicer")
    return folder
