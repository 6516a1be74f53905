"""Count the clicks of a full case, from two folders to the written results, on the digital patient.

    .venv/bin/python Docs/scripts/clicks.py

Every press of the mouse counts: choosing a folder is two (the button beside the field, and the dialogue's), opening a section is one. The
panel runs on the test host (Testing/slicerhost); the points that lie beside the digital patient are taken away first, so that the reader
has to click. Exits with 1 if there are more than twelve.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from MarrowQuantLib.phantom import write_patient
from MarrowQuantLib.vertebrae import read_markups

ROOT = Path(__file__).resolve().parents[2]
AIM = 12


class Reader:
    """Presses what a reader presses, and counts."""

    def __init__(self) -> None:
        self.clicks: list[str] = []

    def press(self, button: Any) -> None:
        self.clicks.append(button.text)
        button.click()

    def open(self, section: Any) -> None:
        if section.collapsed:
            self.clicks.append(section.text)
            section.collapsed = False

    def choose(self, lineEdit: Any, path: Path) -> None:
        self.clicks += ["…", "Choose"]
        lineEdit.currentPath = str(path)

    def click_into(self, node: Any, ras: Any) -> None:
        self.clicks.append("click into the image")
        node.AddControlPointWorld([float(x) for x in ras])


def work_through(widget: Any, host: Any, folder: Path) -> list[str]:
    """The clicks of one case."""
    from slicerhost.pyside import QtTest  # noqa: PLC0415  (found only now)

    patient = write_patient(folder / "patient")
    points = {roi.level: roi.center_ras for path in folder.rglob("*.mrk.json") if "baseline" in str(path) for roi in read_markups(path)}
    for path in folder.rglob("*.mrk.json"):
        path.unlink()
    reader, ui = Reader(), widget.ui
    reader.choose(ui.baselinePathLineEdit, patient.baseline)
    reader.choose(ui.followUpPathLineEdit, patient.follow_up)
    reader.press(ui.readButton)
    reader.press(ui.placeButton)
    for level in ("L1", "L5"):
        reader.click_into(widget.panel.vertebrae.exam.rois.points_node, points[level])
    QtTest.QTest.qWait(100)
    host.process_events()
    reader.open(ui.exportSection)
    reader.choose(ui.outputPathLineEdit, folder / "out")
    reader.press(ui.exportButton)
    print(ui.answerLabel.text, ui.answerDetailLabel.text, sep="\n")
    if not (folder / "out" / "report.html").is_file():
        sys.exit(f"The results were not written: {ui.statusLabel.text}\n{ui.examsMessage.text}")
    return reader.clicks


def main() -> None:
    sys.path.insert(0, str(ROOT / "Testing"))
    from slicerhost import application  # noqa: PLC0415  (found only now)

    host = application.start()
    host.load_module(ROOT / "MarrowQuant" / "MarrowQuant.py")
    widget = host.make_widget("MarrowQuant")
    host.enter(widget)
    with tempfile.TemporaryDirectory() as folder:
        clicks = work_through(widget, host, Path(folder))
    print(*(f"{n:2d}  {what}" for n, what in enumerate(clicks, start=1)), sep="\n")
    sys.exit(f"{len(clicks)} clicks are more than {AIM}." if len(clicks) > AIM else None)


if __name__ == "__main__":
    main()
