"""What is said of vertebrae and their ROIs: measuring, the bodies found, labels taken over, ROIs carried to a follow-up."""

from __future__ import annotations

from .severity import CHECK, NOTE

FINDINGS = {
    "roi.outside": (CHECK, "{level} lies outside the field of view of the {map} map."),
    "roi.cut": (CHECK, "{level}: only {percent:.0f} % of the ROI is inside the field of view of the {map} map."),
    "roi.few_voxels": (CHECK, "{level}: only {n:voxel|voxels} on the {map} map; the number is uncertain."),
    "roi.stands_out": (
        CHECK,
        "{level}: {map} of {value} {unit} stands out from the {typical} {unit} of its neighbours; look for a lesion, fracture, "
        "haemangioma, endplate change, hardware or a misplaced ROI, and exclude the level with the reason if there is one.",
    ),
    "dominance.not_known": (
        NOTE,
        "{level}: whether water or fat dominates is not known, because in- and opposed-phase magnitudes are the same on both sides of 50 % "
        "fat; a fat fraction, a water or a fat image would tell.",
    ),
    "dominance.third_echo": (
        NOTE,
        "{level}: whether water or fat dominates is not known, because both sides of 50 % fat explain the magnitudes of three echoes; a "
        "fat fraction, a water or a fat image would tell.",
    ),
    "roi.made_smaller": (NOTE, "{level}: an ROI with half-lengths of {wanted} mm does not fit into the body found; it was made {made} mm."),
    "roi.moved_with_image": (
        NOTE,
        "The {images} show the column {mm:.1f} mm off the Dixon images ({shift}); the ROIs were moved by that on them (mutual information "
        "{before:.2f} without and {after:.2f} with it).",
    ),
    "roi.not_moved_with_image": (
        CHECK,
        "The {images} show the column {mm:.1f} mm off the Dixon images ({shift}); the ROIs were not moved, as that is switched off (mutual "
        "information {before:.2f} without and {after:.2f} with it).",
    ),
    "features.few_voxels": (
        NOTE,
        "{map}: fewer than {fewest} voxels in {level}; read mean and median, because outer percentiles, skewness and kurtosis of so few "
        "are uncertain.",
    ),
    "features.left_out": (NOTE, "{map}: voxels without a valid value were left out in {where}."),
    "body.faint_endplates": (CHECK, "{level}: its endplates are hardly seen; check its ROI."),
    "body.faint_walls": (CHECK, "{level}: its front and back walls are hardly seen; check its ROI."),
    "body.faint_outline": (CHECK, "{level}: its outline in the sagittal picture is faint; check its ROI."),
    "body.turned": (CHECK, "{level}: it is turned by {degrees:.0f}° against {neighbour}; check its ROI."),
    "body.aside": (CHECK, "{level}: it lies {mm:.0f} mm to the side of its neighbours; check its ROI."),
    "body.far_from_click": (CHECK, "{level}: its centre was found {mm:.0f} mm from the click; check its ROI."),
    "body.cut": (CHECK, "{level}: it is partly outside the field of view; check its ROI."),
    "body.odd_size": (CHECK, "{level}: its {size} is {percent:.0f} % {side} that of the others; check its ROI."),
    "segment.midline": (CHECK, "The midline is uncertain (mirror correlation {correlation:.2f}); check the ROIs from left to right."),
    "segment.spacing": (
        CHECK,
        "The bodies lie as if lumbar ones were {mm:.0f} mm apart, where {usual_mm:.0f} mm are usual; check that each click has the right "
        "level.",
    ),
    "segment.discs": (CHECK, "It is uncertain whether the discs are brighter or darker than the bodies here; check all ROIs."),
    "find.by_click": (
        NOTE, "The vertebrae were found without a second click, their levels counted from the one given; look at all ROIs."
    ),
    "find.by_sacrum": (
        NOTE,
        "The vertebrae were found without a click, their levels counted from the sacrum ({percent:.0f} % sure); check the levels, and "
        "shift all of them at once where the count is off, for example at a transitional vertebra.",
    ),
    "find.by_shape": (
        CHECK,
        "The vertebrae were found without a click; the sacrum is not in view, and their levels follow from the bends of the column alone "
        "({percent:.0f} % sure); check the levels, or click one vertebra whose level you know.",
    ),
    "find.unsure": (
        CHECK,
        "The vertebrae were found without a click, but their levels are not sure ({percent:.0f} %); click one vertebra whose level you "
        "know, or shift all levels at once.",
    ),
    "find.other_levels": (
        CHECK,
        "Counted from the sacrum, the vertebra called {level} is {other} ({percent:.0f} % sure); check that each click has the right "
        "level.",
    ),
    "region.open": (CHECK, "{level}: no border of the bone was seen about the click; check the place and the size of its ROI."),
    "region.thin": (
        CHECK, "{level}: little marrow was seen about the click, so its ROI has half-lengths of {mm:.0f} mm only; check its place."
    ),
    "propose.unlike": (CHECK, "{level}: it hardly resembles the clicked vertebrae (correlation {correlation:.2f}); check its ROI."),
    "propose.at_edge": (CHECK, "{level}: it lies as far from the expected place as the search goes; check its ROI."),
    "propose.distance": (
        CHECK, "{level}: the distance between {above} and {below} is {mm:.0f} mm where {expected_mm:.0f} mm fit; check its ROI."
    ),
    "place.found": (
        NOTE,
        "The ROIs from {first} to {last} lie in bodies found from two clicks; look at them in the pictures before trusting their numbers.",
    ),
    "place.by_resemblance": (
        CHECK,
        "{level} placed by resemblance to the two clicked levels, because the bodies were not found ({why}); look at all ROIs in the "
        "pictures before trusting their numbers.",
    ),
    "place.none_found": (
        CHECK,
        "No level placed by resemblance to the two clicked levels, because the bodies were not found ({why}); look at all ROIs in the "
        "pictures before trusting their numbers.",
    ),
    "labels.left_out": (NOTE, "{n} of the labels are no vertebra or are empty, and were not taken over."),
    "labels.by_names": (NOTE, "The levels of the labels were told by the names {where}."),
    "labels.by_numbers": (NOTE, "The label numbers were read as those of {numbering}."),
    "labels.no_level": (CHECK, "{labels} was labelled and left out, as no level is counted so here; check the count of the levels."),
    "labels.second_file": (NOTE, "The bodies were taken from the parts in the second file ({part})."),
    "labels.volume": (CHECK, "{level}: its body of {volume_ml:.1f} mL is {ratio:.1f} times that of its neighbours; check its ROI."),
    "labels.gap": (CHECK, "Not labelled between {first} and {last}: {level}; check the count of the levels."),
    "labels.too_small": (CHECK, "{level} was left out: its label is too small for an ROI that keeps {margin_mm:g} mm from its borders."),
    "labels.remnant": (NOTE, "{level} was left out: its label holds less than {ml:g} mL."),
    "labels.arch": (
        CHECK, "{level}: its arch could not be told from its body, so the ROI lies in the front part of the label; check its ROI."
    ),
    "labels.pieces": (CHECK, "{level}: its label is in pieces, of which the largest was taken; check its ROI."),
    "labels.edge": (CHECK, "{level}: its label reaches the edge of the image; check its ROI."),
    "carried.rois": (
        NOTE, "The ROIs were carried from the baseline by rigid registration; confidence: {confidence}. Look at them in the pictures."
    ),
    "carried.no_lesions": (CHECK, "The lesions were not matched. {why}"),
    "carried.unlike": (CHECK, "{level}: the exams look different around it (correlation {correlation:.2f}); check its place."),
    "carried.against_neighbours": (CHECK, "{level} moved {mm:.0f} mm against its neighbours; check that it is the same vertebra."),
    "carried.against_body": (CHECK, "{level} moved by {mm:.0f} mm and {degrees:.0f}° against the body; check its place."),
    "carried.not_registered": (CHECK, "{level} could not be registered by itself; look where it lies."),
    "markups.left_alone": (NOTE, "{n:markup|markups} of the file that name no vertebra (a line, a plane, other points) were left alone."),
    "markups.not_placed": (CHECK, "{level} is named in the file, but its point was not placed; place it, or delete it."),
    "markups.remark": (
        NOTE,
        "The point of {level} carries a remark, which changes nothing; to leave a level out of the mean, write 'exclude: reason' into its "
        "description.",
    ),
}
