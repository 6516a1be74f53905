"""Compare the identifiers of Docs/public-exams.md with the public index: ``python Docs/scripts/public_exams.py``.

Needs the packages ``idc-index-data`` (the index as a file) and ``pyarrow``; no network. Exits with 1 if a study is not where the page says.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from pathlib import Path

import idc_index_data
from pyarrow import parquet

PAGE = Path(__file__).resolve().parents[1] / "public-exams.md"
ROW = re.compile(r"^\| `(?P<collection>\w+)` \| (?P<patient>\S+) \| (?P<study>[\d.]+) \|(?P<holds>[^|]*)\|", re.MULTILINE)
SIZE = re.compile(r"\((\d+) MB\)")


def main() -> int:
    """Look every row of the page up, print what the index says, and count what differs."""
    rows = [match.groupdict() for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
    columns = ["collection_id", "PatientID", "StudyInstanceUID", "Modality", "instanceCount", "series_size_MB"]
    studies = [row["study"] for row in rows]
    index = parquet.read_table(idc_index_data.IDC_INDEX_PARQUET_FILEPATH, columns=columns, filters=[("StudyInstanceUID", "in", studies)])
    known: dict[str, list[dict]] = {}
    for series in index.to_pylist():
        known.setdefault(series["StudyInstanceUID"], []).append(series)
    wrong = 0
    for row in rows:
        found = known.get(row["study"], [])
        where = {(series["collection_id"], series["PatientID"]) for series in found}
        size = sum(series["series_size_MB"] for series in found)
        right = where == {(row["collection"], row["patient"])} and SIZE.findall(row["holds"]) == [f"{size:.0f}"]
        wrong += not right
        images = sum(series["instanceCount"] for series in found)
        print(f"{'ok   ' if right else 'WRONG'} {row['collection']} {row['patient']}: {len(found)} series, {images} images, {size:.0f} MB")
    print(f"{len(rows) - wrong} of {len(rows)} studies are in the index (version {version('idc-index-data')}) as the page says")
    return int(wrong > 0 or not rows)


if __name__ == "__main__":
    sys.exit(main())
