"""Write the list of vertebrae that Slicer's terminology selector shows.

    .venv/bin/python Docs/scripts/terminology.py

The codes and their sources are in ``MarrowQuantLib/vertebrae/terminology.py``; a test compares the file with them.
"""

import colorsys
import json
from pathlib import Path

from MarrowQuantLib.vertebrae.terminology import CATEGORY, CONTEXT, LEVEL_CODES, OTHER_CODES

FILE = Path(__file__).resolve().parents[2] / "MarrowQuant" / "Resources" / "Terminologies" / "MarrowQuant.term.json"
SCHEMA = "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/segment-context-schema.json#"
GOLDEN_RATIO = 0.618033988749895  # steps around the colour circle, as scene/rois.py colours the levels


def code(scheme: str, value: str, meaning: str) -> dict:
    return {"CodingSchemeDesignator": scheme, "CodeValue": value, "CodeMeaning": meaning}


def types() -> list[dict]:
    terms = [(f"{level} vertebra", value) for level, value in LEVEL_CODES.items()] + list(OTHER_CODES.items())
    found = []
    for n, (meaning, value) in enumerate(terms):
        color = [round(255 * part) for part in colorsys.hsv_to_rgb((n * GOLDEN_RATIO) % 1.0, 0.75, 1.0)]
        found.append({**code("SCT", value, meaning), "recommendedDisplayRGBValue": color})
    return found


def main() -> None:
    category = {**code(*CATEGORY.split("^")), "showAnatomy": False, "Type": types()}
    content = {"SegmentationCategoryTypeContextName": CONTEXT, "@schema": SCHEMA, "SegmentationCodes": {"Category": [category]}}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
