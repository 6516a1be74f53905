"""What is said of a water–fat fit as a whole."""

from __future__ import annotations

from .severity import CHECK, NOTE, SERIOUS

FINDINGS = {
    "fatwater.sign": (
        CHECK,
        "Which way the phase turns cannot be told from these images: both signs fit alike, and the wrong one exchanges water and fat. The "
        "sign that fat has in the model was kept; if the scanner's is known, give it.",
    ),
    "fatwater.rival": (
        CHECK,
        "{n:voxel|voxels} ({percent:.0f} % of those with signal) lie in regions that fit almost as well with water and fat exchanged; they "
        "are marked as swap suspects.",
    ),
    "fatwater.misfit": (
        CHECK,
        "What the fit leaves over is {percent:.0f} % of the signal and {times:.0f} times the noise, in the median: the echo times, the "
        "order of the echoes, the pairs of images or the field strength may be wrong.",
    ),
    "fatwater.magnitude": (
        CHECK,
        "Magnitude images alone cannot tell water from fat with certainty: in {percent:.0f} % of the voxels, most of them near 50 %, the "
        "other solution is almost as likely; look at the standard deviation, or fit complex images.",
    ),
    "fatwater.two_echoes": (CHECK, "Two echoes leave R2* unknown: the fat fraction of fast-decaying marrow is off by some points."),
    "fatwater.bipolar": (
        NOTE,
        "Odd and even echoes differ in phase by {degrees:.1f}° after the fit (bipolar readout): corrected by a smooth phase, which leaves "
        "{left:.1f}°.",
    ),
    "fatwater.bipolar_rest": (
        CHECK,
        "Odd and even echoes differ in phase by {degrees:.1f}° after the fit (bipolar readout): corrected down to {left:.1f}°, so the fat "
        "fraction may still be wrong.",
    ),
    "fatwater.bipolar_left": (
        SERIOUS,
        "Odd and even echoes differ in phase by {degrees:.1f}° after the fit (bipolar readout): not corrected, so the fat fraction may be "
        "wrong.",
    ),
    "fatwater.bipolar_no_gain": (
        NOTE,
        "Odd and even echoes differ in phase by {degrees:.1f}° after the fit; the correction of a bipolar readout improved the fit by no "
        "more than chance does, so it was not kept.",
    ),
}
