"""Write the pictures of the Japanese tutorial into Screenshots/ja/: every section of the panel at the size that Slicer gives it.

    .venv/bin/python Docs/scripts/pictures_ja.py

The panel is drawn by the test host (Testing/slicerhost) with the translations that are shipped, on the digital patient. A Japanese font
has to be installed.
"""

import sys
import tempfile
from pathlib import Path

from MarrowQuantLib.phantom import write_patient
from pictures import work_through

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "Screenshots" / "ja"
SECTIONS = ("exams", "vertebrae", "quantify", "burden", "labs", "response", "export", "deidentify")


def draw(folder: Path) -> None:
    """Work through a case and draw each section."""
    sys.path.insert(0, str(ROOT / "Testing"))
    from helpers.japanese import start  # noqa: PLC0415  (found only now)
    from slicerhost import application  # noqa: PLC0415

    host = application.start()
    widget, _ = start(host, "MarrowQuant")
    patient = write_patient(folder / "baseline-and-follow-up")
    ui = widget.ui
    work_through(ui, patient, folder / "out")
    for n, name in enumerate(SECTIONS, start=1):
        for other in SECTIONS:
            getattr(ui, f"{other}Section").collapsed = other != name
        host.show_at_real_size(widget).save(str(PICTURES / f"{n}-{name}.png"))
    if host.slot_errors:
        sys.exit("\n".join(host.slot_errors))


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder))


if __name__ == "__main__":
    main()
