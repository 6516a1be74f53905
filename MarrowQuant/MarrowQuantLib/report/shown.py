"""What the page and the paper say alike: whose report it is, the label of an index with the levels that it really holds, the marks of a
change, the doubts about an index, and the protocol."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Optional

from ..followup import Index, label_of
from ..followup.change import INSIDE_LIMIT
from ..model import (
    STIR_PATTERNS,
    Change,
    Classification,
    ExamResult,
    Finding,
    Results,
    StirPattern,
    as_finding,
    grouped,
    sentence,
)
from ..quantities import LUMBAR, quantity
from ..response import Assessment
from ..response.anaemia import blood_course
from ..results import rows
from ..results.formats import NONE, number, signed
from ..words.findings import NOTE
from ..words.roles import role_word
from ..words.terms import term
from .strings import Strings

SURE, DOUBT, PLAIN = "sure", "doubt", ""
UNSURE = rows.DOUBT  # the sign of the tables, beside an index
_OF_IMAGES = {
    "ff": ("fatwater.", "dixon.", "swap."), "r2star": ("fatwater.",), "dropout_ratio": ("dixon.",), "adc": ("diffusion.",),
    "tdv": ("burden.", "bone.", "diffusion."), "gadc": ("burden.", "bone.", "diffusion."),
}  # fmt: skip
"""By index the findings (beginning of their codes) that are about the images it is read from."""
_OF_PLACES = ("roi.", "region.", "body.", "labels.", "carried.", "propose.", "find.")
"""Findings about the regions measured: of every lumbar index, or of that whose map they name."""


@dataclass(frozen=True)
class Cover:
    """What the user says of the report: a label of the case, the reader's name, the day it is made; nothing of it is read from images."""

    case: str = ""
    reader: str = ""
    made: Optional[datetime.date] = None

    @property
    def reader_shown(self) -> str:
        """The reader as one writes a name; DICOM parts it by ^, family name first (PS3.5 6.2)."""
        family, *given = self.reader.split("^")
        return " ".join(filter(None, (*given[:1], family))) if given else self.reader

    @property
    def day(self) -> str:
        """The day the report is made, today if it was not given."""
        return (self.made or datetime.date.today()).isoformat()


Told = tuple[Optional[ExamResult], Finding]
"""A finding, and the exam that it is about; None: the case."""


def checks_and_notes(results: Results) -> tuple[list[Told], list[Told]]:
    """What a reader should check, and what is only to be known; each once."""
    told: list[Told] = [(None, found) for found in grouped(results.findings)]
    told += [(exam, found) for exam in results.exams for found in grouped(exam.findings)]
    return [each for each in told if each[1].severity != NOTE], [each for each in told if each[1].severity == NOTE]


def plain_sentences(told: Iterable[Told], words: Strings) -> list[str]:
    """Findings as sentences without markup, each with its exam in front."""
    return [(f"{words.plain_exam(exam.label)}: " if exam else "") + sentence(found, words.language) for exam, found in told]


def levels_of(exam: ExamResult, key: str) -> list[str]:
    """The lumbar levels that the mean of an index holds, from cranial to caudal."""
    return [v.roi.level for v in exam.vertebrae if v.roi.level.startswith("L") and not v.roi.excluded and key in v.measurements]


def shortened(levels: Sequence[str]) -> str:
    """Levels as a reader writes them: "L1–L5", "L1, L3–L5"."""
    return re.sub(r"(\d+)", r"L\1", _runs(int(level[1:]) for level in levels))


def index_label(index: Index, exams: Sequence[ExamResult], words: Strings) -> str:
    """The label of an index; a lumbar mean names its levels: those that both exams have, as their means are compared over these."""
    label = label_of(index.key, words.language)
    if index.origin != LUMBAR:
        return label
    held = [levels_of(exam, index.key) for exam in exams if index.key in exam.lumbar]
    common = [level for level in held[0] if all(level in levels for levels in held)] if held else []
    return words("mean_of", index=label, levels=shortened(common)) if common else label


def answer_tables(found: Classification, words: Strings) -> list[tuple[list[str], list[list[str]]]]:
    """What a classifier's answer rests on, heads and rows: log odds by level, and by index; what is empty is not there."""
    by_level = [[level, signed(lost, "")] for level, lost in found.by_level.items()]
    by_index = [[words.or_key(f"index_{name}"), signed(added, "")] for name, added in found.by_index.items()]
    tables = ([words("level"), words("log_odds_lost")], by_level), ([words("index"), words("log_odds_added")], by_index)
    return [(heads, lines) for heads, lines in tables if lines]


def answer_card(found: Classification, words: Strings) -> list[tuple[str, Any]]:
    """The model's card, heading and content, in the report's language as far as the card has it."""
    card = {key: content for key, content in found.card.items() if key != "translations"}
    told = (found.card.get("translations") or {}).get(words.language, {})
    return [(words.or_key(key), content) for key, content in {**card, **told}.items() if content]


def stir_word(pattern: Optional[int], words: Strings) -> str:
    """A pattern on STIR images, number and word."""
    return f"{pattern}, {term(STIR_PATTERNS[pattern], words.language)}" if pattern else NONE


def stir_numbers(found: StirPattern, words: Strings) -> str:
    """The numbers behind a proposal in one line; empty where there are none."""
    told = (("stir_level", found.level, 2), ("stir_rim", found.rim, 2), ("stir_spread", found.spread, 3))
    return "; ".join(f"{words(key)} {number(value, digits=digits)}" for key, value, digits in told if value is not None)


