"""Whether scenes can be written here: they need the embedded Slicer, which is optional outside Slicer."""

from __future__ import annotations

from typing import Optional

from .. import workflow

HOW_TO_GET_SCENES = "slicer-core is not installed (python -m pip install 'marrowquant[scene]')"


def scene_writer() -> Optional[workflow.SceneWriter]:
    """The function that writes a scene.mrb, or None without the embedded Slicer."""
    from ..scene import headless

    if not headless.available():
        return None
    from ..scene.results_scene import write_scene

    return write_scene
