"""What is said of pictures that are made ready for a classifier, of a cohort's data, and of a model's answer."""

from __future__ import annotations

from .severity import CHECK, NOTE, SERIOUS

FINDINGS = {
    "classify.cut": (CHECK, "{level}: the picture of the body leaves the image, so it was not used."),
    "classify.empty": (CHECK, "{level}: the {map} image is black or without values in the body, so it was not used."),
    "classify.gaps": (
        CHECK,
        "{level}: the {map} image lacks values in places of the body, which were filled from their neighbours; check how it was exported.",
    ),
    "classify.other_reference": (CHECK, "The {map} signal was divided by {used}, because {wanted} is not seen."),
    "classify.not_sagittal": (CHECK, "The slices are not sagittal, so that the bodies' pictures are interpolated across them."),
    "classify.coarse": (
        CHECK, "The voxels are {in_plane_mm:.1f} mm in the plane and {thick_mm:.1f} mm thick; texture finer than that is lost."
    ),
    "classify.few_bodies": (CHECK, "Only {n:body|bodies} could be used; the answer rests on little."),
    "classify.noisy": (CHECK, "The {map} images are noisy in the marrow (signal to noise {ratio:.1f}); texture there is mostly noise."),
    "classify.not_prepared": (SERIOUS, "{patient}: the pictures could not be made ready and the patient is left out: {why}"),
    "classify.index_missing": (CHECK, "{index} is missing in {n:patient|patients} and was filled in with the training patients' median."),
    "classify.index_filled": (
        CHECK,
        "Not measured in this patient: {index}; the regression takes the training patients' median instead, so the answer rests on less.",
    ),
    "classify.index_left_out": (NOTE, "{index} was measured in too few patients and is in no arm."),
    "classify.site_tells": (
        SERIOUS,
        "The {column} alone tells the disease in {percent:.0f} % of the patients (chance gives {chance:.0f} %); what an arm learned may be "
        "the {column} and not the disease, so judge it by the site left out.",
    ),
    "classify.age_tells": (
        SERIOUS, "Age alone does as well as {arm} (AUC {age:.2f} and {auc:.2f}); the images may tell no more than the patient's age."
    ),
    "classify.site_falls": (
        SERIOUS,
        "{arm}: the AUC falls from {crossed:.2f} in cross-validation to {left_out:.2f} at sites that were left out; expect the lower one "
        "elsewhere.",
    ),
    "classify.few_patients": (CHECK, "{n} patients: an AUC from so few is uncertain by {reach:.2f} or more to either side."),
    "classify.simulated": (NOTE, "The patients are simulated; the numbers say how the method works and nothing about people."),
    "classify.site_not_left_out": (NOTE, "No site was left out: each of two sites needs {n} patients of either disease."),
    "classify.trained_on": (NOTE, "The model was trained on {n} {what} patients ({events} {event}, {others} {other}); research use only."),
    "classify.scanner_unknown": (CHECK, "The images do not name their scanner, so whether the model knows it was not checked."),
    "classify.members_differ": (CHECK, "The {n} members of the ensemble range from {low:.0f} to {high:.0f} %; the model is unsure here."),
}
