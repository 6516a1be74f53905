"""What the simulated patients are made from: each number with its source, or called assumed. Nothing else enters the simulation.

An effect is *published* where a stranger can open the source and find the number, *computed* where it follows from a published number by
the formula that is named, and *assumed* where no number is at hand: then it is ours, and a result that rests on it says nothing about
patients.
"""

from __future__ import annotations

from dataclasses import dataclass

PUBLISHED, COMPUTED, ASSUMED = "published", "computed", "assumed"
TAKASU_2020 = "Takasu et al., PLoS One 2020;15(2):e0229607"
TAKASU_2021 = "Takasu et al., Medicine 2021;100(6):e24358"
TAKASU_2015 = "Takasu et al., PLoS One 2015;10(2):e0116842"
ZENG_2021 = "Zeng et al. 2021 (IDEAL-IQ, posterior iliac spine)"
KOUTOULIDIS = "Koutoulidis et al., Radiology 2017;282:484"
BJR_2022 = "BJR 2022, PubMed 35867890"


@dataclass(frozen=True)
class Group:
    """A group of simulated patients: how many, and mean and standard deviation of each index before the limits below.

    ``sources`` names for each index whether it is published, computed or assumed, and from where.
    """

    kind: str
    n: int
    age: tuple[float, float]
    male: float
    ff: tuple[float, float]
    adc: tuple[float, float]
    platelets: tuple[float, float]
    sources: dict[str, tuple[str, str]]


FF_LIMITS, ADC_LIMITS, AGE_LIMITS = (1.0, 95.0), (150.0, 2200.0), (20.0, 92.0)
_ASSUMED = (ASSUMED, "")

GROUPS = (
    Group("myeloma", 50, (66.9, 10.5), 0.59, (35.0, 18.0), (770.0, 135.0), (190.0, 60.0), {
        "n": (PUBLISHED, TAKASU_2020), "age": (PUBLISHED, TAKASU_2020), "male": (COMPUTED, f"45 of 76, {TAKASU_2021}"), "ff": _ASSUMED,
        "adc": (PUBLISHED, f"diffuse pattern, {KOUTOULIDIS}"), "platelets": _ASSUMED,
    }),
    Group("smouldering", 25, (66.0, 10.0), 0.55, (59.7, 18.0), (500.0, 150.0), (220.0, 60.0), {
        "n": _ASSUMED, "age": _ASSUMED, "male": _ASSUMED,
        "ff": (COMPUTED, f"√2 Φ⁻¹(0.834) SD above myeloma, AUC of {TAKASU_2015}"), "adc": _ASSUMED, "platelets": _ASSUMED,
    }),
    Group("MDS", 35, (70.0, 10.0), 0.60, (42.8, 30.1), (560.0, 150.0), (95.0, 70.0), {
        "n": _ASSUMED, "age": _ASSUMED, "male": _ASSUMED, "ff": (PUBLISHED, ZENG_2021), "adc": _ASSUMED, "platelets": _ASSUMED,
    }),
    Group("AA", 35, (55.0, 18.0), 0.50, (79.5, 15.0), (300.0, 90.0), (35.0, 30.0), {
        "n": _ASSUMED, "age": _ASSUMED, "male": _ASSUMED, "ff": (PUBLISHED, ZENG_2021), "adc": _ASSUMED, "platelets": _ASSUMED,
    }),
    Group("red marrow", 25, (50.0, 16.0), 0.40, (35.0, 14.0), (520.0, 120.0), (270.0, 90.0), {
        "n": _ASSUMED, "age": _ASSUMED, "male": _ASSUMED, "ff": (ASSUMED, "as in myeloma: chemical shift did not tell them apart, "
        + TAKASU_2021), "adc": _ASSUMED, "platelets": _ASSUMED,
    }),
    Group("control", 30, (67.1, 8.7), 0.67, (65.5, 14.7), (360.0, 110.0), (240.0, 60.0), {
        "n": (PUBLISHED, TAKASU_2021), "age": (COMPUTED, f"pooled from men and women of {TAKASU_2021}"),
        "male": (PUBLISHED, f"20 of 30, {TAKASU_2021}"), "ff": (PUBLISHED, ZENG_2021), "adc": (PUBLISHED, f"normal pattern, {KOUTOULIDIS}"),
        "platelets": _ASSUMED,
    }),
)  # fmt: skip

