"""Write Docs/data-dictionary.csv, which REDCap imports as a project: one record a patient, the columns of ``marrowquant cohort``.

    .venv/bin/python Docs/scripts/data_dictionary.py
"""

import csv
from pathlib import Path

from MarrowQuantLib.cohort.columns import described
from MarrowQuantLib.results.record import case_columns

PAGE = Path(__file__).resolve().parents[1] / "data-dictionary.csv"
# The 18 column names of REDCap's data dictionary, in its order, as a project's own dictionary is exported.
HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label", "Choices, Calculations, OR Slider Labels",
    "Field Note", "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max", "Identifier?",
    "Branching Logic (Show field only if...)", "Required Field?", "Custom Alignment", "Question Number (surveys only)",
    "Matrix Group Name", "Matrix Ranking?", "Field Annotation",
)  # fmt: skip
RESPONSES = "sCR, stringent CR | CR, CR | VGPR, VGPR | PR, PR | MR, MR | SD, SD | PD, PD"


def field(name, form, kind, label, choices="", note="", validation="", required=""):
    return (name, form, "", kind, label, choices, note, validation, "", "", "", "", required, "", "", "", "", "")


def rows():
    yield field("record_id", "patient", "text", "Study number (never a name or a hospital number)", required="y")
    yield field("best_response", "patient", "dropdown", "Best response at the completion of chemotherapy (IMWG)", RESPONSES)
    yield field("age", "patient", "text", "Age at baseline", note="years", validation="number")
    for name in case_columns():
        words = described(name)
        if name in {"dominance", "dominance_follow_up"}:
            yield field(name, "marrowquant", "dropdown", words["label"], "water, water | fat, fat")
            continue
        kind = "" if name == "response_model" else "number"
        yield field(name, "marrowquant", "text", words["label"], note=words["unit"], validation=kind)


def main():
    with PAGE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows())


if __name__ == "__main__":
    main()
