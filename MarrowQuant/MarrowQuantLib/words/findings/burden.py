"""What is said of the tumour load, and why a component was proposed as it was."""

from __future__ import annotations

from .severity import CHECK, NOTE

FINDINGS = {
    "burden.unmeasured": (CHECK, "The total diffusion volume was not measured. {why}"),
    "burden.part_apart": (
        NOTE,
        "The tDV is that of the stitched stations alone; part {part} of the diffusion images has {tdv_ml:.1f} mL by itself, which are not "
        "in it.",
    ),
    "burden.part_unmeasured": (CHECK, "Part {part} of the diffusion images has no tDV of its own. {why}"),
    "burden.muscle_doubt": (
        CHECK,
        "The ADC around the points in muscle is {adc:.0f} µm²/s, where muscle has {low:.0f} to {high:.0f}; check that they lie in muscle.",
    ),
    "burden.none_accepted": (NOTE, "No component is accepted: the tDV is 0 mL and the gADC has no value."),
    "burden.inside_mask": (
        NOTE, "The tDV counts only what lies inside the skeleton mask that was given; lesions outside it are not listed."
    ),
    "burden.mask_of_tool": (
        NOTE,
        "The mask is a labelmap of {tool}: its labels of bones ({bones}) are the mask of bone, its {n} other labels are not.",
    ),
    "burden.mask_without_ribs": (
        CHECK,
        "{tool} has no labels for ribs, sternum and skull: lesions there are not counted; add them to the mask, or measure without it.",
    ),
    "burden.mask_labels": (
        CHECK, "The mask holds {n} different labels, and all of them are taken for bone; give a mask of bone alone if some are organs."
    ),
    "burden.without_adc": (NOTE, "{without_adc:.1f} mL above the signal threshold have no valid ADC and are not in the tDV."),
    "burden.decisions_lost": (CHECK, "{n} of the reader's decisions meet no component at these thresholds."),
    "burden.joined": (CHECK, "Component {component} joins pieces that were decided differently; the last decision holds."),
    "burden.grown": (CHECK, "Component {component} has grown from {before_ml:.1f} to {now_ml:.1f} mL since it was {was}."),
    "burden.imwg_focal": (
        NOTE,
        "{n} focal lesions larger than 5 mm: more than one on MRI, each of 5 mm or more, is a myeloma-defining event of the IMWG criteria "
        "(PMC4737237); proposed from diffusion alone, the reader decides.",
    ),
    "burden.by_rois": (NOTE, "ROIs at least {percent:.0f} % inside the accepted mask"),
    "burden.pattern": (
        NOTE,
        "Diffuse: {vertebrae} or more infiltrated vertebrae ({how}; elsewhere pieces of the spine of {ml:g} mL or more). Focal: other "
        "accepted pieces longer than {focal_mm:g} mm. Combined: both. Micronodular: neither, and {many} or more pieces of {focal_mm:g} mm "
        "or less.",
    ),
    "burden.pattern_coarse": (
        NOTE,
        "Diffuse: {vertebrae} or more infiltrated vertebrae ({how}; elsewhere pieces of the spine of {ml:g} mL or more). Focal: other "
        "accepted pieces longer than {focal_mm:g} mm. Combined: both. Micronodular: neither, and {many} or more pieces of {focal_mm:g} mm "
        "or less. With voxels of {voxel_mm:g} mm a micronodular pattern cannot be seen.",
    ),
    "burden.decided": (NOTE, "Decided by the reader."),
    "burden.painted": (NOTE, "Painted by the reader."),
    "physiology.none": (NOTE, "Signal and ADC as in active disease; no rule for normal tissue applies."),
    "physiology.head": (NOTE, "Probably brain: the large piece at the top of the body."),
    "physiology.brain": (NOTE, "Probably brain: it lies within the brain."),
    "physiology.kidney": (NOTE, "Probably kidney: a compact organ beside the column with a high ADC."),
    "physiology.spleen": (NOTE, "Probably spleen: a compact organ in the left upper abdomen without a counterpart."),
    "physiology.cord": (NOTE, "Probably spinal cord: long, thin, cranio-caudal and near the midline."),
    "physiology.fluid": (NOTE, "Probably fluid (bladder, cerebrospinal fluid, cyst): its ADC is that of fluid."),
    "physiology.bowel": (NOTE, "Probably bowel or an abdominal node: it lies in front of the column, where there is no bone."),
    "physiology.pelvis": (
        NOTE, "Probably uterus, ovary, prostate or rectum: it lies in the middle of the pelvis, where there is no bone."
    ),
    "physiology.testis": (NOTE, "Probably testis: it lies below the pelvis near the midline, where there is no bone."),
    "physiology.neck": (NOTE, "Probably a node or gland of the neck: it lies beside the cervical spine, where there is no bone."),
}
