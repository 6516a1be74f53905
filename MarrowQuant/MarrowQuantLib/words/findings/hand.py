"""What the reader did with the nodes of a case elsewhere in Slicer, and what became of it."""

from __future__ import annotations

from .severity import CHECK, NOTE, SERIOUS

FINDINGS = {
    "hand.edited": (NOTE, "Voxels that the reader painted or erased in the tumour load hold at every threshold."),
    "hand.painted_without_adc": (CHECK, "{volume:.1f} mL that the reader painted have no ADC: they are in the tDV, not in the gADC."),
    "hand.edits_do_not_fit": (CHECK, "What was painted and erased lies on another grid than the tumour load and is left out; paint again."),
    "hand.unknown_segment": (
        CHECK,
        "The tumour load of the {exam} holds {n:segment|segments} that MarrowQuant does not know and does not count; paint into tDV "
        "accepted, physiological or rejected.",
    ),
    "hand.sheet_taken": (CHECK, "The laboratory sheet {sheet} that lies with the exams was read; check that it is this patient's."),
    "hand.carried": (
        CHECK,
        "{n:ROI was|ROIs were} carried over to the follow-up by themselves; choose that exam above and check where they lie.",
    ),
    "hand.load_deleted": (CHECK, "The tumour load of the {exam} was deleted: it no longer counts. Press Propose for a new one."),
    "hand.part_deleted": (
        CHECK,
        "The tumour load of stations of the {exam} that are kept apart (part {part}) was deleted and drawn again, because it still counts; "
        "reject its components to leave it out.",
    ),
    "hand.points_deleted": (
        CHECK,
        "The point list of the {exam} was deleted: its levels are no longer measured. Undo in the vertebrae step brings them back.",
    ),
    "hand.outlines": (
        CHECK,
        "The ROI outlines of the {exam} are drawn from its points and were drawn again: an edit of the outlines is not measured. Move the "
        "point, or change size and shape in the vertebrae step.",
    ),
    "hand.map_deleted": (CHECK, "The image {map} of the {exam} was deleted: it is no longer measured; read the exams again to get it."),
    "hand.map_moved": (
        CHECK,
        "The image {map} of the {exam} was moved by a transform: it is drawn elsewhere than it is measured, which is where the scanner "
        "placed it. Take it out of the transform, or read the exams again where the transform was hardened.",
    ),
    "hand.map_changed": (
        SERIOUS,
        "The voxels of the image {map} of the {exam} were changed in another module: what is drawn is not what is measured, which is the "
        "image as it was read. Undo the change, or read the exams again.",
    ),
    "hand.mask_deleted": (CHECK, "The mask of bone of the {exam} was deleted: its tumour load is that of the whole image."),
    "hand.model_missing": (
        CHECK,
        'The model "{model}" that was chosen is not on this computer or cannot be read: the probability is that of "{used}". Copy its file '
        "into the folder of your own models and choose it.",
    ),
    "hand.muscle_refused": (CHECK, "The points in muscle of the {exam} cannot be used, and the load is as it was before them. {reason}"),
    "hand.mask_refused": (CHECK, "The mask of bone of the {exam} was changed and cannot be used any more; the load is as it was. {reason}"),
}
