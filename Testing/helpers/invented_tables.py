"""A model source with tables filled in; all numbers are invented, none is of a publication."""

from __future__ import annotations

import json
from pathlib import Path

from MarrowQuantLib.response.model_file import DEFAULT_MODEL

INVENTED = "invented for this test"


def filled(tmp_path, change=None) -> Path:
    """A copy of the bundled file with invented tables; ``change`` maps a dotted place below percent_change to a value."""
    spec = json.loads(DEFAULT_MODEL.read_text(encoding="utf-8"))
    table = spec["published_tables"]["percent_change"]
    table["ff"] = {"cr_vgpr": {"mean": 14.0, "sd": 5.0}, "pr_sd_pd": {"mean": 1.0, "sd": 5.5}, "unit": "percentage points",
                   "provenance": INVENTED}  # fmt: skip
    table["m_protein"] = {"cr_vgpr": {"mean": -70.0, "sd": 40.0}, "pr_sd_pd": {"mean": 10.0, "sd": 60.0}, "unit": "% of baseline",
                          "provenance": INVENTED}  # fmt: skip
    for place, value in (change or {}).items():
        holder, *path = table, *place.split(".")
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = value
    path = tmp_path / "source.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return path
