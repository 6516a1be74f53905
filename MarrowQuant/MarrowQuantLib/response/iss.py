"""ISS and revised ISS (R-ISS) before therapy.

The thresholds are general knowledge and were not at hand in print: ISS as in Greipp et al., J Clin Oncol 2005;23:3412, R-ISS as in Palumbo
et al., J Clin Oncol 2015;33:2863. Check them there before relying on a stage; the stage carries this sentence.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Optional

from ..model import Finding, LabHistory, finding
from ..model.fields import described
from .evidence import Evidence, evidence_at
from .lab_notes import is_present
from .lab_tests import fold_name

ISS_LOW_B2M, ISS_HIGH_B2M, ISS_ALBUMIN = 3.5, 5.5, 35.0  # mg/L, mg/L, g/L
HIGH_RISK = ("del(17p)", "t(4;14)", "t(14;16)")
NOT_VERIFIED = finding("stage.not_verified")
LDH_LIMIT = "the laboratory's upper limit of LDH"
_OPEN = finding("stage.open")


@dataclass(frozen=True)
class Stage:
    """A stage (1, 2, 3) or None, the rule in words, and what was missing."""

    system: str = described("ISS or R-ISS.")
    stage: Optional[int] = described("1, 2 or 3; null if it cannot be judged.")
    rule: Finding = described("The rule that decided.")
    missing: tuple[Finding, ...] = described("What was missing.", default=())


def iss(evidence: Evidence) -> Stage:
    """International Staging System: 1 with β2-microglobulin < 3.5 mg/L and albumin ≥ 35 g/L, 3 from 5.5 mg/L on, else 2."""
    b2m, albumin = evidence.value("beta2_microglobulin"), evidence.value("albumin")
    if b2m is None:
        return Stage("ISS", None, _OPEN, (finding("stage.needs", what="β2-microglobulin"),))
    if b2m >= ISS_HIGH_B2M:
        return Stage("ISS", 3, finding("stage.b2m_high", b2m=b2m))
    if b2m >= ISS_LOW_B2M:
        return Stage("ISS", 2, finding("stage.b2m_middle", b2m=b2m))
    if albumin is None:
        return Stage("ISS", None, _OPEN, (finding("stage.needs", what="albumin"),))
    relation = "≥" if albumin >= ISS_ALBUMIN else "<"
    return Stage("ISS", 1 if relation == "≥" else 2, finding("stage.b2m_albumin", b2m=b2m, albumin=albumin, relation=relation))


def r_iss(evidence: Evidence, abnormalities: dict[str, bool]) -> Stage:
    """Revised ISS: 1 is ISS 1 with normal LDH and no high-risk abnormality, 3 is ISS 3 with either, all else is 2.

    Parameters
    ----------
    evidence : Evidence
        Baseline; LDH counts as high above ``ldh_upper_limit``, the upper limit of the laboratory.
    abnormalities : dict
        Chromosomal abnormality to whether it is present; those of ``HIGH_RISK`` that are not in it were not tested.
    """
    first = iss(evidence)
    ldh, limit = evidence.value("ldh"), evidence.value("ldh_upper_limit")
    ldh_is_high = None if ldh is None or limit is None else ldh > limit
    known = {name: abnormalities[name] for name in HIGH_RISK if name in abnormalities}
    is_high_risk = True if any(known.values()) else (False if len(known) == len(HIGH_RISK) else None)
    missing = [*first.missing]
    missing += [finding("stage.needs", what=name) for name, value in (("LDH", ldh), (LDH_LIMIT, limit)) if value is None]
    missing += [finding("stage.needs_cytogenetics", name=name) for name in HIGH_RISK if name not in known] if is_high_risk is None else []
    words = finding("stage.r_iss", iss=first.stage, ldh=_word(ldh_is_high), risk=_word(is_high_risk))
    if first.stage == 3 and (ldh_is_high or is_high_risk):
        return Stage("R-ISS", 3, words)
    if first.stage == 2 or (first.stage == 1 and (ldh_is_high or is_high_risk)):
        return Stage("R-ISS", 2, words)
    if first.stage is None or ldh_is_high is None or is_high_risk is None:
        return Stage("R-ISS", None, _OPEN, tuple(missing))
    return Stage("R-ISS", 1 if first.stage == 1 else 2, words)


def _word(value: Optional[bool]) -> str:
    return "not known" if value is None else ("yes" if value else "no")


def stages_at(history: LabHistory, baseline: datetime.date) -> tuple[Stage, Stage]:
    """ISS and R-ISS at the baseline.

    Cytogenetics count whenever they were tested up to 28 days after it, and what was found once as present. A text that says neither
    present nor absent counts as not tested.
    """
    (evidence,) = evidence_at(history, [baseline])
    latest = baseline + datetime.timedelta(days=28)
    named = {fold_name(name): name for name in HIGH_RISK}
    abnormalities: dict[str, bool] = {}
    for note in history.notes:
        name, found = named.get(fold_name(note.name)), is_present(note.value)
        if note.kind == "cytogenetics" and name and found is not None and note.date <= latest:
            abnormalities[name] = found or abnormalities.get(name, False)
    return iss(evidence), r_iss(evidence, abnormalities)
