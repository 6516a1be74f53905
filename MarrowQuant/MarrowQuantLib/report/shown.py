"""What the page and the paper say alike: the label of an index with the levels that it really holds, and the marks of a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from ..followup import Index, label_of
from ..followup.change import INSIDE_LIMIT
from ..model import Change, ExamResult, as_finding
from ..quantities import LUMBAR
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
    found = []
    for flag in change.flags:
        code = as_finding(flag).code
        found.append((words.or_key(code), PLAIN if code == INSIDE_LIMIT else DOUBT, flag))
    if limited and all(as_finding(flag).code != INSIDE_LIMIT for flag in change.flags):
        found.insert(0, (words("outside"), SURE, ""))
    if not limited:
        found.append((words("error_unknown"), PLAIN, ""))
    return found
