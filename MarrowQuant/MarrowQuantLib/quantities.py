"""The one table of quantities: what MarrowQuant measures, what it is called, and how it is shown.

A row here is all that a quantity needs: the measuring (``vertebrae.measure``), the comparison of exams (``followup``), ``results.json``,
the CSV, the data dictionary, the report, the panel's and the scene's tables, charts and the columns of a cohort follow from it. What is
computed from more than the voxels of one map names its function in ``computed_by``; that function is the only other thing to write.

A repeatability limit or a floor without a published source is marked "our choice"; where no limit is known there is none, and the report
then says nothing about the size of the change. Display ranges are our choice: FF over its whole scale, ADC and R2* over what marrow and
its lesions show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .model import UNIT_ADC, UNIT_FF, UNIT_FF_CHANGE, UNIT_R2STAR, UNIT_VOLUME, Finding, Role, finding

LUMBAR, BURDEN, LABS = "lumbar", "burden", "labs"
UNIT_RATIO = "1"  # UCUM: a number without a unit
DECIMALS = {
    UNIT_FF: 1, UNIT_FF_CHANGE: 1, UNIT_ADC: 0, UNIT_R2STAR: 0, UNIT_VOLUME: 1, "mm": 0,
    "g/L": 1, "mg/L": 1, "µmol/L": 0, "mmol/L": 2, "U/L": 0, "10*9/L": 0,
}  # fmt: skip
"""Digits after the point by unit; three significant digits where a unit has no entry."""
WATER_DOMINANT, FAT_DOMINANT = 100.0, 0.0  # % of one level, so that the mean over levels is the share of water-dominant ones
Code = tuple[str, str, str]
"""Value, scheme and meaning of a coded entry of DICOM."""


@dataclass(frozen=True)
class Limit:
    """A number with the reason it stands on.

    Attributes
    ----------
    value : float
        In the unit of the quantity, or in % of the baseline where ``relative``.
    source : Finding
        Where it comes from, or "our choice" and why.
    relative : bool
        True if ``value`` is a percentage of the baseline.
    """

    value: float
    source: Finding
    relative: bool = False


@dataclass(frozen=True)
class Quantity:
    """One row of the table.

    Attributes
    ----------
    key : str
        Its name in ``VertebraResult.measurements``, ``ExamResult.lumbar``, ``Burden``, ``ExamResult.labs`` and ``results.json``.
    label_en, label_ja : str
        What a reader sees where there is room.
    unit : str
    origin : {"lumbar", "burden", "labs"}
        The part of an exam that holds it; "lumbar" are those of the vertebrae and their mean.
    name : str
        What its measurements are called (English, as in the JSON).
    head_en, head_ja : str
        Column head, without the unit; "" where it has no column of its own in the tables of vertebrae.
    unit_of_change : str
        Unit of follow-up minus baseline where it is another one.
    digits : int or None
        Digits after the point; None: those that ``DECIMALS`` gives its unit.
    statistic : {"", "mean", "median"}
        Statistic of the voxels of the ROI on the map of this key that is reported as the value.
    moves_with : str
        Key of the map whose images it is made of, where that is another one: its ROIs are moved as on that map.
    computed_by : str
        Otherwise the function that computes it, "package.module:function"; it is called as ``vertebrae.measure`` tells.
    has_histogram : bool
        Whether the distribution of its voxels is kept, drawn and compared.
    is_followed : bool
        Whether exams are compared in it.
    floor : Limit or None
        Baseline below which the relative change is flagged.
    limit : Limit or None
        Change that measurement error alone can make (95 %).
    depends_on : tuple of str
        Keys of ``ExamResult.protocol`` that must agree for the change to be comparable.
    words_of_level : tuple of (float, str, str)
        Where a level has a word and no number: its value, the word in English and in Japanese.
    """

    key: str
    label_en: str
    label_ja: str
    unit: str
    origin: str
    name: str = ""
    head_en: str = ""
    head_ja: str = ""
    unit_of_change: str = ""
    digits: Optional[int] = None
    statistic: str = ""
    moves_with: str = ""
    computed_by: str = ""
    has_histogram: bool = False
    is_followed: bool = True
    floor: Optional[Limit] = None
    limit: Optional[Limit] = None
    depends_on: tuple[str, ...] = ()
    words_of_level: tuple[tuple[float, str, str], ...] = ()

    @property
    def decimals(self) -> Optional[int]:
        """Digits after the point; None: three significant ones."""
        return decimals_of(self.unit) if self.digits is None else self.digits

    @property
    def change_unit(self) -> str:
        """Unit of follow-up minus baseline."""
        return self.unit_of_change or self.unit

    def label(self, language: str) -> str:
        """What a reader sees, in "en" or "ja"."""
        return self.label_ja if language == "ja" else self.label_en

    def head(self, language: str) -> str:
        """Column head with the unit if it has one, in "en" or "ja"."""
        name = self.head_ja if language == "ja" else self.head_en
        if self.unit == UNIT_RATIO or self.words_of_level:
            return name
        return f"{name}（{self.unit}）" if language == "ja" else f"{name} ({self.unit})"


@dataclass(frozen=True)
class Map:
    """A kind of image that is kept per exam.

    Attributes
    ----------
    key : str
        Its name in ``ExamResult.maps``.
    title_en, title_ja : str
        What a reader sees.
    role : Role
        Of its volume: how it is shown and coded.
    is_ready : bool
        Whether a volume of that role is taken as it is from the exam.
    """

    key: str
    title_en: str
    title_ja: str
    role: Role
    is_ready: bool = False


@dataclass(frozen=True)
class Display:
    """How volumes of a role are shown and coded: unit, range in it, Slicer's colour node, quantity (DICOM PS3.16 CID 7180), UCUM unit."""

    unit: str
    window: tuple[float, float]
    colour: str
    quantity_code: Code
    unit_code: Code


