"""What is said of the response of MDS and aplastic anaemia by the blood."""

from __future__ import annotations

from .severity import CHECK, NOTE

FINDINGS = {
    "blood.mds_improved": (NOTE, "Haematological improvement (IWG 2018) in: {tests}."),
    "blood.mds_not_improved": (NOTE, "No haematological improvement (IWG 2018); asked about: {tests}."),
    "blood.mds_nothing_low": (NOTE, "No count with values at both dates was low enough at the baseline to show an improvement (IWG 2018)."),
    "blood.aa_complete": (NOTE, "Haemoglobin 110 g/L or more, neutrophils above 1.5 and platelets above 150 × 10⁹/L without transfusion."),
    "blood.aa_partial": (NOTE, "No longer severe, and no transfusion in the sheet."),
    "blood.aa_none": (NOTE, "Neither complete nor partial: still severe, transfused, or not severe at the baseline."),
    "blood.aa_unknown": (CHECK, "Haemoglobin, neutrophils and platelets are not all known beside the second date."),
    "blood.too_soon": (CHECK, "The dates lie {days} days apart; a response has to last {needed} days."),
    "blood.transfused": (CHECK, "A transfusion stands in the {days} days before the second date; the counts may be those of donors."),
    "blood.iron": (CHECK, "Ferritin is above {limit:g} µg/L: iron may shorten T2* of the marrow, and fat fraction and R2* rest on it."),
}
