"""``slicer.app`` and ``slicer.modules``: the objects that a module finds around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from .fileio import CoreIOManager
from .pyside import QtCore, QtWidgets

if TYPE_CHECKING:
    from .application import Host


class ScriptedModule:
    """Stand-in for ``qSlicerScriptedLoadableModule``: ``slicer.modules.<name>`` of a scripted module."""

    def __init__(self, name: str, path: str, host: Host) -> None:
        self.name = self.title = name
        self.path = path
        self.hidden = False
        self.helpText = self.acknowledgementText = ""
        self.categories, self.dependencies, self.contributors = [], [], []
        self._host, self._container = host, None

    def logic(self) -> None:
        """A scripted module's logic is in Python; use ``slicer.util.getModuleLogic``."""

    def widgetRepresentation(self) -> Any:
        if self._container is None:
            self._host.make_widget(self.name)
        return self._container

    def createNewWidgetRepresentation(self) -> Any:
        return self._host.make_widget(self.name).parent


class ModuleManager:
    """Stand-in for ``qSlicerModuleManager``."""

    def module(self, name: str) -> Any:
        import slicer

        return vars(slicer.modules).get(name.lower())

    def modulesNames(self) -> list[str]:
        import slicer

        return [module.name for module in vars(slicer.modules).values() if hasattr(module, "logic") and hasattr(module, "name")]


class Application:
    """``slicer.app`` with Qt: what the embedded Slicer has, and what a panel asks for besides. Any other name is an AttributeError."""

    applicationName = "Slicer"
    majorVersion, minorVersion = 5, 13
    startupCompleted = "startupCompleted()"

    def __init__(self, embedded: Any, host: Host) -> None:
        self._embedded, self._host = embedded, host
        self._startup: list[Callable[[], None]] = []
        self._io, self._modules = CoreIOManager(), ModuleManager()
        self._translators: list[Any] = []

    @property
    def temporaryPath(self) -> str:
        return self._embedded.temporaryPath

    def mrmlScene(self) -> Any:
        return self._embedded.mrmlScene()

    def applicationLogic(self) -> Any:
        return self._embedded.applicationLogic()

    def moduleLogic(self, name: str) -> Any:
        return self.applicationLogic().GetModuleLogic(name)

    def pauseRender(self) -> None:
        self._embedded.pauseRender()

    def resumeRender(self) -> None:
        self._embedded.resumeRender()

    def layoutManager(self) -> None:
        """None, as in Slicer without a main window."""

    def testingEnabled(self) -> bool:
        return self._host.testing

    def coreIOManager(self) -> CoreIOManager:
        return self._io

    def ioManager(self) -> CoreIOManager:
        return self._io

    def moduleManager(self) -> ModuleManager:
        return self._modules

    def processEvents(self) -> None:
        QtWidgets.QApplication.processEvents()

    def setOverrideCursor(self, cursor: Any) -> None:
        QtWidgets.QApplication.setOverrideCursor(cursor)

    def restoreOverrideCursor(self) -> None:
        QtWidgets.QApplication.restoreOverrideCursor()

    def topLevelWidgets(self) -> list[Any]:
        return QtWidgets.QApplication.topLevelWidgets()

    def palette(self) -> Any:
        return QtWidgets.QApplication.palette()

    def settings(self) -> Any:
        return QtCore.QSettings()

    def userSettings(self) -> Any:
        return QtCore.QSettings()

    @property
    def cachePath(self) -> str:
        return self._embedded.temporaryPath

    @property
    def applicationLocaleName(self) -> str:
        """Name of the language that the reader chose, "en_US" without any."""
        return QtCore.QLocale(self._language or "en_US").name()

    @property
    def _language(self) -> str:
        return str(QtCore.QSettings().value("language") or "")

    def loadTranslations(self, folder: str) -> None:
        """Load every .qm file of a folder whose name ends with the language of the settings: all of them where none is set."""
        for path in sorted(Path(folder).glob(f"*{self._language}.qm")):
            translator = QtCore.QTranslator(QtWidgets.QApplication.instance())
            if not translator.load(str(path)):
                return
            QtWidgets.QApplication.installTranslator(translator)
            self._translators.append(translator)

    def remove_translations(self) -> None:
        """Take all loaded files away (the host's own method: Slicer has to be started again)."""
        while self._translators:
            QtWidgets.QApplication.removeTranslator(self._translators.pop())

    def translate(self, context: str, text: str) -> str:
        return QtCore.QCoreApplication.translate(context, text)

    def moduleDocumentationUrl(self, name: str) -> str:
        return f"https://slicer.readthedocs.io/en/latest/user_guide/modules/{name.lower()}.html"

    def connect(self, signal: str, slot: Callable[[], None]) -> bool:
        """Only ``startupCompleted()`` is ever emitted, by :meth:`complete_startup`."""
        if signal != self.startupCompleted:
            return False
        self._startup.append(slot)
        return True

    def disconnect(self, signal: str, slot: Callable[[], None]) -> bool:
        if signal != self.startupCompleted or slot not in self._startup:
            return False
        self._startup.remove(slot)
        return True

    def complete_startup(self) -> None:
        """Emit ``startupCompleted()`` (the host's own method: Slicer does it itself)."""
        for slot in list(self._startup):
            slot()
