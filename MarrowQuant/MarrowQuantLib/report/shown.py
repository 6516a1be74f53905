"""What the page and the paper say alike: the label of an index with the levels that it really holds, and the marks of a change."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Optional

from ..followup import Index, label_of
from ..followup.change import INSIDE_LIMIT
from ..model import Change, ExamResult, as_finding
from ..quantities import LUMBAR
from ..results.formats import NONE
from ..words.roles import role_word
from .strings import Strings

SURE, DOUBT, PLAIN = "sure", "doubt", ""


def levels_of(exam: ExamResult, key: str) -> list[str]:
    """The lumbar levels that the mean of an index holds, from cranial to caudal."""
    return [v.roi.level for v in exam.vertebrae if v.roi.level.startswith("L") and not v.roi.excluded and key in v.measurements]


def shortened(levels: Sequence[str]) -> str:
    """Levels as a reader writes them: "L1–L5", "L1, L3–L5"."""
    numbers = [int(level[1:]) for level in levels]
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"L{run[0]}" if len(run) == 1 else f"L{run[0]}–L{run[-1]}" for run in runs)


def index_label(index: Index, exams: Sequence[ExamResult], words: Strings) -> str:
    """The label of an index; a lumbar mean names its levels: those that both exams have, as their means are compared over these."""
    label = label_of(index.key, words.language)
    if index.origin != LUMBAR:
        return label
    held = [levels_of(exam, index.key) for exam in exams if index.key in exam.lumbar]
    common = [level for level in held[0] if all(level in levels for levels in held)] if held else []
    return words("mean_of", index=label, levels=shortened(common)) if common else label


def marks(change: Optional[Change], limited: bool, words: Strings) -> list[tuple[str, str, str]]:
    """Short words, style and whole sentence of each mark of a change: doubts, whether it exceeds the measurement error, or that no error
    is known."""
    if change is None:
        return []
    found: list[tuple[str, str, str]] = []
    for flag in change.findings:
        code = as_finding(flag).code
        found.append((words.or_key(code), PLAIN if code == INSIDE_LIMIT else DOUBT, flag))
    if limited and all(as_finding(flag).code != INSIDE_LIMIT for flag in change.findings):
        found.insert(0, (words("outside"), SURE, ""))
    if not limited:
        found.append((words("error_unknown"), PLAIN, ""))
    return found


def protocol_rows(exam: ExamResult, words: Strings) -> tuple[list[str], list[list[str]]]:
    """The series that were used; echoes and b-values of one series stand in one row."""
    heads = [words(key) for key in ("series_number", "role", "scanner", "repetition_time", "echo_time", "flip_angle")]
    heads += ["b (s/mm²)", words("voxel"), words("slices")]
    found: dict[tuple[str, ...], tuple[list[float], list[float]]] = {}
    for row in exam.series:
        if not row.get("used"):
            continue
        repetition, angle = row.get("repetition_time_s"), row.get("flip_angle_deg")
        alike = (
            str(row.get("series_number", NONE)), role_word(str(row.get("role") or "unknown"), words.language), _scanner(row, exam),
            NONE if repetition is None else f"{1000 * repetition:.4g}", NONE if angle is None else f"{angle:g}",
            " × ".join(f"{step:.3g}" for step in row.get("voxel_mm") or ()) or NONE, str((row.get("shape") or [NONE])[-1]),
        )  # fmt: skip
        for known, value in zip(found.setdefault(alike, ([], [])), (row.get("echo_time_s"), row.get("b_value"))):
            if value is not None and value not in known:
                known.append(value)
    lines = []
    for (number_of, role, scanner, repetition, angle, voxel, slices), (echoes, b_values) in found.items():
        times, weights = (", ".join(f"{v:.4g}" for v in values) or NONE for values in ([1000 * t for t in echoes], b_values))
        lines.append([number_of, role, scanner, repetition, times, angle, weights, voxel, slices])
    return heads, lines


def _scanner(row: Any, exam: ExamResult) -> str:
    field = exam.protocol.get("field_strength_t")
    return f"{row.get('scanner') or exam.protocol.get('manufacturer', NONE)}" + (f", {field:g} T" if field else "")


def in_scroller(drawn: str, label: str) -> str:
    """A table that a narrow screen scrolls sideways instead of cutting it, by finger and by key."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">{drawn}</div>'
