"""Why a decision against the headers is not understood."""

from __future__ import annotations

from .severity import NOTE

FINDINGS = {
    "override.select": (NOTE, "select must be an object in {{ }}"),
    "override.unknown_key": (NOTE, "it has the unknown key '{key}'"),
    "override.series": (NOTE, "series must be the number of a series"),
    "override.empty": (NOTE, "it sets none of {names}"),
    "override.number": (NOTE, "{key} must be a number of 0 or more"),
    "override.number_up_to": (NOTE, "{key} must be a number of 0 or more, up to {largest:g}"),
    "override.positive": (NOTE, "{key} must be a number above 0, up to {largest:g}"),
    "override.whole": (NOTE, "{key} must be a whole number"),
    "override.role": (NOTE, "role must be one of {names}"),
    "override.date": (NOTE, "{key} must look like 2025-01-14"),
    "override.flag": (NOTE, "exclude must be true or false"),
}
