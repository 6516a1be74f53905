"""Write the result table and the ROC figure of Docs/cohort.md: the published study, re-enacted on simulated patients (about a minute).

    .venv/bin/python Docs/scripts/cohort_example.py
"""

import csv
import shutil
import tempfile
from pathlib import Path

from MarrowQuantLib import cli

DOCS = Path(__file__).resolve().parents[1]
PAGE = DOCS / "cohort.md"
BEGIN, END = "<!-- result: begin -->", "<!-- result: end -->"


def rows(path):
    return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))


def markdown(table):
    shown = [[short(cell) for cell in row] for row in table]
    return "\n".join("| " + " | ".join(row) + " |" for row in [shown[0], ["---"] * len(shown[0]), *shown[1:]])


def short(cell):
    try:
        return f"{float(cell):.3g}"
    except ValueError:
        return cell


def main():
    with tempfile.TemporaryDirectory() as folder:
        cases, out = Path(folder) / "cases", Path(folder) / "report"
        cli.main(["cohort", "example", "--out", str(cases)])
        study = ["--outcomes", str(cases / "outcomes.csv"), "--outcome", "best_response", "--event", "CR,VGPR"]
        cli.main(["cohort", "report", str(cases), *study, "--predictors", "ff_change,m_protein_change", "--out", str(out)])
        shutil.copy(out / "roc.svg", DOCS / "cohort-roc.svg")
        tables = [markdown(rows(out / f"{name}.csv")) for name in ("model", "validation")]
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    figure = "![ROC curves of the simulated cohort](cohort-roc.svg)"
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n\n".join([figure, *tables]) + f"\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