# QIBA makes no claim for marrow. The two marrow figures at hand lie on either side of its claim for liver and prostate.
_ADC_LIMIT = Limit(27.0, finding("source.adc_limit"), relative=True)
_SCANNER = ("manufacturer", "field_strength_t")
_DIXON = (*_SCANNER, "echo_times_s")
_DIFFUSION = (*_SCANNER, "b_values")

QUANTITIES: tuple[Quantity, ...] = (
    Quantity(
        "ff", "Fat fraction, lumbar mean", "脂肪分画（腰椎平均）", UNIT_FF, LUMBAR, "FF", "FF", "FF",
        unit_of_change=UNIT_FF_CHANGE, statistic="mean", has_histogram=True,
        floor=Limit(5.0, finding("source.ff_floor")),
        limit=Limit(3.0, finding("source.ff_limit")),
        depends_on=(*_DIXON, "ff_origin"),
    ),
    Quantity(
        "ff_six_echo", "Fat fraction from the echoes, lumbar mean", "エコーからの脂肪分画（腰椎平均）", UNIT_FF, LUMBAR,
        "FF from the echoes", unit_of_change=UNIT_FF_CHANGE, statistic="mean", is_followed=False,
    ),
    Quantity(
        "ff_water_fat", "Signal fat fraction of water and fat, lumbar mean", "水・脂肪画像の信号脂肪分画（腰椎平均）", UNIT_FF, LUMBAR,
        "sFF from water and fat", unit_of_change=UNIT_FF_CHANGE, statistic="mean", is_followed=False,
    ),
    Quantity(
        "adc", "ADC, lumbar mean", "ADC（腰椎平均）", UNIT_ADC, LUMBAR, "ADC", "ADC", "ADC",
        statistic="median", has_histogram=True, limit=_ADC_LIMIT, depends_on=_DIFFUSION,
    ),
    Quantity(
        "ivim_f", "Perfusion fraction (IVIM), lumbar mean", "灌流分画（IVIM、腰椎平均）", "%", LUMBAR, "Perfusion fraction (IVIM)",
        "IVIM f", "IVIM f", unit_of_change=UNIT_FF_CHANGE, statistic="median", moves_with="adc", depends_on=_DIFFUSION,
    ),
    Quantity(
        "kurtosis", "Diffusion kurtosis, lumbar mean", "拡散尖度（腰椎平均）", UNIT_RATIO, LUMBAR, "Diffusion kurtosis",
        "Kurtosis", "尖度", digits=2, statistic="median", moves_with="adc", depends_on=_DIFFUSION,
    ),
    Quantity(
        "dropout_ratio", "Signal dropout ratio, lumbar mean", "信号低下率（腰椎平均）", "%", LUMBAR, "Dropout ratio",
        "Dropout", "信号低下率", unit_of_change=UNIT_FF_CHANGE, computed_by="vertebrae.dropout:dropout_of_roi",
        floor=Limit(7.6, finding("source.dropout_floor")),
        depends_on=_DIXON,
    ),
    Quantity(
        "water_dominant", "Water-dominant lumbar levels", "水優位の腰椎レベルの割合", "%", LUMBAR, "Water-dominant levels",
        "Dominance", "優位な成分", unit_of_change=UNIT_FF_CHANGE, digits=0, computed_by="vertebrae.dominance:water_dominant",
        depends_on=(*_DIXON, "ff_origin"),
        words_of_level=((WATER_DOMINANT, "water", "水"), (FAT_DOMINANT, "fat", "脂肪")),
    ),
    Quantity(
        "r2star", "R2*, lumbar mean", "R2*（腰椎平均）", UNIT_R2STAR, LUMBAR, "R2*", "R2*", "R2*",
        statistic="median", depends_on=_DIXON,
    ),
    Quantity(
        "t1_to_discs", "T1 signal over discs, lumbar mean", "T1信号の対椎間板比（腰椎平均）", UNIT_RATIO, LUMBAR, "T1 signal over discs",
        "T1 / disc", "T1／椎間板", digits=2, computed_by="vertebrae.t1_ratio:t1_to_discs", depends_on=_SCANNER,
    ),
    Quantity(
        "t1_to_muscle", "T1 signal over muscle, lumbar mean", "T1信号の対筋比（腰椎平均）", UNIT_RATIO, LUMBAR, "T1 signal over muscle",
        "T1 / muscle", "T1／筋", digits=2, computed_by="vertebrae.t1_ratio:t1_to_muscle", depends_on=_SCANNER,
    ),
    Quantity(
        "tdv", "Total diffusion volume (tDV)", "全拡散体積（tDV）", UNIT_VOLUME, BURDEN,
        floor=Limit(3.0, finding("source.tdv_floor")),
        depends_on=_DIFFUSION,
    ),
    Quantity(
        "gadc", "ADC over the tDV (gADC), median", "tDV内ADC（gADC）中央値", UNIT_ADC, BURDEN, limit=_ADC_LIMIT,
        depends_on=_DIFFUSION,
    ),
    Quantity(
        "m_protein", "M protein", "M蛋白", "g/L", LABS,
        floor=Limit(5.0, finding("source.m_protein_floor")),
    ),
    Quantity("beta2_microglobulin", "β2-microglobulin", "β2ミクログロブリン", "mg/L", LABS),
    Quantity("haemoglobin", "Haemoglobin", "ヘモグロビン", "g/L", LABS),
)

