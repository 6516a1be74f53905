"""The packages that only some tasks need; they are imported when such a task is done, never at start-up."""

from __future__ import annotations

import importlib
from types import ModuleType

from ..model import MarrowQuantError

PIP_NAMES = {
    "sklearn": "scikit-learn", "statsmodels": "statsmodels", "PIL": "Pillow", "openpyxl": "openpyxl", "torch": "torch", "monai": "monai",
    "onnxruntime": "onnxruntime",
    "highdicom": "highdicom", "fpdf": "fpdf2", "pypdfium2": "pypdfium2", "matplotlib_fontja": "matplotlib-fontja",
    "pynetdicom": "pynetdicom", "dicomweb_client": "dicomweb-client",
    "docx": "python-docx",
}  # fmt: skip
_ENTRY = {"statsmodels": "statsmodels.regression.mixed_linear_model", "sklearn": "sklearn", "PIL": "PIL.Image", "openpyxl": "openpyxl"}


def need(package: str, what_for: str) -> ModuleType:
    """Import a package (a key of ``PIP_NAMES``) for a task.

    Raises
    ------
    MarrowQuantError
        With the command that installs it.
    """
    try:
        importlib.import_module(_ENTRY.get(package, package))
    except ImportError:
        name = PIP_NAMES[package]
        raise MarrowQuantError(
            "{name} is needed for {what_for}; install it ('pip install {name}' in a shell, slicer.util.pip_install('{name}') in Slicer).",
            name=name, what_for=what_for,
        ) from None
    return importlib.import_module(package)
