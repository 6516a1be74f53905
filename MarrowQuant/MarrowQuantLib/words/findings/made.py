"""How maps and numbers were made, a step a row; :func:`model.made.made` joins the steps of a number."""

from __future__ import annotations

from .severity import NOTE

FINDINGS = {
    "made.steps": (NOTE, "{steps:; }"),
    "made.simulated": (NOTE, "simulated"),
    "made.series": (NOTE, "series {series}"),
    "made.shell": (NOTE, "geometric mean of {n} images of one b-value"),
    "made.stitched": (NOTE, "Stitched from {n} stations with gains {gains:.3g}, blended linearly in the overlaps."),
    "made.echoes": (NOTE, "{n} complex echoes, fat spectrum {spectrum}, one R2*"),
    "made.water_fat": (NOTE, "signal fat fraction 100 F / (W + F) of the scanner's water and fat images"),
    "made.adc": (NOTE, "weighted least squares over b {b_values:g} s/mm²"),
    "made.ivim": (NOTE, "perfusion fraction of intravoxel incoherent motion, segmented fit over b {b_values:g} s/mm²"),
    "made.kurtosis": (NOTE, "kurtosis of the signal by least squares over b {b_values:g} s/mm²"),
    "made.bodies": (NOTE, "vertebral bodies from clicks"),
    "made.roi_mean": (NOTE, "mean"),
    "made.roi_median": (NOTE, "median"),
    "made.roi_moved": (NOTE, "ROI moved by {shift}"),
    "made.excluded": (NOTE, "excluded from the mean: {why}"),
    "made.levels_mean": (NOTE, "mean of the levels {levels}"),
    "made.dropout": (NOTE, "100 (IP − OP) / IP of the ROI's mean signals, not corrected for R2*"),
    "made.dropout_range": (NOTE, "it rises with FF only below about 50 %"),
    "made.dropout_corrected": (NOTE, "with the ROI's R2* of {r2star:.0f} 1/s taken out it is {dropout:.1f} %"),
    "made.t1_discs": (NOTE, "median over that of {n:neighbouring disc|neighbouring discs}"),
    "made.t1_muscle": (NOTE, "median over that of muscle 50 mm behind and 28 mm beside the body"),
    "made.voxels_there": (NOTE, "{n} voxels there"),
    "made.dominance": (NOTE, "water-dominant below a fat fraction of {limit:g} %, fat-dominant above (Takasu 2021)"),
    "made.dominance_image": (NOTE, "from the {image} image over the in-phase one"),
    "made.dominance_third_echo": (NOTE, "from three magnitude echoes: the other side of 50 % would need a decay that is not possible"),
    "made.dominance_near": (NOTE, "within {points:g} points of {limit:g} %, so a repeated exam may say otherwise"),
    "made.accepted": (NOTE, "accepted components"),
    "made.accepted_class": (NOTE, "accepted components with an ADC in this class"),
    "made.load_rule": (
        NOTE,
        "high-b signal at least {ratio:g} × muscle with edges at half height, ADC {low:g} to {high:g} {unit}, pieces of at least "
        "{volume:g} mL",
    ),
    "made.muscle_signal": (NOTE, "muscle signal {signal:.4g} ({how})"),
    "made.muscle_found": (
        NOTE,
        "median of {n} voxels around the most frequent signal among tissue with an ADC of {low:.0f} to {high:.0f} {unit}, "
        "found automatically",
    ),
    "made.muscle_points": (NOTE, "median of {n} voxels within {radius:g} mm of the reader's points in muscle"),
    "made.muscle_given": (NOTE, "given"),
    "made.skeleton_mask": (NOTE, "only inside the skeleton mask that the reader gave"),
    "made.load_adc": (NOTE, "median ADC over the tDV"),
}
