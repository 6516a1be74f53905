"""Fixtures shared by all tests: the embedded Slicer, the Qt host, and the public data beside the repository.

Nothing is imported at the top: a plain Python with numpy runs the ring-1 tests, and whatever needs more skips with a sentence.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from MarrowQuantLib.phantom import PhantomPatient
    from slicerhost.application import Host


# As the command line does; else the matrix library's threads get in the way of those that test beside them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if importlib.util.find_spec("hypothesis"):
    from hypothesis import settings

    # No deadline: a busy machine is no fault. Derandomised: what is found is found again; whoever wants to search sets another profile.
    settings.register_profile("marrowquant", deadline=None, max_examples=50, derandomize=True)
    settings.load_profile("marrowquant")


def _need(package: str, why: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed; {why}")


@pytest.fixture(scope="session", autouse=True)
def own_identity_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The tests' own secret, for this process and those that it starts: nothing is written into the home folder."""
    os.environ["MARROWQUANT_IDENTITY_KEY"] = str(tmp_path_factory.mktemp("key") / "identity.key")


@pytest.fixture
def shared_data() -> Path:
    """The public data beside the repository."""
    from helpers.studies import ABSENT, STUDIES

    if not STUDIES.is_dir():
        pytest.skip(ABSENT)
    return STUDIES


@pytest.fixture(scope="session")
def digital_patient(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], PhantomPatient]:
    """``digital_patient(story, dialect)``: the simulated patient on disk, written once a session. Copy it before changing a file."""
    from MarrowQuantLib import phantom

    folder = tmp_path_factory.mktemp("digital-patients")
    written = {}

    def patient(story: str = "responder", dialect: str = "philips") -> PhantomPatient:
        if (story, dialect) not in written:
            written[story, dialect] = phantom.write_patient(folder / f"{story}-{dialect}", story=story, dialect=dialect, seed=1)
        return written[story, dialect]

    return patient


@pytest.fixture
def slicer_scene() -> Iterator[Any]:
    """The embedded Slicer's scene, empty before and after the test."""
    _need("slicer_core", "the embedded Slicer needs it (pip install slicer-core).")
    from MarrowQuantLib.scene import headless

    headless.start()
    import slicer

    _empty(slicer.mrmlScene)
    yield slicer.mrmlScene
    _empty(slicer.mrmlScene)


@pytest.fixture
def no_bone_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tumour load as where no bone can be told: the spheres of the fake exams lie beside the column, and are counted."""
    from MarrowQuantLib.burden import tdv

    monkeypatch.setattr(tdv, "find_bone", lambda *image, **known: None)


# What takes long to start or to make; `make quick` leaves out whatever asks for it, and files marked slow.
SLOW_FIXTURES = {"slicer_scene", "slicer_host", "panel_widget", "filled_panel", "digital_patient", "shared_data"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what starts Slicer or Qt, simulates a patient or reads large studies."""
    for item in items:
        if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say once for each reason how many tests it skipped."""
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", []))
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}")


def _empty(scene: Any) -> None:
    """Close the scene, and remove what closing keeps: the parameter nodes of modules, which are singletons."""
    import slicer.util

    scene.Clear(0)
    for node in slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode"):
        scene.RemoveNode(node)


@pytest.fixture
def slicer_host(slicer_scene: Any) -> Iterator[Host]:
    """The Qt host on an empty scene. An exception in a slot, which Qt swallows, fails the test here."""
    _need("PySide6", "the stand-in for Slicer's Qt layer needs it (pip install PySide6-Essentials==6.11.3).")
    try:
        from slicerhost import application
    except ImportError as error:
        pytest.skip(f"Qt for Python does not load here, a system library may be missing: {error}")
    host = application.start()
    host.reset()
    yield host
    host.close_all()
    from MarrowQuantLib.scene.guard import stop_guarding

    stop_guarding()  # tests without the host do not expect it
    host.deactivate()
    if host.slot_errors:
        pytest.fail("An exception was raised in a slot:\n" + "\n".join(host.slot_errors))


@pytest.fixture
def panel_widget(slicer_host: Host) -> Any:
    """The MarrowQuant panel, entered, on an empty scene."""
    slicer_host.load_module(Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuant.py")
    widget = slicer_host.make_widget("MarrowQuant")
    slicer_host.enter(widget)
    return widget


@pytest.fixture
def filled_panel(panel_widget: Any) -> Any:
    """The panel with two small exams read."""
    from helpers import fake_exams

    panel_widget.logic.case.replace_by([fake_exams.exam_maps(label) for label in ("baseline", "follow-up")])
    panel_widget.panel.refresh()
    return panel_widget