MAPS: tuple[Map, ...] = (
    Map("ff", "fat fraction", "脂肪分画", Role.PDFF),
    Map("ff_vendor", "fat fraction of the scanner", "装置の脂肪分画", Role.PDFF, is_ready=True),
    Map("ff_six_echo", "fat fraction from the echoes", "エコーからの脂肪分画", Role.PDFF),
    Map("ff_water_fat", "fat fraction from water and fat", "水・脂肪画像からの脂肪分画", Role.PDFF),
    Map("water", "water", "水", Role.WATER, is_ready=True),
    Map("fat", "fat", "脂肪", Role.FAT, is_ready=True),
    Map("in_phase", "in phase", "in-phase", Role.IN_PHASE, is_ready=True),
    Map("opposed_phase", "opposed phase", "opposed-phase", Role.OPPOSED_PHASE, is_ready=True),
    Map("third_echo", "third echo", "第3エコー", Role.MULTI_ECHO),
    Map("r2star", "R2*", "R2*", Role.R2STAR, is_ready=True),
    Map("t1", "T1-weighted", "T1強調", Role.T1, is_ready=True),
    Map("stir", "STIR", "STIR", Role.STIR, is_ready=True),
    Map("dwi_high", "DWI high b", "拡散強調（高b値）", Role.DWI),
    Map("dwi_low", "DWI low b", "拡散強調（低b値）", Role.DWI),
    Map("adc", "ADC", "ADC", Role.ADC),
    Map("ivim_f", "perfusion fraction (IVIM)", "灌流分画（IVIM）", Role.UNKNOWN),
    Map("kurtosis", "diffusion kurtosis", "拡散尖度", Role.UNKNOWN),
)

# Colours that are built in, so that the scene looks alike where Slicer's colour files are missing. HotMetalBlue gets brighter all the way
# from black, so it stays readable over the grey water image and without colour vision. The codes are compared with pydicom's copy of
# PS3.16 by a test; signals have none, as their scale is free.
DISPLAYS = {
    Role.PDFF: Display(
        UNIT_FF, (0.0, 100.0), "vtkMRMLPETProceduralColorNodePET-HotMetalBlue", ("129100", "DCM", "Fat fraction"), ("%", "UCUM", "Percent")
    ),
    Role.ADC: Display(
        UNIT_ADC, (0.0, 2000.0), "vtkMRMLColorTableNodeGrey",
        ("113041", "DCM", "Apparent Diffusion Coefficient"), ("um2/s", "UCUM", "um2/s"),
    ),
    Role.R2STAR: Display(UNIT_R2STAR, (0.0, 300.0), "vtkMRMLColorTableNodeGrey", ("126395", "DCM", "R2*"), ("/s", "UCUM", "/s")),
}


def decimals_of(unit: str) -> Optional[int]:
    """Digits after the point of a number in this unit; None: three significant ones."""
    return DECIMALS.get(unit)


def quantity(key: str) -> Quantity:
    """The row of this key.

    Raises
    ------
    KeyError
        If there is no such quantity.
    """
    return _BY_KEY[key]


def of_vertebrae() -> tuple[Quantity, ...]:
    """What is measured in each vertebra."""
    return tuple(row for row in QUANTITIES if row.origin == LUMBAR)


def ready_maps() -> dict[str, Role]:
    """Maps that an exam's own volumes are taken for, by key."""
    return {row.key: row.role for row in MAPS if row.is_ready}


def map_title(key: str, language: str = "en") -> str:
    """What a reader sees of a map; its key where it is none of ours."""
    titles = {row.key: row.title_ja if language == "ja" else row.title_en for row in MAPS}
    return titles.get(key, key)


_BY_KEY = {row.key: row for row in QUANTITIES}
