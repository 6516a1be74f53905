"""What is said of a piece by where it lies, and of what looks like an artefact."""

from __future__ import annotations

from .severity import CHECK, NOTE

FINDINGS = {
    "bone.inside": (NOTE, "Inside bone by {percent:.0f} %: {how}"),
    "bone.by_marrow": (NOTE, "normal marrow lies around it."),
    "bone.by_mirror": (NOTE, "the other side of the body has marrow there."),
    "bone.by_column": (NOTE, "it lies in the course of the column."),
    "bone.by_place": (NOTE, "bone usually lies there, though no normal marrow is seen nearby."),
    "bone.continued": (NOTE, "Counted: normal marrow continues at both of its ends, as along a rib."),
    "bone.like_column": (
        NOTE, "Counted: the pelvis shows no normal marrow, and signal and ADC of this piece are those of the diseased column."
    ),
    "bone.place_only": (
        NOTE, "Not counted: only its position speaks for bone, no normal marrow is seen nearby, and it is small; accept it if it is one."
    ),
    "bone.own_marrow": (NOTE, "Not counted: it is no brighter than the patient's own marrow; accept it if it is disease."),
    "bone.outside": (NOTE, "Not counted: it lies outside bone ({percent:.0f} % inside); accept it if it is disease."),
    "bone.node": (NOTE, "Not counted: probably a lymph node, it is round and lies outside bone ({percent:.0f} % inside)."),
    "bone.vessel": (NOTE, "Not counted: probably a vessel or a nerve, it is long and lies outside bone ({percent:.0f} % inside)."),
    "artefact.arc": (NOTE, "Not counted: probably an artefact, a thin long arc outside bone."),
    "artefact.ghost": (NOTE, "Not counted: probably a ghost or fat that was not suppressed, it lies under the skin."),
    "artefact.seam": (NOTE, "Not counted: probably an artefact, a flat piece at the seam of two stations."),
    "artefact.void_edge": (NOTE, "Not counted: probably an artefact, it lies at the edge of a signal void."),
    "physiology.liver": (NOTE, "Probably liver: a large organ on the right, outside bone."),
    "physiology.cord_part": (NOTE, "Probably a part of the spinal cord: small and thin, in the vertebral canal."),
    "physiology.organ": (NOTE, "Probably an organ: large, compact and outside bone."),
    "burden.no_bone": (
        CHECK,
        "Hardly any normal marrow is seen, so the region of bone is uncertain: look at what was set aside, or give a mask of bone.",
    ),
    "burden.bright_marrow": (
        CHECK,
        "The patient's own marrow is diffusely bright, {marrow:.1f} times muscle, close to the threshold of {ratio:g} (red marrow after "
        "G-CSF or bleeding, or diffuse disease): pieces no brighter than that are set aside, and the tDV is uncertain.",
    ),
    "burden.void": (
        CHECK,
        "{void_ml:.0f} mL of the skeleton show no signal at any b-value (a signal void, as beside metal): the tDV is a lower limit there.",
    ),
    "burden.interval": (
        NOTE,
        "The tDV may be {low:.0f} to {high:.0f} mL by what is not known of muscle, half a step of the threshold and the edges of its "
        "pieces; over the threshold in multiples of muscle it is (mL) {curve}.",
    ),
    "burden.none_at_any": (NOTE, "Nothing would be counted at a lower or a higher threshold either."),
    "burden.fragile": (
        CHECK,
        "The tDV of {tdv:.0f} mL hangs on the threshold: a little lower or higher it is {low:.0f} to {high:.0f} mL.",
    ),
    "burden.uncertain": (
        CHECK,
        "The tDV of {tdv:.1f} mL may be more than 20 % off: {edges:.1f} mL hang on where the edges of small pieces are drawn, "
        "{counted:.1f} mL count by their position alone, and {aside:.1f} mL beside bone are not counted; look at these pieces.",
    ),
    "burden.shading": (
        CHECK,
        "The signal of muscle differs by a factor of {factor:.1f} between parts of the body (dielectric shading, or coils of uneven "
        "sensitivity): the threshold is too low where it is bright and too high where it is dark, and the tDV is uncertain there.",
    ),
    "burden.noisy": (
        CHECK,
        "The images are noisy: muscle has {snr:.1f} times the noise at the highest b-value, less than {least:g}; lesions may be lost and "
        "the tDV is uncertain.",
    ),
}
