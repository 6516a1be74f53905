"""IMWG response category from laboratory values: the category, the rule that decided, and what was missing.

The rules are those of the response table in PMC9954856 (table t001), read with ≥ as the original criteria have it. Marked "general
knowledge" below is what that table does not say and what must be checked against Kumar et al., Lancet Oncol 2016;17:e328 before it is
relied on: the normal range of the free-light-chain ratio, the limits of measurable disease, and the confirmation by a second sample.
Plasmacytomas are judged as present or absent only; light-chain-only disease (neither serum nor urine M protein) is not graded.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Optional

from ..model import Finding, LabHistory, certain, finding
from ..model.fields import described
from .evidence import Evidence, evidence_at

SCR, CR, VGPR, PR, MR, SD, PD = "sCR", "CR", "VGPR", "PR", "MR", "SD", "PD"
NORMAL_FLC_RATIO = (0.26, 1.65)  # general knowledge
MEASURABLE_SERUM_G_PER_L, MEASURABLE_URINE_MG = 10.0, 200.0  # general knowledge: 1 g/dL, 200 mg in 24 h
PROGRESSION_PERCENT, PROGRESSION_G_PER_L, PROGRESSION_HIGH_G_PER_L, HIGH_NADIR_G_PER_L = 25.0, 5.0, 10.0, 50.0
PROGRESSION_URINE_MG, PROGRESSION_FLC_MG_PER_L = 200.0, 100.0
CR_PLASMA_CELLS_PERCENT = 5.0
CONFIRM = finding("imwg.confirm")


@dataclass(frozen=True)
class ImwgResponse:
    """The category ("sCR" … "PD"), or None if it cannot be judged; the rule in words; what was missing; what to know."""

    category: Optional[str] = described("sCR … PD; null if it cannot be judged.")
    rule: Finding = described("The rule that decided.")
    missing: tuple[Finding, ...] = described("What would be needed to be sure of it, or to reach a better one that is near.", default=())
    findings: tuple[Finding, ...] = described("What to know.", default=(), earlier=("notes",))


@dataclass(frozen=True)
class _Course:
    """Both dates, and what happened to serum (g/L) and urine M protein (mg/24 h) between them."""

    before: Evidence
    after: Evidence
    serum_nadir: Optional[float]
    urine_nadir: Optional[float]
    flc_nadir: Optional[float]

    def fall(self, test: str) -> Optional[float]:
        """Fall since baseline in %; None without both values or from zero."""
        first, second = self.before.value(test), self.after.value(test)
        return None if not first or second is None else 100.0 * (first - second) / first


def imwg_response(history: LabHistory, baseline: datetime.date, at: datetime.date) -> ImwgResponse:
    """The response category at one date.

    Parameters
    ----------
    history : LabHistory
        All values: those between the dates are needed for the nadir, from which progression is counted.
    baseline, at : date
        Before therapy, and the date that is judged. Values and findings within 28 days of a date belong to it.

    Returns
    -------
    ImwgResponse
        Without urine M protein the category rests on the serum alone and ``missing`` says so.
    """
    course = _course(history, baseline, at)
    serum = course.before.value("m_protein"), course.after.value("m_protein")
    urine = course.before.value("urine_m_protein"), course.after.value("urine_m_protein")
    if (None in serum or not serum[0]) and (None in urine or not urine[0]):
        wanted = finding("imwg.needs_m_protein")
        return ImwgResponse(None, finding("imwg.unknown"), (wanted,))
    for rule in (_progression, _complete, _very_good, _partial, _minor):
        category, words = rule(course)
        if category and words:
            return ImwgResponse(category, words, _missing(course, category), _notes(course))
    return ImwgResponse(SD, finding("imwg.stable"), _missing(course, SD), _notes(course))


def _course(history: LabHistory, baseline: datetime.date, at: datetime.date) -> _Course:
    before, after = evidence_at(history, [baseline, at])

    def nadir(test: str) -> Optional[float]:
        """The lowest value from the baseline's sample until before the judged one."""
        if test not in before.values or test not in after.values:
            return None
        start, stop = before.values[test].date, after.values[test].date
        return min(value.value for value in history.values if value.test == test and start <= value.date < stop)

    return _Course(before, after, nadir("m_protein"), nadir("urine_m_protein"), _flc_nadir(history, before, after))


