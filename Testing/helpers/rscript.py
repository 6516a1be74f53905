"""R for the tests that compare with it live."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def need_r(*packages: str) -> None:
    """Skip where R or one of its packages is not installed."""
    debian = " ".join(["r-base-core", *(f"r-cran-{name.lower()}" for name in packages)])
    if not shutil.which("Rscript"):
        pytest.skip(f"R is not installed (apt install {debian}).")
    loads = "; ".join(f"library({name})" for name in packages)
    if packages and subprocess.run(["Rscript", "-e", loads], capture_output=True, check=False).returncode:
        pytest.skip(f"R is there, but not its packages {' and '.join(packages)} (apt install {debian}).")
