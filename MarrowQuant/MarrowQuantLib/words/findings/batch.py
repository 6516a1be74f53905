"""What is said of a case of a batch that could not be measured."""

from __future__ import annotations

from .severity import SERIOUS

FINDINGS = {
    "batch.fault": (SERIOUS, "An unexpected fault ({name}{place}) ended this case; please report it with these words."),
    "batch.disk": (SERIOUS, "Its results could not be written ({reason}); free space, and run the batch again with --resume."),
    "batch.nothing": (
        SERIOUS, "An exam holds nothing that can be measured: a Dixon series or diffusion with two or more b-values is needed."
    ),
    "batch.ended": (
        SERIOUS, "The process that measured this case was ended from outside or crashed, twice; the memory was probably not enough."
    ),
}