def _flc_nadir(history: LabHistory, before: Evidence, after: Evidence) -> Optional[float]:
    """The lowest difference of both chains on one date, from the baseline's sample until before the judged one."""
    first = before.flc_difference()
    if first is None or after.flc_difference() is None:
        return None
    start, stop = before.values["flc_kappa"].date, after.values["flc_kappa"].date
    chains = {test: {v.date: v.value for v in history.values if v.test == test} for test in ("flc_kappa", "flc_lambda")}
    shared = [date for date in chains["flc_kappa"] if date in chains["flc_lambda"] and start <= date < stop]
    return min([first, *(abs(chains["flc_kappa"][date] - chains["flc_lambda"][date]) for date in shared)])


_Verdict = tuple[Optional[str], Optional[Finding]]
_NO: _Verdict = (None, None)


def _progression(course: _Course) -> _Verdict:
    """≥ 25 % above the nadir, and absolutely: serum 5 g/L (10 g/L from a nadir of 50 g/L on), urine 200 mg/24 h, free chains 100 mg/L."""
    if course.serum_nadir is not None:
        least = PROGRESSION_HIGH_G_PER_L if course.serum_nadir >= HIGH_NADIR_G_PER_L else PROGRESSION_G_PER_L
        rise = certain(course.after.value("m_protein")) - course.serum_nadir
        if _has_risen(rise, course.serum_nadir, least):
            return PD, finding("imwg.serum_rise", rise=rise, serum_nadir=course.serum_nadir, least=least)
    if course.urine_nadir is not None:
        rise = certain(course.after.value("urine_m_protein")) - course.urine_nadir
        if _has_risen(rise, course.urine_nadir, PROGRESSION_URINE_MG):
            return PD, finding("imwg.urine_rise", rise=rise)
    if course.flc_nadir is not None:
        rise = certain(course.after.flc_difference()) - course.flc_nadir
        if rise > PROGRESSION_FLC_MG_PER_L and _has_risen(rise, course.flc_nadir, PROGRESSION_FLC_MG_PER_L) and _unmeasurable(course):
            return PD, finding("imwg.flc_rise", rise=rise)
    return _NO


def _has_risen(rise: float, nadir: float, least: float) -> bool:
    return rise >= least and 100.0 * rise >= PROGRESSION_PERCENT * nadir


def _unmeasurable(course: _Course) -> bool:
    """Free light chains decide only where serum and urine M protein are too low to be followed (general knowledge)."""
    serum, urine = course.before.value("m_protein") or 0.0, course.before.value("urine_m_protein") or 0.0
    return serum < MEASURABLE_SERUM_G_PER_L and urine < MEASURABLE_URINE_MG


def _complete(course: _Course) -> _Verdict:
    """Negative immunofixation of serum and urine, no plasmacytoma, < 5 % plasma cells; sCR: normal ratio and no clonal cells as well."""
    if _missing_for_complete(course) or not _is_negative(course):
        return _NO
    cells = certain(course.after.value("bmpc"))
    if cells >= CR_PLASMA_CELLS_PERCENT or course.after.findings["plasmacytoma"] == "present":
        return _NO
    ratio = course.after.flc_ratio()
    is_normal = ratio is not None and NORMAL_FLC_RATIO[0] <= ratio <= NORMAL_FLC_RATIO[1]
    words = finding("imwg.complete", cells=cells)
    if is_normal and course.after.findings.get("clonal_plasma_cells") == "absent":
        return SCR, finding("imwg.stringent", cells=cells, ratio=ratio)
    return CR, words


