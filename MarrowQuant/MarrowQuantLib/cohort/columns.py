"""What a column of a cohort is called and which unit it has, where it was made from MarrowQuant's results."""

from __future__ import annotations

from ..longitudinal.indices import INDICES, Index

UNKNOWN_UNIT = "unit of the table"
_ENDINGS = {
    "change": ("change", "変化"),
    "change_percent": ("relative change", "変化率"),
    "baseline": ("baseline", "治療前"),
    "follow_up": ("follow-up", "治療後"),
}


def described(column: str, language: str = "en") -> dict[str, str]:
    """``label`` and ``unit`` of a column of a cohort that was read from results; of any other column its name."""
    for index in INDICES:
        for ending, words in _ENDINGS.items():
            if column == f"{index.key}_{ending}":
                joined = f"{index.label_ja}：{words[1]}" if language == "ja" else f"{index.label_en}: {words[0]}"
                return {"label": joined, "unit": _unit(index, ending)}
    return {"label": column, "unit": UNKNOWN_UNIT}


def axis_title(column: str, language: str = "en") -> str:
    """Label with unit, as an axis of a figure has it; the bare name where the unit is not known."""
    known = described(column, language)
    unit = {"percentage points": "ポイント"}.get(known["unit"], known["unit"]) if language == "ja" else known["unit"]
    return known["label"] if unit == UNKNOWN_UNIT else f"{known['label']} ({unit})"


def _unit(index: Index, ending: str) -> str:
    if ending == "change":
        return index.change_unit if index.unit == "%" else "%"
    return "%" if ending == "change_percent" else index.unit
