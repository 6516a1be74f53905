"""Write the picture of the module MarrowQuant Cohort, with the simulated cohort, into Screenshots/.

    .venv/bin/python Docs/scripts/cohort_panel.py

Drawn by the test host (Testing/slicerhost), a stand-in for Slicer's Qt layer: same .ui file and widget class, other style.
"""

import sys
import tempfile
from pathlib import Path

from MarrowQuantLib.cohort.example import EVENTS, OUTCOME, write_example

ROOT = Path(__file__).resolve().parents[2]
PREDICTORS = ["ff_change", "m_protein_change"]


def main() -> None:
    sys.path.insert(0, str(ROOT / "Testing"))
    from slicerhost import application  # noqa: PLC0415  (found only now)

    host = application.start()
    host.load_module(ROOT / "MarrowQuantCohort" / "MarrowQuantCohort.py")
    widget = host.make_widget("MarrowQuantCohort")
    host.enter(widget)
    with tempfile.TemporaryDirectory() as folder:
        cases = write_example(Path(folder) / "cases")
        widget.ui.sourcePathLineEdit.currentPath = str(cases)
        widget.ui.outcomesPathLineEdit.currentPath = str(cases / "outcomes.csv")
        widget.ui.readButton.click()
        for name, value in (("outcome", OUTCOME), ("events", ", ".join(EVENTS)), ("predictors", PREDICTORS)):
            widget.panel.change(name, value)
        widget.panel.question.bind(widget.logic.getParameterNode())
        widget.ui.analyseButton.click()
        widget.ui.dataSection.collapsed = True
        host.grab(widget, ROOT / "Screenshots" / "cohort.png", width=480)
    if host.slot_errors:
        sys.exit("\n".join(host.slot_errors))


if __name__ == "__main__":
    main()
