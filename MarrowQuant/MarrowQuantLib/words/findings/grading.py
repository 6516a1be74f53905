"""The rules behind the IMWG response category and the stage before therapy, and what was missing for them."""

from __future__ import annotations

from .severity import NOTE

FINDINGS = {
    "imwg.confirm": (NOTE, "The category holds when a second sample confirms it (general knowledge, not checked by the software)."),
    "imwg.unknown": (NOTE, "The course of the M protein is not known; light-chain-only disease is not graded."),
    "imwg.stable": (NOTE, "none of the other categories"),
    "imwg.serum_rise": (NOTE, "serum M protein {rise:.1f} g/L above the nadir of {serum_nadir:.1f} g/L (≥ 25 % and ≥ {least:g} g/L)"),
    "imwg.urine_rise": (NOTE, "urine M protein {rise:.0f} mg/24 h above the nadir (≥ 25 % and ≥ 200 mg/24 h)"),
    "imwg.flc_rise": (NOTE, "difference of the free light chains {rise:.0f} mg/L above the nadir (≥ 25 % and > 100 mg/L)"),
    "imwg.complete": (NOTE, "immunofixation of serum and urine negative, no plasmacytoma, plasma cells {cells:g} % (< 5 %)"),
    "imwg.stringent": (
        NOTE,
        "immunofixation of serum and urine negative, no plasmacytoma, plasma cells {cells:g} % (< 5 %), free-light-chain ratio {ratio:.2f} "
        "(0.26 to 1.65), no clonal plasma cells",
    ),
    "imwg.by_immunofixation": (NOTE, "M protein only by immunofixation ({found})"),
    "imwg.very_good": (NOTE, "serum M protein {fall:.0f} % lower (≥ 90 %), urine < 100 mg/24 h"),
    "imwg.very_good_serum": (NOTE, "serum M protein {fall:.0f} % lower (≥ 90 %); urine not known"),
    "imwg.partial": (NOTE, "serum M protein {fall:.0f} % lower (≥ 50 %), urine ≥ 90 % lower or < 200 mg/24 h"),
    "imwg.partial_serum": (NOTE, "serum M protein {fall:.0f} % lower (≥ 50 %); urine not known"),
    "imwg.urine_partial": (NOTE, "urine M protein ≥ 90 % lower or < 200 mg/24 h, no serum M protein at baseline"),
    "imwg.minor": (NOTE, "serum M protein {fall:.0f} % lower (≥ 25 %), urine 50 to 89 % lower"),
    "imwg.minor_serum": (NOTE, "serum M protein {fall:.0f} % lower (≥ 25 %); urine not known"),
    "imwg.unmeasurable": (
        NOTE, "The baseline M protein is below the limits of measurable disease (10 g/L, 200 mg/24 h; general knowledge)."
    ),
    "imwg.plasmacytoma": (NOTE, "A plasmacytoma is present; its size is not graded by the software."),
    "imwg.needs_m_protein": (NOTE, "M protein in serum or 24 h urine, above zero at baseline and known at both dates"),
    "imwg.needs_immunofixation": (NOTE, "immunofixation of {fluid}"),
    "imwg.needs_cells": (NOTE, "plasma cells in the marrow"),
    "imwg.needs_plasmacytoma": (NOTE, "whether a plasmacytoma is present"),
    "imwg.needs_serum": (NOTE, "serum M protein at the date judged"),
    "imwg.needs_urine": (NOTE, "M protein in 24 h urine: the category rests on the serum alone"),
    "imwg.for_cr": (NOTE, "for CR: {what}"),
    "imwg.scr_ratio": (NOTE, "for sCR: free-light-chain ratio"),
    "imwg.scr_cells": (NOTE, "for sCR: whether clonal plasma cells are present"),
    "stage.not_verified": (NOTE, "Thresholds from general knowledge; to be checked against Greipp 2005 and Palumbo 2015."),
    "stage.open": (NOTE, "not known"),
    "stage.b2m_high": (NOTE, "β2-microglobulin {b2m:g} mg/L (≥ 5.5)"),
    "stage.b2m_middle": (NOTE, "β2-microglobulin {b2m:g} mg/L (3.5 to 5.5)"),
    "stage.b2m_albumin": (NOTE, "β2-microglobulin {b2m:g} mg/L (< 3.5), albumin {albumin:g} g/L ({relation} 35)"),
    "stage.r_iss": (NOTE, "ISS {iss}, high LDH: {ldh}, high-risk abnormality: {risk}"),
    "stage.needs": (NOTE, "{what}"),
    "stage.needs_cytogenetics": (NOTE, "cytogenetics {name}"),
}
