"""Where the limits of change, floors and thresholds of the tumour load come from, or that they are our choice, and why."""

from __future__ import annotations

from .severity import NOTE

FINDINGS = {
    "source.ff_floor": (
        NOTE, "our choice: below 5 % the baseline is of the size of the repeatability of the method, so the ratio is noise",
    ),
    "source.ff_limit": (
        NOTE,
        "our choice, after the repeatability coefficient of about 3 points in liver (Yokoo 2018, Radiology 286:486; not checked against "
        "the paper); no limit for marrow is at hand",
    ),
    "source.adc_limit": (
        NOTE,
        "QIBA claim for liver and prostate (Radiology 2024, PMC11537247), taken over for marrow by our choice: QIBA makes no claim for "
        "marrow, where published figures run from 14.8 % (normal marrow, Messiou 2011) to 40 % (2.77 × 14.5 % test–retest, myeloma "
        "lesions, BJR 2022, PubMed 35867890)",
    ),
    "source.dropout_floor": (
        NOTE, "our choice: the dropout that a fat fraction of 5 % gives at 3 T without R2* decay (computed, Ren spectrum)",
    ),
    "source.tdv_floor": (NOTE, "our choice: ten times the smallest component that is kept by default (0.3 mL)"),
    "source.m_protein_floor": (
        NOTE, "our choice, after the absolute rise of 0.5 g/dL without which the IMWG criteria do not count a progression",
    ),
    "source.site": (NOTE, "the site's own repeatability coefficient, {subjects} subjects with {readings} readings"),
    "source.site_how": (NOTE, "the site's own repeatability coefficient, {subjects} subjects with {readings} readings; {how}"),
    "source.preset_active": (
        NOTE,
        "Ratio: normal marrow has a muscle-normalised b 900 signal of 3.2 ± 0.9 (100 asymptomatic people, PMC8161193); mean + 2 SD, "
        "arithmetic ours. ADC from 550: diffuse disease against normal marrow above 548 (Koutoulidis 2017, Radiology 282:484), rounded by "
        "us. Up to 1400 µm²/s: above it a lesion counts as likely responding in MET-RADS-P (Padhani 2017, Eur Urol 71:81).",
    ),
    "source.preset_sensitive": (
        NOTE,
        "Ratio: normal marrow has a muscle-normalised b 900 signal of 3.2 ± 0.9 (100 asymptomatic people, PMC8161193); mean + 1 SD, "
        "arithmetic ours: about one healthy person in six exceeds it. ADC as in active disease.",
    ),
    "source.preset_strict": (
        NOTE,
        "ADC from 655: normal against abnormal marrow with sensitivity 90 % and specificity 93 % (Messiou 2011, Eur Radiol 21:1713); it "
        "misses diffuse disease with fat in it. Up to 1400 µm²/s: above it a lesion counts as likely responding in MET-RADS-P (Padhani "
        "2017, Eur Urol 71:81). Ratio as in active disease.",
    ),
    "source.preset_responding": (
        NOTE,
        "As active disease, with the ADC up to 2000 by our choice (below fluid), so that lesions above 1400, which MET-RADS-P counts as "
        "likely responding, stay in the volume while they are still bright.",
    ),
}
