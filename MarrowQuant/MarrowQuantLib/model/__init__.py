"""The vocabulary: the plain data that passes between the steps and the rings.

Arrays are in (k, j, i) order, as ``slicer.util.arrayFromVolume`` and SimpleITK give them; points are RAS in mm. Units are fixed
everywhere: fat fraction in %, its change in percentage points; ADC in 10⁻⁶ mm²/s, written µm²/s; R2* in 1/s; volumes in mL.
"""

from .basics import (
    RESEARCH_USE_ONLY,
    UNIT_ADC,
    UNIT_FF,
    UNIT_FF_CHANGE,
    UNIT_FIELD,
    UNIT_R2STAR,
    UNIT_VOLUME,
    Cancelled,
    MarrowQuantError,
    Numbers,
    Progress,
    certain,
    days_between,
    iso_date,
    no_progress,
    part,
)
from .burden import ACCEPTED, PHYSIOLOGICAL, REJECTED, Burden, BurdenPart, Component, Infiltration, Profile, Seam, Stitching
from .findings import Finding, as_finding, finding, grouped, sentence
from .identity import ExamIdentity, Relation, identities_in, identity_from_plain, relation
from .keys import MapKey
from .laboratory import LabHistory, LabNote, LabValue
from .made import made
from .results import (
    Change,
    Classification,
    Contribution,
    DistributionChange,
    ExamResult,
    LesionChange,
    Origin,
    RegionChange,
    ResponseEstimate,
    Results,
    VoxelwiseChange,
)
from .settings import KINDS, Settings, Subject
from .vertebra import Histogram, Measurement, VertebraResult, VertebraROI
from .volume import RAS_TO_LPS, Role, Volume

__all__ = [
    "ACCEPTED",
    "KINDS",
    "PHYSIOLOGICAL",
    "RAS_TO_LPS",
    "REJECTED",
    "RESEARCH_USE_ONLY",
    "UNIT_ADC",
    "UNIT_FF",
    "UNIT_FF_CHANGE",
    "UNIT_FIELD",
    "UNIT_R2STAR",
    "UNIT_VOLUME",
    "Burden",
    "BurdenPart",
    "Cancelled",
    "Change",
    "Classification",
    "Component",
    "Contribution",
    "DistributionChange",
    "ExamIdentity",
    "ExamResult",
    "Finding",
    "Histogram",
    "Infiltration",
    "LabHistory",
    "LabNote",
    "LabValue",
    "LesionChange",
    "MapKey",
    "MarrowQuantError",
    "Measurement",
    "Numbers",
    "Origin",
    "Profile",
    "Progress",
    "RegionChange",
    "Relation",
    "ResponseEstimate",
    "Results",
    "Role",
    "Seam",
    "Settings",
    "Stitching",
    "Subject",
    "VertebraROI",
    "VertebraResult",
    "Volume",
    "VoxelwiseChange",
    "as_finding",
    "certain",
    "days_between",
    "finding",
    "grouped",
    "identities_in",
    "identity_from_plain",
    "iso_date",
    "made",
    "no_progress",
    "part",
    "relation",
    "sentence",
]
