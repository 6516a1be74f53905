"""Findings about a case that an opened scene holds."""

from .severity import CHECK, SERIOUS

FINDINGS = {
    "scene.settings_damaged": (
        CHECK, "Settings of this scene cannot be read ({names}), and their defaults hold; check sizes, thresholds, age and sex.",
    ),
    "scene.volumes_changed": (
        SERIOUS,
        "Images of the {exam} exam ({maps}) are not as they were read: their voxels or their place were changed before the scene was "
        "saved. What is measured is what the scene holds; read the exam again to measure what was acquired.",
    ),
    "scene.volumes_lacking": (
        SERIOUS,
        "The scene lacks volumes of the {exam} exam ({maps}), so what is measured in them is not shown; read the exam again.",
    ),
}
