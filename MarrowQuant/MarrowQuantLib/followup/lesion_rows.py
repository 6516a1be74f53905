"""The follow-up of each lesion as one row, for the report, the scene and the panel: what became of it, and its numbers at both exams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Optional

from ..model import Burden, Component, ExamResult, LesionChange, Results

Pair = tuple[Optional[float], Optional[float]]


@dataclass(frozen=True)
class LesionRow:
    """A lesion at baseline and follow-up.

    Attributes
    ----------
    change : LesionChange
        Kind, region, volumes in mL (sums of the pieces), ADC in µm²/s and the proposed RAC.
    name : str
        "#3"; where the name changed "#3 → #3a, #3b".
    diameter_mm, ff_percent, signal_ratio : pair of float or None
        Longest diameter, median fat fraction and mean high-b signal over muscle of the largest piece at baseline and at follow-up; None
        where there is none.
    """

    change: LesionChange
    name: str
    diameter_mm: Pair
    ff_percent: Pair
    signal_ratio: Pair

    @property
    def volume_change_ml(self) -> float:
        """Follow-up minus baseline, mL."""
        return self.change.volume_after_ml - self.change.volume_before_ml

    @property
    def volume_change_percent(self) -> Optional[float]:
        """In % of the baseline; None for a new lesion."""
        before = self.change.volume_before_ml
        return 100.0 * self.volume_change_ml / before if before > 0 else None

    @property
    def adc_change(self) -> Optional[float]:
        """µm²/s; None where the lesion is absent in an exam."""
        first, second = self.change.adc_before, self.change.adc_after
        return None if first is None or second is None else second - first


def lesion_rows(results: Results) -> list[LesionRow]:
    """One row a lesion, in the order of ``results.lesions``; empty without a follow-up."""
    if len(results.exams) < 2:
        return []
    return rows_of(results.lesions, results.exams[0], results.exams[1])


def rows_of(changes: Sequence[LesionChange], baseline: ExamResult, follow_up: ExamResult) -> list[LesionRow]:
    """The rows of these changes; the exams' components carry the lesions' names (``Component.lesion_id``)."""
    first, second = (_by_name(exam.burden) for exam in (baseline, follow_up))
    return [_row(change, _largest(change.names_before, first), _largest(change.names_after, second)) for change in changes]


def _row(change: LesionChange, before: Optional[Component], after: Optional[Component]) -> LesionRow:
    names = [", ".join(names) for names in (change.names_before, change.names_after) if names]

    def both(value: Callable[[Component], Optional[float]]) -> Pair:
        return (None if before is None else value(before), None if after is None else value(after))

    return LesionRow(
        change=change,
        name=" → ".join(dict.fromkeys(names)),
        diameter_mm=both(lambda piece: piece.longest_diameter_mm),
        ff_percent=both(lambda piece: piece.ff_median),
        signal_ratio=both(lambda piece: piece.signal_ratio),
    )


def _by_name(burden: Optional[Burden]) -> dict[str, Component]:
    return {c.lesion_id: c for c in burden.components if c.lesion_id} if burden else {}


def _largest(names: Sequence[str], by_name: dict[str, Component]) -> Optional[Component]:
    found = [by_name[name] for name in names if name in by_name]
    return max(found, key=lambda c: c.volume_ml, default=None)
