"""Write the pictures of the README and of both tutorials into Screenshots/: the panel, each section of it in both languages, the report.

    .venv/bin/python Docs/scripts/pictures.py                    all pictures
    .venv/bin/python Docs/scripts/pictures.py --windows FOLDER   each section in a whole window of 1366 × 768, to be looked at

The panel is drawn by the test host (Testing/slicerhost), a stand-in for Slicer's Qt layer: same .ui file and widget class, other style. The
slice views beside it are Slicer's own. The report is drawn by Chromium, where there is one; a Japanese font has to be installed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from MarrowQuantLib.phantom import write_patient
from MarrowQuantLib.phantom.disk import PhantomPatient

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "Screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LANGUAGES = ("en", "ja")
SECTIONS = ("exams", "vertebrae", "quantify", "burden", "labs", "response", "export", "deidentify")
WINDOW = (1366, 768)
VIEWS_AT, VIEWS_SIZE = (421, 110), (945, 600)  # what Slicer leaves for the views beside its panel and below its menus
VIEWS = {"Yellow": ("Sagittal", 0, 0, 614, 600), "Red": ("Axial", 614, 0, 331, 300), "Green": ("Coronal", 614, 300, 331, 300)}


def work_through(ui: Any, patient: PhantomPatient, out: Path) -> None:
    """Press the buttons from the folders of the exams to the export into ``out``."""
    ui.baselinePathLineEdit.currentPath, ui.followUpPathLineEdit.currentPath = map(str, (patient.baseline, patient.follow_up))
    for button in (ui.readButton, ui.measureButton, ui.proposeButton):
        button.click()
    ui.labsPathLineEdit.currentPath = str(patient.labs)
    ui.outputPathLineEdit.currentPath = str(out)
    ui.exportButton.click()


def sections(host: Any, widget: Any) -> Iterator[tuple[int, str]]:
    """Open one section after the other."""
    for n, name in enumerate(SECTIONS, start=1):
        for other in SECTIONS:
            getattr(widget.ui, f"{other}Section").collapsed = other != name
        host.process_events()
        yield n, name


def draw_sections(host: Any, widget: Any, language: str) -> None:
    """Each section at the size that Slicer gives the panel on a small screen, and in English the whole panel."""
    folder = PICTURES / language
    folder.mkdir(parents=True, exist_ok=True)
    for n, name in sections(host, widget):
        host.show_at_real_size(widget).save(str(folder / f"{n}-{name}.png"))
    if language == "en":
        for name in SECTIONS:
            getattr(widget.ui, f"{name}Section").collapsed = name != "response"
        host.grab(widget, PICTURES / "panel.png")


def draw_windows(host: Any, widget: Any, folder: Path) -> None:
    """Each section beside the slice views, in a window of the size of a small screen."""
    import slicer  # noqa: PLC0415
    from MarrowQuantLib.panel.patient.views import jumpTo, showExam  # noqa: PLC0415
    from slicerhost import views  # noqa: PLC0415
    from slicerhost.pyside import QtGui  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    type(slicer.app).layoutManager = lambda app: object()  # there are views now
    exam = widget.panel.case.exams["baseline"]
    opened = {name: views.SliceView(name, orientation, (w, h)) for name, (orientation, _, _, w, h) in VIEWS.items()}
    for n, name in sections(host, widget):
        showExam(exam, diffusion=name == "burden")
        for view in opened.values():
            view.logic.FitSliceToBackground()
        jumpTo(exam.rois.now()[2].center_ras)
        panel, canvas = host.show_at_real_size(widget), QtGui.QPixmap(*WINDOW)
        canvas.fill(QtGui.QColor("#c8c8c8"))
        painter = QtGui.QPainter(canvas)
        painter.drawPixmap(0, VIEWS_AT[1], panel)
        for view, (_, x, y, w, h) in VIEWS.items():
            image = opened[view].image()
            picture = QtGui.QImage(image.tobytes(), w, h, 3 * w, QtGui.QImage.Format_RGB888)
            painter.drawImage(VIEWS_AT[0] + x, VIEWS_AT[1] + y, picture)
        painter.end()
        canvas.save(str(folder / f"{n}-{name}.png"))
    for view in opened.values():
        view.close()
    type(slicer.app).layoutManager = lambda app: None


def in_language(language: str, folder: Path, patient: PhantomPatient, draw: Callable[[Any, Any], None]) -> None:
    """Work through the digital patient in a Slicer of the language, then draw."""
    import slicer  # noqa: PLC0415
    from helpers.japanese import start  # noqa: PLC0415
    from slicerhost import application  # noqa: PLC0415

    host = application.start()
    host.reset()
    widget, _ = start(host, "MarrowQuant", language)
    work_through(widget.ui, patient, folder / f"out-{language}")
    draw(host, widget)
    if host.slot_errors:
        sys.exit("\n".join(host.slot_errors))
    host.close_all()
    slicer.mrmlScene.Clear(0)


def classifier(language: str) -> None:
    """Step 6 of a simulated spine with MDS: the pattern on STIR, and the bundled model's answer with its picture."""
    import slicer  # noqa: PLC0415
    from helpers.japanese import start  # noqa: PLC0415
    from MarrowQuantLib.classify.cases import bodies_of  # noqa: PLC0415
    from MarrowQuantLib.dicom import SeriesVolume  # noqa: PLC0415
    from MarrowQuantLib.exam.maps import ExamMaps  # noqa: PLC0415
    from MarrowQuantLib.model import KINDS  # noqa: PLC0415
    from MarrowQuantLib.phantom import marrow  # noqa: PLC0415
    from slicerhost import application  # noqa: PLC0415

    case = marrow.simulate_spine(next(one for one in marrow.draw_cohort("study", 8, 8, 41) if one["kind"] == "mds" and one["site"] == "A"))
    t1, said = case.maps["t1"], {"acquisition": {"manufacturer": case.row["scanner"]}, "synthetic": True}
    series = SeriesVolume(1, "T1", "1.2", t1.role, t1.array.shape, t1.ijk_to_ras, ((),), **said).as_row(used=True)
    host = application.start()
    host.reset()
    widget, _ = start(host, "MarrowQuant", language)
    ui, panel = widget.ui, widget.panel
    panel.case.replace_by([ExamMaps("baseline", None, dict(case.maps), synthetic=True, series=(series,))])
    panel.case.exams["baseline"].rois.replace(bodies_of(case.labels, marrow.LEVELS).rois)
    panel.refresh()
    ui.measureButton.click()
    ui.kindComboBox.setCurrentIndex(KINDS.index("mds"))
    panel.labs.onCaseKindChosen(KINDS.index("mds"))
    for name in SECTIONS:
        getattr(ui, f"{name}Section").collapsed = name != "response"
    ui.classifyButton.click()
    host.process_events()
    host.grab(widget, PICTURES / language / "classifier.png")
    if host.slot_errors:
        sys.exit("\n".join(host.slot_errors))
    host.close_all()
    slicer.mrmlScene.Clear(0)


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=Path, metavar="FOLDER", help="draw whole windows into this folder instead")
    windows = parser.parse_args().windows
    sys.path.insert(0, str(ROOT / "Testing"))
    from slicerhost import application  # noqa: PLC0415  (found only now)

    application.start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        patient = write_patient(folder / "baseline-and-follow-up")
        for language in LANGUAGES:
            if windows is not None:
                target = windows / language
                in_language(language, folder, patient, lambda host, widget, target=target: draw_windows(host, widget, target))
            else:
                in_language(language, folder, patient, lambda host, widget, spoken=language: draw_sections(host, widget, spoken))
                classifier(language)
        if windows is None:
            report(folder / "out-en")


if __name__ == "__main__":
    main()
