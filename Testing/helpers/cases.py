"""What the panel's module would hold, and a reader's clicks, for cases without Qt."""

from __future__ import annotations

from types import SimpleNamespace

from MarrowQuantLib.model import Settings

from . import fake_exams


def parameters() -> SimpleNamespace:
    """The attributes of the module's parameter node."""
    from MarrowQuantLib.scene.parameters import settings_to_parameters

    nodes = [f"{exam}{what}" for exam in ("baseline", "followUp") for what in ("Points", "Segmentation", "Burden")]
    texts = ("baselineFolder", "followUpFolder", "labsPath", "outputFolder", "otherResultsFolder", "siteLimits", "sex", "modelId")
    return SimpleNamespace(
        ageYears=0, language="en", seriesOverrides="", **settings_to_parameters(Settings()), **dict.fromkeys(texts, ""),
        **dict.fromkeys(nodes),
    )



def place(exam, levels=fake_exams.LEVEL_Z) -> None:
    node = exam.rois.points()
    for level in levels:
        node.AddControlPointWorld([0.0, 0.0, fake_exams.LEVEL_Z[level]])
    exam.rois.name_points(next(iter(levels)), list(levels)[-1])
