"""What is said of a change between two exams, and of what a value is held against."""

from __future__ import annotations

from .severity import CHECK, NOTE, SERIOUS

FINDINGS = {
    "change.undefined": (
        CHECK, "relative change undefined: the baseline is {baseline}, so there is no relative change; read the absolute change."
    ),
    "change.small_baseline": (
        CHECK,
        "small baseline: the baseline is below {floor:g} {unit}, so the relative change is unstable ({source}); read the absolute change.",
    ),
    "change.with_noise": (NOTE, "with the noise of both values, ±{noise:.2g} {unit}"),
    "change.inside_limit": (NOTE, "inside measurement error: the change is within ±{limit:g} {unit} ({source:; })."),
    "change.protocol": (CHECK, "protocol differs: {what} {before} at baseline, {after} at follow-up."),
    "change.levels": (
        CHECK, "levels differ: the mean is over {before} at baseline and over {after} at follow-up; compared over {levels}."
    ),
    "change.no_common_level": (
        SERIOUS,
        "{index} is not compared, and no probability rests on it: its mean is over {before} at baseline and over {after} at follow-up, "
        "which have no level in common. Mark the same levels in both exams.",
    ),
    "change.few_voxels": (CHECK, "Only {n:voxel|voxels} {when}: the overlap of so few voxels is too low even without a change."),
    "rac.new": (
        NOTE, "New lesion on diffusion: RAC 4 as an equivocal new lesion; RAC 5 is for the reader (its text is not at hand)."
    ),
    "rac.uncertain": (
        NOTE,
        "Seen at one exam only, but too small, part of a vertebra that is diseased anyway, or where the two exams do not match well "
        "enough: neither new nor resolved by itself; look at both exams.",
    ),
    "rac.gone": (NOTE, "No signal above the threshold is left: return of normal marrow, to be confirmed on the other images."),
    "rac.why": (
        NOTE,
        "ADC {adc_before:.0f} to {adc_after:.0f} µm²/s ({adc_percent} %), high-b signal over muscle {signal_percent} %: {rule}.",
    ),
    "rac.above": (NOTE, "the ADC rose above {limit:.0f}"),
    "rac.large_rise": (NOTE, "a rise of {percent:.0f} % or more with falling signal"),
    "rac.from_low": (NOTE, "the ADC rose from {low:.0f} or less to below {limit:.0f}"),
    "rac.rise": (NOTE, "a rise of more than {percent:.0f} % with falling signal"),
    "rac.rising_signal": (NOTE, "rising signal with an ADC below {limit:.0f}"),
    "rac.no_change": (NOTE, "no change by these rules"),
    "normal.no_pdff": (
        NOTE, "The fat fraction is a signal fraction or of unknown origin; the published values are proton-density fat fractions."
    ),
    "normal.band": (NOTE, "Healthy {sex}, {age_from} to {age_to} years: {mean:g} ± {sd:g} % ({technique}; {source})."),
    "normal.none": (NOTE, "No published PDFF of healthy people of this sex and age ({sex}, {age:.0f} years) is at hand."),
    "normal.other_technique": (
        NOTE,
        "No published PDFF of healthy people of this sex and age ({sex}, {age:.0f} years) is at hand. Another technique gave about "
        "{mean:.0f} % on average (chemical-shift misregistration, AJR 1996, no spread known); it cannot be compared with a PDFF.",
    ),
}
