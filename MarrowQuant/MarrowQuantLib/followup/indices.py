"""The indices that are followed from exam to exam: names, units, and what a change must exceed to mean something.

A repeatability limit or a floor without a published source is marked "our choice"; where no limit is known there is none, and the
report then says nothing about the size of the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..model import UNIT_ADC, UNIT_FF, UNIT_FF_CHANGE, UNIT_R2STAR, UNIT_VOLUME


@dataclass(frozen=True)
class Limit:
    """A number with the reason it stands on.

    Attributes
    ----------
    value : float
        In the unit of the index, or in % of the baseline where ``relative``.
    source : str
        Where it comes from, or "our choice" and why.
    relative : bool
        True if ``value`` is a percentage of the baseline.
    """

    value: float
    source: str
    relative: bool = False


@dataclass(frozen=True)
class Index:
    """One followed quantity.

    Attributes
    ----------
    key : str
        Its name in ``VertebraResult.measurements``, ``ExamResult.lumbar``, ``Burden`` or ``ExamResult.labs``.
    label_en, label_ja : str
        What a reader sees.
    unit, change_unit : str
        Unit of the value and of follow-up minus baseline.
    origin : {"lumbar", "burden", "labs"}
        The part of an exam that holds it.
    floor : Limit or None
        Baseline below which the relative change is flagged.
    limit : Limit or None
        Change that measurement error alone can make (95 %).
    depends_on : tuple of str
        Keys of ``ExamResult.protocol`` that must agree for the change to be comparable.
    """

    key: str
    label_en: str
    label_ja: str
    unit: str
    change_unit: str
    origin: str
    floor: Optional[Limit] = None
    limit: Optional[Limit] = None
    depends_on: tuple[str, ...] = ()


# QIBA makes no claim for marrow. The two marrow figures at hand lie on either side of its claim for liver and prostate.
_ADC_LIMIT = Limit(
    27.0,
    "QIBA claim for liver and prostate (Radiology 2024, PMC11537247), taken over for marrow by our choice: QIBA makes no claim for "
    "marrow, where published figures run from 14.8 % (normal marrow, Messiou 2011) to 40 % (2.77 × 14.5 % test–retest, myeloma lesions, "
    "BJR 2022, PubMed 35867890)",
    relative=True,
)
_SCANNER = ("manufacturer", "field_strength_t")
_DIXON = (*_SCANNER, "echo_times_s")
_DIFFUSION = (*_SCANNER, "b_values")

INDICES: tuple[Index, ...] = (
    Index(
        "ff", "Fat fraction, lumbar mean", "脂肪分画（腰椎平均）", UNIT_FF, UNIT_FF_CHANGE, "lumbar",
        floor=Limit(5.0, "our choice: below 5 % the baseline is of the size of the repeatability of the method, so the ratio is noise"),
        limit=Limit(3.0, "our choice, after the repeatability coefficient of about 3 points in liver (Yokoo 2018, Radiology 286:486; not "
                    "checked against the paper); no limit for marrow is at hand"),
        depends_on=(*_DIXON, "ff_origin"),
    ),
    Index("adc", "ADC, lumbar mean", "ADC（腰椎平均）", UNIT_ADC, UNIT_ADC, "lumbar", limit=_ADC_LIMIT, depends_on=_DIFFUSION),
    Index(
        "dropout_ratio", "Signal dropout ratio, lumbar mean", "信号低下率（腰椎平均）", "%", UNIT_FF_CHANGE, "lumbar",
        floor=Limit(7.6, "our choice: the dropout that a fat fraction of 5 % gives at 3 T without R2* decay (computed, Ren spectrum)"),
        depends_on=_DIXON,
    ),
    Index("r2star", "R2*, lumbar mean", "R2*（腰椎平均）", UNIT_R2STAR, UNIT_R2STAR, "lumbar", depends_on=_DIXON),
    Index(
        "tdv", "Total diffusion volume (tDV)", "全拡散体積（tDV）", UNIT_VOLUME, UNIT_VOLUME, "burden",
        floor=Limit(3.0, "our choice: ten times the smallest component that is kept by default (0.3 mL)"),
        depends_on=_DIFFUSION,
    ),
    Index("gadc", "ADC over the tDV (gADC), median", "tDV内ADC（gADC）中央値", UNIT_ADC, UNIT_ADC, "burden", limit=_ADC_LIMIT,
          depends_on=_DIFFUSION),
    Index(
        "m_protein", "M protein", "M蛋白", "g/L", "g/L", "labs",
        floor=Limit(5.0, "our choice, after the absolute rise of 0.5 g/dL without which the IMWG criteria do not count a progression"),
    ),
    Index("beta2_microglobulin", "β2-microglobulin", "β2ミクログロブリン", "mg/L", "mg/L", "labs"),
    Index("haemoglobin", "Haemoglobin", "ヘモグロビン", "g/L", "g/L", "labs"),
)

FF_AT_LEVEL = "ff_"
"""Prefix of the name of a change at one vertebral level: ``ff_L1``."""


def index_of(name: str) -> Index:
    """The index that a ``Change.name`` belongs to; the change at one level ("ff_L1") belongs to "ff".

    Raises
    ------
    KeyError
        If no such index is followed.
    """
    for index in INDICES:
        if index.key == name:
            return index
    if name.startswith(FF_AT_LEVEL):
        return index_of("ff")
    raise KeyError(name)


def label_of(name: str, language: str = "en") -> str:
    """What a reader sees for a ``Change.name``: "Fat fraction L1" for "ff_L1". ``language`` is "en" or "ja"."""
    index = index_of(name)
    if name != index.key:
        return ("脂肪分画 " if language == "ja" else "Fat fraction ") + name[len(FF_AT_LEVEL):]
    return index.label_ja if language == "ja" else index.label_en
