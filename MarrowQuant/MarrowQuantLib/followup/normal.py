"""Published fat fractions of healthy lumbar marrow, each for the technique it was measured with; nothing is interpolated or extended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..model import Results, finding
from ..model.fields import described

FEMALE, MALE = "female", "male"


@dataclass(frozen=True)
class Band:
    """Mean and standard deviation, in %, of the proton-density fat fraction of healthy people of one sex and age group."""

    sex: str = described("Sex.", choices=("female", "male"))
    age_from: int = described("Age in years, from …")
    age_to: int = described("… to.")
    mean: float = described("Mean fat fraction, %.")
    sd: float = described("Its standard deviation between people, %.")
    technique: str = described("How it was measured.")
    source: str = described("Where it is published.")


_TECHNIQUE = "chemical-shift-encoded PDFF, 3 T, 8 echoes, L1–L4"
_SOURCE = "Baum 2018, Front Endocrinol 9:141, 156 healthy volunteers"
# The decades after these two were not at hand, so there is no band for most patients with myeloma; that is said instead of a number.
BANDS: tuple[Band, ...] = (
    Band(MALE, 20, 29, 32.0, 8.0, _TECHNIQUE, _SOURCE),
    Band(FEMALE, 20, 29, 27.2, 6.0, _TECHNIQUE, _SOURCE),
    Band(MALE, 30, 39, 35.3, 6.7, _TECHNIQUE, _SOURCE),
    Band(FEMALE, 30, 39, 27.3, 6.2, _TECHNIQUE, _SOURCE),
)
# Mean fat fractions without a spread, by another technique: told where there is no band, never drawn. 100 − the published water fraction;
# "men after 25 years about 50 %". Chemical-shift misregistration, AJR 1996.
OTHER_TECHNIQUE: tuple[tuple[str, int, int, float], ...] = (
    (MALE, 25, 120, 50.0), (FEMALE, 20, 44, 31.0), (FEMALE, 45, 54, 38.9), (FEMALE, 55, 64, 50.3),
)  # fmt: skip
COMPARABLE_ORIGINS = ("ff_vendor", "ff_six_echo")
"""Maps that are proton-density fat fractions; a signal fraction from water and fat images is another quantity."""


def normal_band(age_years: float, sex: str, ff_origin: str) -> tuple[Optional[Band], str]:
    """The band that a baseline fat fraction may be held against, and a sentence about it.

    Parameters
    ----------
    age_years : float
    sex : {"female", "male"}
    ff_origin : str
        The map that the fat fraction is read from (``ExamResult.protocol["ff_origin"]``).

    Returns
    -------
    Band or None
        None where no band of this technique, sex and age is at hand.
    str
        Where the band comes from, or why there is none.
    """
    if ff_origin not in COMPARABLE_ORIGINS:
        return None, finding("normal.no_pdff")
    for band in BANDS:
        if band.sex == sex and band.age_from <= age_years < band.age_to + 1:
            who = {"sex": sex, "age_from": band.age_from, "age_to": band.age_to}
            return band, finding("normal.band", **who, mean=band.mean, sd=band.sd, technique=band.technique, source=band.source)
    return None, _by_another_technique(age_years, sex) or finding("normal.none", sex=sex, age=age_years)


def _by_another_technique(age_years: float, sex: str) -> str:
    for of_sex, age_from, age_to, mean in OTHER_TECHNIQUE:
        if of_sex == sex and age_from <= age_years < age_to + 1:
            return finding("normal.other_technique", sex=sex, age=age_years, mean=mean)
    return ""


def baseline_band(results: Results) -> tuple[Optional[Band], str]:
    """The band for the baseline's lumbar fat fraction and a sentence about it; no sentence where age and sex or the number are missing."""
    baseline = results.exams[0]
    if results.subject is None or "ff" not in baseline.lumbar:
        return None, ""
    return normal_band(results.subject.age_years, results.subject.sex, baseline.protocol.get("ff_origin", ""))
