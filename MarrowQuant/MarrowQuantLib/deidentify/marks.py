"""Says in the data set that it was de-identified, and how (PS3.15 E.1.1; PS3.3 C.7.1.1, C.12.1)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from .rules import Policy, table

METHOD = "DICOM PS3.15 {edition} Annex E by MarrowQuant"


def mark(dataset: Dataset, policy: Policy) -> None:
    """Write (0012,0062), (0012,0063), (0012,0064) and (0028,0303) at the top level."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD.format(edition=table().edition)
    dataset.DeidentificationMethodCodeSequence = [_code_item(*code) for code in policy.codes]
    dataset.LongitudinalTemporalInformationModified = "MODIFIED" if "dates" in policy.options else "REMOVED"


def _code_item(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item
