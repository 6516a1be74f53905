"""The module ``qt``: all of Qt's classes in one flat name space, as PythonQt gives them."""

from __future__ import annotations

import sys
from types import ModuleType

from . import pythonqt
from .uiloader import QUiLoader


def install() -> ModuleType:
    """Make ``import qt`` work. The second call gives the same module."""
    if "qt" in sys.modules:
        return sys.modules["qt"]
    pythonqt.patch()
    qt = ModuleType("qt", __doc__)
    for source in pythonqt.MODULES:
        for name in dir(source):
            if not name.startswith("_"):
                setattr(qt, name, getattr(source, name))
    qt.QUiLoader = QUiLoader
    sys.modules["qt"] = qt
    return qt
