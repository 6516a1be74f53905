"""De-identification for a core lab: DICOM PS3.15 Annex E, keyed, with what quantification needs.

>>> deidentify("exam", "shared", "project.key")            # doctest: +SKIP
"""

from .folder import LeftOut, Summary, deidentify
from .rules import PROFILES, RETAINABLE

__all__ = ["PROFILES", "RETAINABLE", "LeftOut", "Summary", "deidentify"]
