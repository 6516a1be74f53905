"""How the stored values of a series become its quantity, and what its unit is taken from."""

from __future__ import annotations

from .severity import NOTE

FINDINGS = {
    "scaled.stored": (NOTE, "stored values are used as they are"),
    "scaled.each_slice": (NOTE, "rescale slope and intercept of each slice"),
    "scaled.philips_equal": (NOTE, "displayed values (rescale slope and intercept; Philips' slopes are equal in all images)"),
    "scaled.philips_float": (NOTE, "Philips' floating point values, DV / (RS × SS), because the slopes differ between the images"),
    "scaled.philips_lost": (
        NOTE, "displayed values; Philips' scale slope is missing, so that signals may not be comparable between images",
    ),
    "scaled.phase": (NOTE, "phase in {unit}, because the values of the acquisition lie between {low:.4g} and {high:.4g}"),
    "scaled.mapping": (NOTE, "Real World Value Mapping in {unit}"),
    "scaled.mapping_range": (NOTE, "Real World Value Mapping in {unit}, which holds for stored values {ranges}; others are empty"),
    "scaled.rescale_type": (NOTE, "rescale slope and intercept, Rescale Type {text}"),
    "scaled.zero_empty": (NOTE, "{how}; 0 is empty"),
    "scaled.reciprocal": (NOTE, "{how}, R2* = {factor:g} / T2*, empty where 0"),
    "scaled.no_unit": (NOTE, "displayed values, no unit in the header"),
    "scaled.t2star": (NOTE, "T2* assumed to be in ms (no unit in the header); R2* = 1000 / T2*, empty where 0"),
    "scaled.rate": (NOTE, "displayed values, assumed to be in 1/s (no unit in the header)"),
    "scaled.by_median": (
        NOTE, "displayed values taken as {unit}, because their median is {median:.4g} (no unit in the header); 0 is empty",
    ),
    "scaled.by_water_fat": (
        NOTE, "no unit in the header; taken as {unit}, in which it agrees with water and fat within {misfit:.1f} points",
    ),
    "scaled.as_fraction": (
        NOTE,
        "no unit in the header; the fat-fraction map was taken as a fraction (1 is pure fat): its values lie between {low:.4g} and "
        "{high:.4g}",
    ),
    "scaled.as_percent": (
        NOTE, "no unit in the header; the fat-fraction map was taken as per cent: its values lie between {low:.4g} and {high:.4g}",
    ),
    "scaled.as_permille": (
        NOTE,
        "no unit in the header; the fat-fraction map was taken as per mille (1000 is pure fat): its values lie between {low:.4g} and "
        "{high:.4g}",
    ),
    "scaled.as_philips": (
        NOTE,
        "no unit in the header; the fat-fraction map was taken as unscaled Philips values (0 … 4095 is -100 … 200 %): its values lie "
        "between {low:.4g} and {high:.4g}",
    ),
    "scaled.by_reader": (NOTE, "displayed values × {scale:g} by the reader's decision"),
    "scaled.times": (NOTE, "{how}; × {scale:g} by the reader's decision"),
    "scaled.not_understood": (NOTE, "unit not understood"),
    "scaled.unknown": (NOTE, "unit unknown"),
}
