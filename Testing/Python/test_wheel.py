"""The wheel outside the checkout: built from the source distribution, installed into an empty environment, and put to work there."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "MarrowQuant" / "MarrowQuantLib"
IGNORED = shutil.ignore_patterns(".git", ".venv", "build", "demo-output", "*.egg-info", "__pycache__", ".*_cache")


def done(*call, **options) -> str:
    """Standard output of a command that must succeed."""
    told = subprocess.run([str(word) for word in call], capture_output=True, text=True, check=False, **options)
    assert told.returncode == 0, f"{call}\n{told.stdout}\n{told.stderr}"
    return told.stdout


def built(what: str, source: Path, target: Path) -> Path:
    """The ``sdist`` or ``wheel`` of a source folder, made as any front end of PEP 517 makes it."""
    target.mkdir(exist_ok=True)
    code = f"from setuptools import build_meta; print('MADE', build_meta.build_{what}({str(target)!r}))"
    return target / done(sys.executable, "-c", code, cwd=source).splitlines()[-1].removeprefix("MADE ")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "clone", ignore=IGNORED)
    with tarfile.open(built("sdist", folder / "clone", folder / "dist")) as archive:
        archive.extractall(folder / "unpacked")
    (source,) = (folder / "unpacked").iterdir()
    return built("wheel", source, folder / "dist")


@pytest.fixture(scope="module")
def marrowquant(wheel, tmp_path_factory):
    """``marrowquant(*arguments)``: the command of an environment that holds the wheel alone, run in a folder of its own.

    The packages it depends on are lent by the environment of the tests, as folders on the path, where no .pth file of a checkout counts.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    done(sys.executable, "-m", "venv", folder / "environment")
    binaries = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
    done(binaries / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel)
    environment = {**os.environ, "PYTHONPATH": str(Path(np.__file__).parents[1])}
    where = done(binaries / "python", "-c", "import MarrowQuantLib; print(MarrowQuantLib.__file__)", cwd=folder, env=environment)
    assert (folder / "environment").resolve() in Path(where.strip()).resolve().parents

    def command(*arguments) -> str:
        return done(binaries / "marrowquant", *arguments, cwd=folder, env=environment)

    command.folder = folder
    return command


def test_the_wheel_carries_every_file_of_the_library_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if ".dist-info/" not in name}
    there = {path.relative_to(LIB.parent).as_posix() for path in LIB.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert carried == there


def test_demo_deidentify_and_cohort_report_work_outside_the_checkout(marrowquant):
    folder = marrowquant.folder
    assert "CR/VGPR" in marrowquant("demo", "--out", "demo", "--language", "ja", "--no-scene")
    assert {"results.json", "report.html", "measurements.csv"} <= {path.name for path in (folder / "demo").rglob("*")}
    images = next(path for path in sorted((folder / "demo").rglob("DICOM")) if path.is_dir())
    marrowquant("deidentify", images, "shared", "--key", "project.key")
    assert len(list((folder / "shared").rglob("*.dcm"))) == sum(path.is_file() for path in images.rglob("*"))
    marrowquant("cohort", "example", "--out", "cohort")
    question = ["--outcomes", "cohort/outcomes.csv", "--outcome", "best_response", "--event", "CR,VGPR", "--predictors", "ff_change"]
    marrowquant("cohort", "report", "cohort", *question, "--bootstraps", "10", "--out", "page")
    assert (folder / "page" / "cohort.html").is_file()
