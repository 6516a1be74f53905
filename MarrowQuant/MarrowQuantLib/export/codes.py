"""The codes that our DICOM objects bear, as (value, scheme, meaning).

Codes of DCM and SCT are those of DICOM PS3.16 as pydicom keeps them; a test compares value and meaning. What has no code there has one of
ours under the private scheme ``99MARROWQUANT`` (PS3.16, 8: private schemes begin with 99).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import model
from ..quantities import Code

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept

PRIVATE_SCHEME = "99MARROWQUANT"
VOLUME = ("118565006", "SCT", "Volume")
FROM_VOXELS = ("126030", "DCM", "Sum of segmented voxel method for volume")
MEAN, MEDIAN = ("373098007", "SCT", "Mean"), ("373099004", "SCT", "Median")
STANDARD_DEVIATION = ("386136009", "SCT", "Standard Deviation")
DERIVATION = ("121401", "DCM", "Derivation")
METHOD, MONO_EXPONENTIAL = ("370129005", "SCT", "Measurement Method"), ("113250", "DCM", "Mono-exponential diffusion model")
FINDING = ("121071", "DCM", "Finding")
LUMBAR_SPINE = ("122496007", "SCT", "Lumbar spine")
WHOLE_BODY = ("38266002", "SCT", "Entire body")
BONE_MARROW = ("14016003", "SCT", "Bone marrow")
VERTEBRA = ("51282000", "SCT", "Vertebra")
ANATOMY = ("123037004", "SCT", "Body structure")
ABNORMAL = ("49755003", "SCT", "Morphologically Abnormal Structure")
LESION = ("52988006", "SCT", "Lesion")
TISSUE_CATEGORY, TISSUE = ("85756007", "SCT", "Tissue"), ("85756007", "SCT", "Tissue")
BY_HAND, NEIGHBOURHOOD = ("123109", "DCM", "Manual Processing"), ("123101", "DCM", "Neighborhood Analysis")
MRI, WHOLE_BODY_MRI = ("126020", "DCM", "Multiparametric MRI"), ("126022", "DCM", "Multiparametric MRI of whole body")
PROBABILITY = ("122157", "DCM", "Probability")
FEATURES = {
    "mean": MEAN, "median": MEDIAN, "sd": STANDARD_DEVIATION, "p5": ("371888009", "SCT", "Fifth percentile"),
    "p10": ("371890005", "SCT", "Tenth percentile"), "p90": ("371887004", "SCT", "Ninetieth percentile"),
    "p95": ("371889001", "SCT", "Ninety-fifth percentile"), "min": ("255605001", "SCT", "Minimum"), "max": ("56851009", "SCT", "Maximum"),
}  # fmt: skip
"""First-order features that are a statistic of the quantity itself, in its unit."""
SHAPES = {"skewness": ("126051", "DCM", "Skewness"), "kurtosis_excess": ("126052", "DCM", "Kurtosis")}
"""First-order features without a unit."""
NO_UNITS = ("1", "UCUM", "no units")


def own(value: str, meaning: str) -> Code:
    """A code of our own scheme."""
    return value, PRIVATE_SCHEME, meaning


STATES = {
    "accepted": own("ACCEPTED", "Accepted as tumour load"),
    "rejected": own("REJECTED", "Rejected: not tumour load"),
    "physiological": own("PHYSIOLOGICAL", "Physiological high signal"),
}
"""State of a component of the total diffusion volume, as modifier of its segment and as evaluation in the report."""

STATE = own("STATE", "State of the component")
ROI = own("ROI", "Measurement region in a vertebral body")
TDV = own("TDV", "Total diffusion volume")
DROPOUT = own("DROPOUT", "Signal dropout ratio, 100 (in phase - opposed phase) / in phase")
SIGNAL = own("SIGNAL", "MR signal")
STANDARD_ERROR = own("SE", "Standard error")
CHANGE = own("CHANGE", "Change from baseline to follow-up")
BASELINE, FOLLOW_UP = own("BASELINE", "Value at baseline"), own("FOLLOWUP", "Value at follow-up")
QUALITATIVE = ("C0034375", "UMLS", "Qualitative Evaluations")
RELATIVE_CHANGE = own("RELCHANGE", "Relative change from baseline to follow-up")
RESPONSE = own("RESPONSE", "Probability of CR or VGPR")
LOWER_LIMIT, UPPER_LIMIT = own("LOW95", "Lower limit of the 95 % interval"), own("HIGH95", "Upper limit of the 95 % interval")
RESPONSE_MODEL = own("MODEL", "Response model")
LABORATORY = own("LAB", "Laboratory value")
REMARK = own("REMARK", "To know")
FURTHER = own("FURTHER", "Further measurements")
DIAMETER = ("103339001", "SCT", "Long Axis")
REGION_OF_BODY = own("BODYREGION", "Part of the skeleton, proposed from geometry")
VOXEL_COUNT = own("NVOXELS", "Number of voxels")
STIR_PATTERN = own("STIR", "Pattern of the marrow on STIR images")
STIR_PATTERNS = {pattern: own(f"STIR{pattern}", f"Kusumoto {pattern}: {name}") for pattern, name in model.STIR_PATTERNS.items()}
STIR_ORIGIN = own("STIRORIGIN", "Whose word the pattern is")
BY_READER, PROPOSED = own("BYREADER", "Set by the reader"), own("PROPOSED", "Proposed from the numbers")
STIR_LEVEL = own("STIRLEVEL", "STIR signal over that of the discs")
STIR_RIM = own("STIRRIM", "STIR signal at the endplates over the centre")
STIR_SPREAD = own("STIRSPREAD", "Spread of the STIR signal over that of the discs")
SIGNAL_RATIO = own("RATIO", "High-b signal over that of muscle")
QUANTITY_CODES = {
    "ff": ("129100", "DCM", "Fat fraction"),
    "adc": ("113041", "DCM", "Apparent Diffusion Coefficient"), "gadc": ("113041", "DCM", "Apparent Diffusion Coefficient"),
    "r2star": ("126395", "DCM", "R2*"), "dropout_ratio": DROPOUT, "tdv": VOLUME,
}  # fmt: skip
"""Of our indices by key; an index without an entry has a code of our own made from its key, see :func:`of_quantity`: also the rival fat
fractions, so that one group never holds two of one name."""
STATISTICS = {"mean": MEAN, "median": MEDIAN}
UNITS = {
    "%": ("%", "UCUM", "Percent"), "µm²/s": ("um2/s", "UCUM", "um2/s"), "1/s": ("/s", "UCUM", "/s"), "mL": ("cm3", "UCUM", "cm3"),
    "mm": ("mm", "UCUM", "mm"), "1": NO_UNITS, "g/L": ("g/L", "UCUM", "g/L"), "mg/L": ("mg/L", "UCUM", "mg/L"),
    "percentage points": ("%", "UCUM", "Percent"),
}  # fmt: skip
"""UCUM codes of our units; a mL is a cubic centimetre."""


def of_quantity(key: str, name: str) -> Code:
    """The concept of an index; one of our own where DICOM has none."""
    return QUANTITY_CODES.get(key) or own(key.upper()[:16], name[:64])


def of_unit(unit: str) -> Code:
    """The UCUM code of a unit as we write it; one that is not among :data:`UNITS` is taken as UCUM writes it."""
    plain = unit.replace("µ", "u").replace("²", "2") or "1"
    return UNITS.get(unit) or (plain[:16], "UCUM", plain[:64])


def concept(code: Code) -> CodedConcept:
    """A code as highdicom takes it."""
    from highdicom.sr import CodedConcept

    return CodedConcept(*code)
