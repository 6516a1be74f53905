"""What the panel's module would hold, and a reader's clicks, for cases without Qt."""

from __future__ import annotations

from types import SimpleNamespace

from . import fake_exams


def parameters() -> SimpleNamespace:
    """The attributes of the module's parameter node."""
    nodes = [f"{exam}{what}" for exam in ("baseline", "followUp") for what in ("Points", "Segmentation", "Burden")]
    return SimpleNamespace(
        baselineFolder="", followUpFolder="", labsPath="", outputFolder="", tdvSignalRatio=5.0, tdvAdcLower=550.0, tdvAdcUpper=1400.0,
        adcClassEdges="900, 1400", siteLimits="",
        minComponentMl=0.3, roiRadiusLR=12.0, roiRadiusAP=9.0, roiRadiusCC=7.0, roiShape="ellipsoid", refineRois=True, ageYears=0, sex="",
        otherResultsFolder="", modelId="",
        language="en", seriesOverrides="",
        **dict.fromkeys(nodes),
    )


def place(exam, levels=fake_exams.LEVEL_Z) -> None:
    node = exam.points()
    for level in levels:
        node.AddControlPointWorld([0.0, 0.0, fake_exams.LEVEL_Z[level]])
    exam.name_points(next(iter(levels)), list(levels)[-1])
