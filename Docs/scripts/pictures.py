"""Write the pictures of the README and the tutorial into Screenshots/.

    .venv/bin/python Docs/scripts/pictures.py

The panel is drawn by the test host (Testing/slicerhost), a stand-in for Slicer's Qt layer: same .ui file and widget class, other style.
The report is drawn by Chromium, where there is one.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from MarrowQuantLib.phantom import write_patient
from MarrowQuantLib.phantom.disk import PhantomPatient

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "Screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def work_through(ui: Any, patient: PhantomPatient, out: Path) -> None:
    """Press the buttons from the folders of the exams to the export into ``out``."""
    ui.baselinePathLineEdit.currentPath, ui.followUpPathLineEdit.currentPath = map(str, (patient.baseline, patient.follow_up))
    for button in (ui.readButton, ui.measureButton, ui.proposeButton):
        button.click()
    ui.labsPathLineEdit.currentPath = str(patient.labs)
    ui.outputPathLineEdit.currentPath = str(out)
    ui.exportButton.click()


def panel_and_results(folder: Path) -> Path:
    """Press the panel's buttons on the digital patient, save its picture, and return the folder of the results."""
    sys.path.insert(0, str(ROOT / "Testing"))
    from slicerhost import application  # noqa: PLC0415  (found only now)

    host = application.start()
    host.load_module(ROOT / "MarrowQuant" / "MarrowQuant.py")
    widget = host.make_widget("MarrowQuant")
    host.enter(widget)
    patient = write_patient(folder / "patient")
    ui = widget.ui
    work_through(ui, patient, folder / "out")
    ui.examsSection.collapsed = True
    ui.responseSection.collapsed = False
    host.grab(widget, PICTURES / "panel.png")
    if host.slot_errors:
        sys.exit("\n".join(host.slot_errors))
    return folder / "out"


def report(results: Path) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("No Chromium here: report.png was not drawn.")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
    target = f"--screenshot={PICTURES / 'report.png'}"
    with tempfile.TemporaryDirectory() as profile:
        page = (results / "report.html").as_uri()
        options += [f"--user-data-dir={profile}", target, "--window-size=1000,1720"]
        subprocess.run([browser, *options, page], check=True, stderr=subprocess.DEVNULL)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        report(panel_and_results(Path(folder)))


if __name__ == "__main__":
    main()
