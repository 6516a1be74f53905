"""The packages that only some analyses need; they are imported when such an analysis is run, never at start-up."""

from __future__ import annotations

import importlib
from types import ModuleType

from ..model import MarrowQuantError

PIP_NAMES = {"sklearn": "scikit-learn", "statsmodels": "statsmodels", "PIL": "Pillow"}
_ENTRY = {"statsmodels": "statsmodels.regression.mixed_linear_model", "sklearn": "sklearn", "PIL": "PIL.Image"}


def need(package: str, what_for: str) -> ModuleType:
    """Import a package ("sklearn", "statsmodels" or "PIL") for an analysis.

    Raises
    ------
    MarrowQuantError
        With the command that installs it.
    """
    try:
        importlib.import_module(_ENTRY[package])
    except ImportError:
        name = PIP_NAMES[package]
        raise MarrowQuantError(
            f"{name} is needed for {what_for}; install it ('pip install {name}' in a shell, slicer.util.pip_install('{name}') in Slicer)."
        ) from None
    return importlib.import_module(package)
