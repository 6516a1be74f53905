"""Packages that Slicer does not bring: asked for when the reader first uses what needs one, never before."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

import slicer
from slicer.i18n import tr as _

from ..export import refuse_old_python
from ..io.packages import PIP_NAMES
from ..model import MarrowQuantError

_FOR_DICOM = ("highdicom", "fpdf", "pypdfium2", "matplotlib_fontja")


def ensurePackage(package: str, requester: str = "MarrowQuant Cohort") -> None:
    """Have a package (a key of ``PIP_NAMES``) installed for a module, if the reader agrees.

    Raises
    ------
    MarrowQuantError
        If the reader declined, or the installation failed.
    """
    name = PIP_NAMES[package]
    try:
        from slicer.packaging import pip_ensure
    except ImportError:  # Slicer before 5.11
        pip_ensure = _askAndInstall
    try:
        pip_ensure(name, requester=requester)
    except RuntimeError:
        raise MarrowQuantError(
            "{name} was not installed, so this method is not available; choose another method, or allow the installation.", name=name
        ) from None


def ensureForDicom() -> None:
    """Have all that DICOM objects need, if the reader agrees.

    Raises
    ------
    MarrowQuantError
        If this Python is too old for them, the reader declined, or an installation failed.
    """
    refuse_old_python()
    for package in _FOR_DICOM:
        ensurePackage(package, "MarrowQuant")


def offerAll(packages: Sequence[str]) -> None:
    """Have several packages that one can do without, until the reader declines: what then cannot be written says so itself."""
    for package in packages:
        try:
            ensurePackage(package)
        except MarrowQuantError:
            return


def _askAndInstall(name: str, requester: str) -> None:
    package = next(key for key, value in PIP_NAMES.items() if value == name)
    if importlib.util.find_spec(package) is not None or slicer.app.testingEnabled():
        return
    question = _("{module} needs the Python package {name} for this method. Download and install it now?")
    if not slicer.util.confirmOkCancelDisplay(question.format(module=requester, name=name)):
        raise RuntimeError("declined")
    slicer.util.pip_install(name)
