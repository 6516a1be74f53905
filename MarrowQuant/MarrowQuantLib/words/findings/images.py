"""What is said of an exam's images and the maps made from them: recognising, Dixon, water and fat, diffusion stations."""

from __future__ import annotations

from .severity import CHECK, NOTE, SERIOUS

FINDINGS = {
    "exam.series_unused": (CHECK, "Series {series} was not used: {why}"),
    "exam.other_series": (
        NOTE, "Series {series} was measured; left aside were the images of the same kind of series {others}.",
    ),
    "exam.set_by_reader": (NOTE, "{volume} of series {series}: {changes} set by the reader."),
    "exam.no_rois": (CHECK, "No vertebral ROI was given: fat fraction and ADC per vertebra were not measured."),
    "dixon.other_stations": (CHECK, "Water and fat do not have the same stations; their fat fraction is that of station {station}."),
    "dixon.no_field_strength": (CHECK, "Series {series}: the echoes were not fitted because the field strength is not in the header."),
    "dixon.not_joined": (CHECK, "The Dixon stations cannot be joined, and only station {station} is measured: {why}"),
    "dixon.disagree": (
        SERIOUS,
        "The scanner's fat fraction and the one fitted to the echoes differ by {points:+.1f} percentage points (median in tissue); check "
        "the scaling and the fat model before trusting either.",
    ),
    "dixon.t1_bias": (
        NOTE,
        "Flip angle {angle_deg:g}° and TR {tr_ms:.3g} ms may raise a fat fraction of {at_percent:.0f} % by about {points:.1f} points (T1 "
        "of water {water_s:g} s and of fat {fat_s:g} s assumed); it was not corrected.",
    ),
    "swap.level": (
        SERIOUS, "{level}: FF {value:.0f} % is close to the mirror image of the other levels ({usual:.0f} %); water and fat may be swapped."
    ),
    "swap.disc": (SERIOUS, "The disc between {above} and {below} reads {ff_percent:.0f} % fat; water and fat may be swapped there."),
    "swap.slices_change": (
        SERIOUS,
        "Water and fat look swapped in {n} of {n_slices} slices, from slice {first} on: there they change places against the neighbouring "
        "slices.",
    ),
    "swap.slices_skin": (
        SERIOUS,
        "Water and fat look swapped in {n} of {n_slices} slices, from slice {first} on: only {percent:.0f} % of what lies {from_mm:g} to "
        "{to_mm:g} mm under the skin reads as fat; look at the water and fat images.",
    ),
    "diffusion.few_b_values": (
        CHECK,
        "ADC and tDV were not computed: fewer than two b-values were found at every station; load the missing b-value of each station.",
    ),
    "diffusion.ready_adc": (
        CHECK,
        "The ADC is the scanner's own map, because there are no images at two or more b-values: how it was fitted is not known, "
        "and no tumour load is measured.",
    ),
    "diffusion.b_missing": (CHECK, "b {b_values:g} s/mm² is missing at some stations and was not used."),
    "diffusion.b_shifted": (
        NOTE,
        "Station {station}: the images at b {b_value:g} s/mm² lay {mm:.1f} mm off those at the lowest b-value (voxels along i, j, k: "
        "{voxels}); they were moved back before the ADC was fitted.",
    ),
    "diffusion.b_shift_left": (
        CHECK,
        "Station {station}: the b-values do not match: the images at b {b_value:g} s/mm² seem to lie {mm:.1f} mm off those at the lowest "
        "b-value (voxels along i, j, k: {voxels}), which could not be undone; the ADC is doubtful at edges.",
    ),
    "diffusion.rising": (
        SERIOUS,
        "Station {station}: the images at b {high:g} s/mm² are {percent:.0f} % brighter than those at b {low:g} s/mm², which diffusion "
        "never makes them: the b-values stand in another order than the images, or the images were scaled each in its own way. The ADC "
        "is wrong.",
    ),
    "diffusion.b_turned": (
        NOTE,
        "Station {station}: the images at b {b_value:g} s/mm² were turned against those at the lowest b-value (degrees about i, j, k: "
        "{degrees}); they were turned back before the ADC was fitted.",
    ),
    "diffusion.b_turn_left": (
        CHECK,
        "Station {station}: the b-values do not match: the images at b {b_value:g} s/mm² seem turned against those at the lowest b-value "
        "(degrees about i, j, k: {degrees}), which could not be undone; the ADC is doubtful at edges.",
    ),
    "diffusion.repeated": (NOTE, "Station {station} was acquired {n} times; the acquisition from series {series} on is used."),
    "diffusion.unused": (
        CHECK,
        "Station {station}: b {b_values:g} s/mm² of series {series} lies where the acquisition that is used lies, and has not all of its "
        "b-values; it was not used.",
    ),
    "diffusion.b_by_station": (
        NOTE, "b {b_values:g} s/mm² of different stations are taken as one b-value; each station was fitted with its own."
    ),
    "diffusion.part_of_body": (
        NOTE, "The diffusion images cover {extent_mm:.0f} mm from head to feet: the tDV is that of this part of the body."
    ),
    "diffusion.station_apart": (CHECK, "{why} Station {station} is measured by itself and is not in the tDV."),
    "diffusion.kept_apart": (NOTE, "kept apart, station {station}: {why}"),
    "diffusion.station_moved": (
        NOTE,
        "Station {station} shows the body {off_mm:.1f} mm off the middle station and was moved by whole voxels ({voxels} along i, j, k); "
        "{left_mm:.1f} mm remain, and nothing was resampled.",
    ),
    "diffusion.no_overlap": (
        CHECK, "Stations {station} do not overlap ({missing:slice is|slices are} missing between them); their brightness was not matched."
    ),
    "diffusion.facing": (
        CHECK,
        "Stations {station} do not overlap ({missing:slice is|slices are} missing between them); their brightness was matched by the "
        "slices that face each other, which is less certain.",
    ),
    "diffusion.dark_overlap": (CHECK, "Stations {station} overlap, but with too little signal to match their brightness."),
    "diffusion.nearest_pixel": (NOTE, "Station {station} is shifted in-plane by {pixels:.2f} pixels and was placed on the nearest pixel."),
    "diffusion.nearest_slice": (
        NOTE, "Station {station} lies {off_mm:.1f} mm off the slices of the middle station and was placed on the nearest slice."
    ),
}
