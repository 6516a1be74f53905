"""Why a series must not be measured, as a clause: "not measured: …"."""

from __future__ import annotations

from .severity import SERIOUS

FINDINGS = {
    "unusable.error": (SERIOUS, "{error:clause}"),
    "unusable.file": (SERIOUS, "{error}"),
    "unusable.excluded": (SERIOUS, "excluded by the reader's decision"),
    # b-value
    "unusable.no_b": (
        SERIOUS,
        "its header has no b-value, which is lost when private elements are removed; give it as an override (b_value, in the panel's table "
        "of series or by --overrides)",
    ),
    "unusable.dwi_without_b": (
        SERIOUS, "the reader calls it dwi, but its header has no b-value; give b_value in the override too",
    ),
    "unusable.b_contradicts": (
        SERIOUS,
        "its header contradicts itself: b {b:g} by {source} and b {other:g} by {another}; give b_value as an override",
    ),
    # the header
    "unusable.bits": (SERIOUS, "its header contradicts itself on which bits are stored (0028,0100 to 0028,0102)"),
    "unusable.unreadable": (SERIOUS, "{what} of {n} of its {count} slices is there but cannot be read as it stands"),
    "unusable.table": (SERIOUS, "a look-up table (0028,3000) stands in place of its rescale slope, which is not read"),
    "unusable.tiles_contradict": (SERIOUS, "its header contradicts itself on how many tiles the image has: {n:g} and {other:g}"),
    "unusable.tiles_removed": (
        SERIOUS, "all its slices are tiles of one image (a mosaic), and the number of tiles was removed from its header",
    ),
    "unusable.tiles_unfit": (SERIOUS, "all its slices are tiles of one image (a mosaic), and {n} tiles do not fit its size"),
    "unusable.grid_removed": (
        SERIOUS, "all its slices are tiles of one image (a grid), and the number of tiles was removed from its header",
    ),
    # its slices
    "unusable.no_place": (SERIOUS, "position, orientation or pixel spacing is missing in the header"),
    "unusable.no_thickness": (SERIOUS, "a single slice without a thickness in its header"),
    "unusable.sheared": (
        SERIOUS, "the slices are not stacked at right angles: they drift sideways by {pixels:.1f} pixels over the volume",
    ),
    "unusable.far_apart": (SERIOUS, "its slices are {step:.3g} mm apart and {thickness:.3g} mm thick: single slices, and no volume"),
    "unusable.shared_place": (
        SERIOUS, "{n:slice lies|slices lie} at a position that another slice already has, with different content",
    ),
    "unusable.gap": (
        SERIOUS,
        "{n:slice is missing|slices are missing}: after slice {after} of {count} the step is {step:.2f} mm, elsewhere {usual:.2f} mm",
    ),
    "unusable.uneven": (
        SERIOUS, "the slices are not evenly spaced: after slice {after} of {count} the step is {step:.2f} mm, elsewhere {usual:.2f} mm",
    ),
    "unusable.short": (
        SERIOUS, "{n:slice is|slices are} missing at an end: other volumes of this acquisition have {full} slices",
    ),
    "unusable.file_lost": (
        SERIOUS, "a file that seems to be of its series could not be read, so that a slice may be missing at an end",
    ),
    "unusable.image_without_place": (
        SERIOUS, "an image of its series has no position, orientation or pixel spacing, so that a slice may be missing at an end",
    ),
    "unusable.part": (SERIOUS, "it seems to be a part of another volume of its series, from which its header differs"),
    "unusable.continued": (
        SERIOUS,
        "{n:image of its series lies|images of its series lie} where its next slice would, with another {what}; a slice may be missing at "
        "an end",
    ),
    # its scale
    "unusable.slope_zero": (SERIOUS, "a scaling slope in its header is 0, so that the values of its voxels are lost"),
    "unusable.scale_absurd": (
        SERIOUS, "the scaling in its header is absurd (a slope or intercept beyond 10¹⁵), so that its values cannot be trusted",
    ),
    "unusable.scale_of_slice_lost": (
        SERIOUS, "{what} is missing in slice {slices} of {count}, and the others have it: their values do not compare",
    ),
    "unusable.scale_of_slices_lost": (
        SERIOUS, "{what} is missing in slices {slices} of {count}, and the others have it: their values do not compare",
    ),
    "unusable.scale_of_many_lost": (
        SERIOUS, "{what} is missing in slices {slices} … of {count}, and the others have it: their values do not compare",
    ),
    "unusable.scale_lost": (
        SERIOUS, "{what} is missing in all its slices, and the other images have it: their values do not compare",
    ),
    "unusable.scale_differs": (SERIOUS, "{what} differs between the slices"),
    "unusable.mapping_share": (
        SERIOUS, "its Real World Value Mapping in {unit} holds for {percent:.0f} % of its values only; give its scale as an override",
    ),
    "unusable.mapping_contradicts": (
        SERIOUS,
        "its header contradicts itself: the Real World Value Mapping in {unit} and the rescale slope in {other} give different values; "
        "give its scale as an override",
    ),
    "unusable.no_unit": (
        SERIOUS, "its Real World Value Mapping has no unit and gives other values than its rescale slope; give its scale as an override",
    ),
    "unusable.mapping_unit": (
        SERIOUS,
        "its Real World Value Mapping states the unit {unit}, which is not understood as one of {map}; give its scale as an override",
    ),
    "unusable.rescale_unit": (
        SERIOUS, "Rescale Type (0028,1054) states the unit {unit}, which is not understood as one of {map}; give its scale as an override",
    ),
    "unusable.impossible": (
        SERIOUS,
        "by its unit ({how}) its values are about {typical:.4g} {unit}, which is impossible; give its scale as an override",
    ),
    "unusable.ff_grey": (
        SERIOUS,
        "the scale of the fat-fraction map is not known: its values up to {high:.4g} may be grey levels of a picture; give its scale as an "
        "override",
    ),
    "unusable.ff_unit": (
        SERIOUS,
        "the scale of the fat-fraction map is not known: it has no unit, and values between {low:.4g} and {high:.4g} may be per cent or "
        "per mille; give its scale as an override",
    ),
    "unusable.adc_empty": (SERIOUS, "the ADC map is empty, its scale cannot be checked"),
    "unusable.adc_scale": (
        SERIOUS, "the median of the ADC map is {median:.4g}, which fits no known unit; give its scale as an override",
    ),
    "unusable.phase_empty": (SERIOUS, "the phase images are empty"),
    "unusable.phase_scale": (SERIOUS, "the phase reaches {high:.4g}, which is no known scale"),
}