def _is_negative(course: _Course) -> bool:
    return all(course.after.findings.get(f"immunofixation_{fluid}") == "negative" for fluid in ("serum", "urine"))


def _very_good(course: _Course) -> _Verdict:
    """M protein seen by immunofixation only, or serum ≥ 90 % lower with urine < 100 mg/24 h."""
    serum, urine = course.after.value("m_protein"), course.after.value("urine_m_protein")
    found = [fluid for fluid in ("serum", "urine") if course.after.findings.get(f"immunofixation_{fluid}") == "positive"]
    if found and serum == 0 and not urine:
        return VGPR, finding("imwg.by_immunofixation", found=list(found))
    fall = course.fall("m_protein")
    if fall is not None and fall >= 90.0 and (urine is None or urine < 100.0):
        return VGPR, _fallen("very_good", fall, urine)
    return _NO


def _partial(course: _Course) -> _Verdict:
    """Serum ≥ 50 % lower, and urine ≥ 90 % lower or < 200 mg/24 h."""
    fall, urine, urine_fall = course.fall("m_protein"), course.after.value("urine_m_protein"), course.fall("urine_m_protein")
    urine_is_low = urine is None or urine < 200.0 or (urine_fall is not None and urine_fall >= 90.0)
    if course.before.value("m_protein"):
        if fall is not None and fall >= 50.0 and urine_is_low:
            return PR, _fallen("partial", fall, urine)
    elif urine_fall is not None and urine_is_low:
        return PR, finding("imwg.urine_partial")
    return _NO


def _minor(course: _Course) -> _Verdict:
    """Serum 25–49 % lower and urine 50–89 % lower; a deeper fall of one with too small a fall of the other is not better than this."""
    fall, urine, urine_fall = course.fall("m_protein"), course.after.value("urine_m_protein"), course.fall("urine_m_protein")
    urine_fell = urine is None or not course.before.value("urine_m_protein") or (urine_fall is not None and urine_fall >= 50.0)
    if fall is not None and fall >= 25.0 and urine_fell:
        return MR, _fallen("minor", fall, urine)
    return _NO


def _fallen(code: str, fall: float, urine: Optional[float]) -> Finding:
    return finding(f"imwg.{code}" if urine is not None else f"imwg.{code}_serum", fall=fall)


def _missing_for_complete(course: _Course) -> list[Finding]:
    after = course.after
    unknown = [fluid for fluid in ("serum", "urine") if f"immunofixation_{fluid}" not in after.findings]
    missing = [finding("imwg.needs_immunofixation", fluid=fluid) for fluid in unknown]
    if after.value("bmpc") is None:
        missing.append(finding("imwg.needs_cells"))
    return [*missing, *([] if "plasmacytoma" in after.findings else [finding("imwg.needs_plasmacytoma")])]


def _missing(course: _Course, category: str) -> tuple[Finding, ...]:
    """What would be needed to be sure of the category, or to reach a better one that is near."""
    missing = []
    if course.before.value("m_protein") is not None and course.after.value("m_protein") is None:
        missing.append(finding("imwg.needs_serum"))
    if course.after.value("urine_m_protein") is None:
        missing.append(finding("imwg.needs_urine"))
    if category == VGPR:
        missing += [finding("imwg.for_cr", what=item) for item in _missing_for_complete(course)]
    if category == CR:
        missing += [finding("imwg.scr_ratio")] if course.after.flc_ratio() is None else []
        missing += [] if "clonal_plasma_cells" in course.after.findings else [finding("imwg.scr_cells")]
    return tuple(missing)


def _notes(course: _Course) -> tuple[Finding, ...]:
    findings = [CONFIRM]
    if _unmeasurable(course):
        findings.append(finding("imwg.unmeasurable"))
    if course.after.findings.get("plasmacytoma") == "present":
        findings.append(finding("imwg.plasmacytoma"))
    return tuple(findings)
