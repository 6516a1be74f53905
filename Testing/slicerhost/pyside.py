"""The only place that imports PySide6: it must be told before its first import how enums behave and that there is no screen."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYSIDE6_OPTION_PYTHON_ENUM"] = "3"  # enums are IntEnum and IntFlag, their values also reachable in the enclosing class

from PySide6 import QtCore, QtGui, QtTest, QtUiTools, QtWidgets
from shiboken6 import Shiboken
from shibokensupport.signature import get_signature

Object = Shiboken.Object

if not issubclass(QtCore.Qt.CheckState, int):
    raise ImportError("PySide6 was imported before slicerhost; import slicerhost first, it chooses how enums behave.")

__all__ = ["Object", "QtCore", "QtGui", "QtTest", "QtUiTools", "QtWidgets", "Shiboken", "get_signature"]
