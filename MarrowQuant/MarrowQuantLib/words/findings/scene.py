"""Findings about a case that an opened scene holds."""

from .severity import SERIOUS

FINDINGS = {
    "scene.volumes_lacking": (
        SERIOUS,
        "The scene lacks volumes of the {exam} exam ({maps}), so what is measured in them is not shown; read the exam again.",
    ),
}
