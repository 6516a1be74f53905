"""Why a file is not passed on when data are de-identified, and what is not done to those that are."""

from __future__ import annotations

from .severity import NOTE

FINDINGS = {
    "left_out.no_dicom": (NOTE, "no DICOM file"),
    "left_out.damaged": (NOTE, "damaged, or cut short"),
    "left_out.unreadable": (NOTE, "it cannot be read, or vanished"),
    "left_out.index": (NOTE, "a DICOMDIR, an index of the original files"),
    "left_out.capture": (NOTE, "a secondary capture: text may be burned into its pixels"),
    "left_out.screen_save": (NOTE, "a screen save: text may be burned into its pixels"),
    "left_out.colour": (NOTE, "a colour picture: text may be burned into its pixels"),
    "left_out.no_position": (NOTE, "an image without a position, such as a chart: text may be burned into its pixels"),
    "left_out.burned_in": (NOTE, "Burned In Annotation says YES"),
    "left_out.no_pixels": (NOTE, "no pixels"),
    "left_out.pixels": (NOTE, "its pixels cannot be passed on: {why}"),
    "left_out.twice": (NOTE, "a second file of the same image"),
    "left_out.identity_left": (NOTE, "a part of the patient's identity was still found after cleaning"),
    "left_out.identity_in_pixels": (NOTE, "a part of the patient's identity is written into its pixels as characters"),
    "left_out.report": (NOTE, "a structured report or key object selection: its content cannot be cleaned safely"),
    "left_out.document": (NOTE, "an encapsulated document: its content cannot be cleaned safely"),
    "left_out.presentation": (NOTE, "a presentation state: its content cannot be cleaned safely"),
    "left_out.raw": (NOTE, "raw data, a registration or a segmentation: its content cannot be cleaned safely"),
    "left_out.waveform": (NOTE, "a waveform: its content cannot be cleaned safely"),
    "left_out.photograph": (NOTE, "a photograph, video or other visible-light image: its content cannot be cleaned safely"),
    "left_out.other": (NOTE, "an object that is no MR image: its content cannot be cleaned safely"),
    "left_out.faces": (NOTE, "Faces: the shape of a head in the field of view can be recognised (option 113102 is not applied)."),
    "left_out.burned_text": (
        NOTE, "Pixels: text burned into pixels is not searched for; images in which it is usual were left out.",
    ),
    "left_out.link": (
        NOTE, "Link: with the key the pseudonyms can be computed again, so these data are pseudonymised, not anonymous, for who holds it.",
    ),
    "left_out.most_often": (NOTE, " (most often: {reason})"),
}