N_RESPONSE, AUC_FF, AUC_M_PROTEIN = 15, 0.964, 0.847
BMPC_CORRELATION, M_PROTEIN_CORRELATION = -0.6, -0.5
"""Of plasma cells (%) and of M protein with the fat fraction in myeloma, before limits: the sign is that of the source, the size is "
"assumed."""
AGE_CORRELATION = 0.3
LEVEL_SD, DROPOUT_SD = 4.0, 4.0
R2STAR = (110.0, 25.0)
HAZARD_RESPONSE, HAZARD_HIGH_RISK, MEDIAN_DAYS = 0.4, 2.0, 600.0
HIGH_RISK_SHARE, MISSING_SHARE = 0.25, 0.12
RAS_SHARE, TP53_SHARE = 0.4, 0.08
TDV_MEDIAN_ML, TDV_LOG_SD, TDV_CORRELATION = 180.0, 0.8, -0.4
"""Total diffusion volume in myeloma: log-normal, correlated with the fat fraction."""
READERS, REPEATED = 30, 0.145

OTHERS = (
    ("CR or VGPR, n", "15 of 50", PUBLISHED, TAKASU_2020),
    ("AUC of the change of fat fraction", "0.964", PUBLISHED, TAKASU_2020),
    ("AUC of the change of M protein", "0.847", PUBLISHED, TAKASU_2020),
    ("correlation of both changes within a group", "0.2", ASSUMED, ""),
    ("correlation of plasma cells with fat fraction, myeloma", "−0.6", ASSUMED, f"sign: {TAKASU_2021}"),
    ("correlation of M protein with fat fraction, myeloma", "−0.5", ASSUMED, f"sign: {TAKASU_2021}"),
    ("correlation of age with fat fraction, controls", "0.3", ASSUMED, f"weak: {TAKASU_2021}"),
    ("dropout ratio from the fat fraction", "3 T, TE 1.15 and 2.30 ms", COMPUTED, "fat spectrum of Ren et al., J Lipid Res 2008;49:2055"),
    ("SD of the dropout ratio's error, points", "4", ASSUMED, ""),
    ("SD of the fat fraction between levels, points", "4", ASSUMED, ""),
    ("R2*, 1/s", "110 ± 25", ASSUMED, ""),
    ("hazard ratio of progression, CR or VGPR", "0.4", ASSUMED, ""),
    ("hazard ratio of progression, high-risk cytogenetics", "2", ASSUMED, ""),
    ("median time to progression, days", "600", ASSUMED, ""),
    ("share of high-risk cytogenetics", "0.25", ASSUMED, ""),
    ("share of patients with a RAS mutation", "0.4", ASSUMED, ""),
    ("share of patients with a TP53 mutation", "0.08", ASSUMED, ""),
    ("total diffusion volume, myeloma, mL: median; SD of its logarithm", "180; 0.8", ASSUMED, ""),
    ("correlation of the total diffusion volume with the fat fraction, myeloma", "−0.4", ASSUMED, ""),
    ("share of missing laboratory values, at random", "0.12", ASSUMED, ""),
    ("test–retest coefficient of variation of the ADC", "14.5 %", PUBLISHED, BJR_2022),
    ("test–retest SD of the fat fraction, points", "1.1", ASSUMED, ""),
    ("inter-reader coefficient of variation of the ADC", "3.6 %", PUBLISHED, "BJR 2021;94:20200682"),
)
