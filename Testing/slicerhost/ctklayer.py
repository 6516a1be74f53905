"""The module ``ctk``: buttons, paths and the message box of CTK. The sliders and spin boxes are in :mod:`.ctknumbers`.

Only what a module can set, read and observe is imitated; drawing and pop-ups are not.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Optional

from . import ctknumbers  # noqa: F401 (registers its widgets)
from .dialogs import ask
from .pyside import QtCore, QtGui, QtWidgets
from .standins import Property, fill_module, in_a_row, stand_in, stored

Signal = QtCore.Signal
QWidget = QtWidgets.QWidget
UNLIMITED = 16777215  # of a widget: Qt's QWIDGETSIZE_MAX
HEADER_HEIGHT = 26  # pixels of a collapsible button's title bar


@stand_in
class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """A title bar that shows or hides what is laid out below it. It is checked while it is open."""

    contentsCollapsed = Signal(bool)
    flat = stored("flat", bool, False)
    collapsedHeight = stored("collapsedHeight", int, 10)
    contentsFrameShape = stored("contentsFrameShape", int, int(QtWidgets.QFrame.NoFrame))
    contentsFrameShadow = stored("contentsFrameShadow", int, int(QtWidgets.QFrame.Plain))
    contentsLineWidth = stored("contentsLineWidth", int, 1)
    contentsMidLineWidth = stored("contentsMidLineWidth", int, 0)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(0, HEADER_HEIGHT, 0, 0)
        self.setSizePolicy(QtWidgets.QSizePolicy.Preferred, QtWidgets.QSizePolicy.Fixed)
        self.toggled.connect(self._toggled)

    def _toggled(self, is_open: bool) -> None:
        self._show_contents()
        self.contentsCollapsed.emit(not is_open)

    def _show_contents(self) -> None:
        self.setMinimumHeight(0 if self.checked else HEADER_HEIGHT)  # open, it is at least as high as what lies in it
        for child in self.children():
            if isinstance(child, QWidget):
                child.setVisible(self.checked)
        self.setMaximumHeight(UNLIMITED if self.checked else self.fontMetrics().height() + self.collapsedHeight)

    def _collapsed(self) -> bool:
        return not self.checked

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = Property(bool, _collapsed, _set_collapsed)

    def hitButton(self, position: Any) -> bool:
        return position.y() < HEADER_HEIGHT

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        if not self.checked:  # children that were added while it was collapsed
            self._show_contents()

    def paintEvent(self, event: Any) -> None:
        painter = QtGui.QPainter(self)
        header = QtCore.QRect(0, 0, self.width, HEADER_HEIGHT)
        painter.fillRect(header.adjusted(0, 1, 0, -1), self.palette.color(QtGui.QPalette.Button).darker(107))
        painter.drawText(header.adjusted(8, 0, 0, 0), int(QtCore.Qt.AlignVCenter), ("▾  " if self.checked else "▸  ") + self.text)
        painter.end()


@stand_in
class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):
    """A checkable group box that hides its contents when it is unchecked."""

    collapsedHeight = stored("collapsedHeight", int, 14)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.toggled.connect(self._show_contents)

    def _show_contents(self) -> None:
        for child in self.children():
            if isinstance(child, QWidget):
                child.setVisible(self.checked)

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._show_contents()  # what was added while it was collapsed

    def _collapsed(self) -> bool:
        return not self.checked

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = Property(bool, _collapsed, _set_collapsed)


@stand_in
class ctkPathLineEdit(QWidget):
    """A path with its history and a button to browse."""

    AdjustToContents, AdjustToContentsOnFirstShow, AdjustToMinimumContentsLength = range(3)

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)
    filters = stored("filters", int, int(QtCore.QDir.AllEntries) | int(QtCore.QDir.NoDotAndDotDot) | int(QtCore.QDir.Readable))
    nameFilters = stored("nameFilters", "QStringList", [])
    options = stored("options", int, 0)
    label = stored("label", str, "")
    settingKey = stored("settingKey", str, "")
    minimumContentsLength = stored("minimumContentsLength", int, 0)
    showBrowseButton = stored("showBrowseButton", bool, True)
    showHistoryButton = stored("showHistoryButton", bool, True)
    sizeAdjustPolicy = stored("sizeAdjustPolicy", int, AdjustToMinimumContentsLength)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._combo = QtWidgets.QComboBox()
        self._combo.setEditable(True)
        self._combo.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        self._button = QtWidgets.QToolButton()
        self._button.text = "…"
        self._button.clicked.connect(self.browse)
        in_a_row(self, self._combo, self._button)
        self._combo.editTextChanged.connect(self._edited)

    def _edited(self, path: str) -> None:
        """Of an emptied path nobody is told, as in a real Slicer 5.13."""
        if path:
            self.currentPathChanged.emit(path)
        self.validInputChanged.emit(bool(path))

    def _path(self) -> str:
        return self._combo.currentText

    def setCurrentPath(self, path: str) -> None:
        self._combo.setEditText(path)

    currentPath = Property(str, _path, setCurrentPath)

    def comboBox(self) -> Any:
        return self._combo

    def addCurrentPathToHistory(self) -> None:
        path = self.currentPath
        if path and self._combo.findText(path) < 0:
            self._combo.insertItem(0, path)

    def browse(self) -> None:
        path = ask("ctkPathLineEdit.browse", self.label)
        if path:
            self.currentPath = path


def _repeat_enums() -> None:
    """The filters of QDir and the options of QFileDialog, which the real class repeats."""
    filters = ("Dirs", "Files", "Drives", "NoSymLinks", "AllEntries", "Readable", "Writable", "Executable", "Hidden", "System", "AllDirs")
    for name in (*filters, "NoFilter", "NoDot", "NoDotDot", "NoDotAndDotDot"):
        setattr(ctkPathLineEdit, name, int(getattr(QtCore.QDir, name)))
    for name in ("ShowDirsOnly", "ReadOnly", "HideNameFilterDetails"):
        setattr(ctkPathLineEdit, name, int(getattr(QtWidgets.QFileDialog, name)))


_repeat_enums()


@stand_in
class ctkDirectoryButton(QWidget):
    """A button that shows a folder and lets the user choose another one."""

    ShowDirsOnly, DontResolveSymlinks, DontConfirmOverwrite = 1, 2, 4

    directoryChanged = Signal(str)
    directorySelected = Signal(str)
    caption = stored("caption", str, "")
    acceptMode = stored("acceptMode", int, 0)
    options = stored("options", int, ShowDirsOnly)
    elideMode = stored("elideMode", int, int(QtCore.Qt.ElideNone))

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._folder, self._text = QtCore.QDir("."), ""
        self._button = QtWidgets.QPushButton()
        self._button.clicked.connect(self.browse)
        in_a_row(self, self._button)
        self._update_button()

    def _update_button(self) -> None:
        self._button.text = self._text or self._folder.absolutePath()

    def _directory(self) -> str:
        return self._folder.absolutePath()

    def _set_directory(self, path: str) -> None:
        folder = QtCore.QDir(path)
        if folder == self._folder:
            return
        self._folder = folder
        self._update_button()
        self.directoryChanged.emit(folder.absolutePath())

    directory = Property(str, _directory, _set_directory)

    def _shown_text(self) -> str:
        return self._text

    def _set_text(self, text: str) -> None:
        self._text = text
        self._update_button()

    text = Property(str, _shown_text, _set_text)

    def browse(self) -> str:
        path: Optional[str] = ask("ctkDirectoryButton.browse", self.caption)
        if path:
            self.directory = path
            self.directorySelected.emit(self.directory)
        return path or ""


@stand_in
class ctkMessageBox(QtWidgets.QMessageBox):
    """A message box with "don't show again"."""

    dontShowAgainSettingsKey = stored("dontShowAgainSettingsKey", str, "")
    dontShowAgainVisible = stored("dontShowAgainVisible", bool, False)
    dontShowAgain = stored("dontShowAgain", bool, False)


@stand_in
class ctkComboBox(QtWidgets.QComboBox):
    defaultText = stored("defaultText", str, "")
    forceDefault = stored("forceDefault", bool, False)


@stand_in
class ctkCheckBox(QtWidgets.QCheckBox):
    pass


@stand_in
class ctkMenuButton(QtWidgets.QPushButton):
    pass


@stand_in
class ctkExpandableWidget(QtWidgets.QFrame):
    pass


@stand_in
class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    """A text browser as high as its text; here an ordinary one."""


def install() -> ModuleType:
    """Make ``import ctk`` work."""
    ctk = sys.modules.get("ctk") or ModuleType("ctk", __doc__)
    fill_module(ctk, ("ctk",))
    return ctk