def stir_rows(exams: Sequence[ExamResult], words: Strings) -> tuple[list[str], list[list[str]]]:
    """Pattern on STIR images of every exam that has one: heads, and exam, pattern, who says so, numbers."""
    heads = [words("exam"), words("stir"), words("stir_by"), words("stir_numbers")]
    lines = []
    for exam in exams:
        if exam.stir is not None:
            proposed = words("stir_proposed", pattern=stir_word(exam.stir.proposed, words))
            by = words("stir_set", proposed=proposed) if exam.stir.by_reader else words("stir_not_set")
            lines.append([words.plain_exam(exam.label), stir_word(exam.stir.pattern, words), by, stir_numbers(exam.stir, words)])
    return heads, lines


def blood_word(category: Optional[str], words: Strings) -> str:
    """A category of the response by the blood; None where it cannot be graded."""
    return words("blood_" + (category or "unknown").replace(" ", "_"))


def blood_rows(told: Assessment, kind: str, words: Strings) -> tuple[list[str], list[tuple[str, str, Any]]]:
    """Response by the blood at every date of the sheet: heads, and date, category and rule; no row for other kinds of case and for two
    dates that stand above as those of the exams."""
    course = blood_course(told.history, kind)
    found = [(date.isoformat(), blood_word(blood.category, words), blood.rule) for date, blood in course]
    return [words("date"), words("blood"), words("meaning")], found if len(found) > (told.blood is not None) else []


def marks(change: Optional[Change], limited: bool, words: Strings) -> list[tuple[str, str, str]]:
    """Short words, style and whole sentence of each mark of a change: doubts, whether it exceeds the measurement error, or that no error
    is known."""
    if change is None:
        return []
    found: list[tuple[str, str, str]] = []
    for flag in change.findings:
        code = as_finding(flag).code
        found.append((words.or_key(code), PLAIN if code == INSIDE_LIMIT else DOUBT, flag))
    is_inside = any(as_finding(flag).code == INSIDE_LIMIT for flag in change.findings)
    if limited and not is_inside:
        found.insert(0, (words("outside"), SURE, ""))
    if not limited and not is_inside:
        found.append((words("error_unknown"), PLAIN, ""))
    return found


def doubts_of(index: Index, exams: Sequence[ExamResult]) -> list[Finding]:
    """What is to be checked before an index is believed: of the exams' findings those about its images or its regions."""
    name = quantity(index.key).name if index.origin == LUMBAR else ""

    def concerns(found: Finding) -> bool:
        if found.severity == NOTE:
            return False
        about = found.about
        if "test" in about:
            return bool(about["test"] == index.key)
        if index.origin == LUMBAR and found.code.startswith(_OF_PLACES):
            return str(about.get("map", name)) == name
        return found.code.startswith(_OF_IMAGES.get(index.key, ("\0",)))

    return [found for exam in exams for found in map(as_finding, exam.findings) if concerns(found)]


def protocol_rows(exam: ExamResult, words: Strings) -> tuple[str, list[str], list[list[str]]]:
    """The series that were used; those acquired alike (stations, echoes, b-values) stand in one row with all their numbers.

    Returns
    -------
    scanner, heads, lines
        The scanner is "" where there are several; then it is the last column.
    """
    heads = [words(key) for key in ("series_number", "role", "repetition_time", "echo_time", "flip_angle")]
    heads += ["b (s/mm²)", words("voxel"), words("slices"), words("scanner")]
    found: dict[tuple[str, ...], tuple[list[float], list[float], list[float]]] = {}
    for row in exam.series:
        if not row.get("used"):
            continue
        repetition, angle = row.get("repetition_time_s"), row.get("flip_angle_deg")
        alike = (
            role_word(str(row.get("role") or "unknown"), words.language),
            NONE if repetition is None else f"{1000 * repetition:.4g}", NONE if angle is None else f"{angle:g}",
            "\u00a0×\u00a0".join(f"{step:.3g}" for step in row.get("voxel_mm") or ()) or NONE, str((row.get("shape") or [NONE])[-1]),
            _scanner(row, exam),
        )  # fmt: skip
        told = (row.get(key) for key in ("series_number", "echo_time_s", "b_value"))
        for known, value in zip(found.setdefault(alike, ([], [], [])), told):
            if value is not None and value not in known:
                known.append(value)
    lines = []
    for (role, repetition, angle, voxel, slices, scanner), (numbers, echoes, b_values) in found.items():
        times, weights = (", ".join(f"{v:.4g}" for v in values) or NONE for values in ([1000 * t for t in echoes], sorted(b_values)))
        lines.append([_runs(numbers) or NONE, role, repetition, times, angle, weights, voxel, slices, scanner])
    scanners = {line[-1] for line in lines}
    if len(scanners) != 1:
        return "", heads, lines
    return scanners.pop(), heads[:-1], [line[:-1] for line in lines]


def _runs(numbers: Iterable[Any]) -> str:
    """Whole numbers as a reader writes them: "2, 11–15"; anything else as it is."""
    known = list(dict.fromkeys(numbers))
    if not all(isinstance(number, int) for number in known):
        return ", ".join(map(str, known))
    runs: list[list[int]] = []
    for one in sorted(known):
        if runs and one == runs[-1][-1] + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _scanner(row: Any, exam: ExamResult) -> str:
    field = exam.protocol.get("field_strength_t")
    return f"{row.get('scanner') or exam.protocol.get('manufacturer', NONE)}" + (f", {field:g} T" if field else "")


def title_of(results: Results, words: Strings) -> str:
    """What the report is called: of myeloma only where that is the kind of case."""
    return words("title" if results.settings.kind == "myeloma" else "title_other")


def in_scroller(drawn: str, label: str) -> str:
    """A table that a narrow screen scrolls sideways instead of cutting it, by finger and by key."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">{drawn}</div>'
