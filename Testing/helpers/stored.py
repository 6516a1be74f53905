"""What the scene holds, read back from its nodes as plain data; the panel itself reads it as a case."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from MarrowQuantLib.model import Component, MapKey, Settings, Volume
from MarrowQuantLib.scene.nodes import burden_tags, find_node
from MarrowQuantLib.scene.parameters import get_parameters, settings_from_parameters, settings_to_parameters
from MarrowQuantLib.scene.tables import read_rows
from MarrowQuantLib.scene.volumes import volume_from_node


def labels_from_scene(exam_label: str, scene: Optional[Any] = None, *, part: int = 1) -> Optional[Volume]:
    """``Burden.labels`` of a part of an exam in the scene, or None."""
    node = find_node("vtkMRMLLabelMapVolumeNode", burden_tags("labels", exam_label, part), scene)
    return None if node is None else volume_from_node(node)


def components_from_scene(exam_label: str, scene: Optional[Any] = None, *, part: int = 1) -> tuple[Component, ...]:
    """``Burden.components`` of a part of an exam in the scene; empty if there is no table."""
    node = find_node("vtkMRMLTableNode", {"exam": exam_label, "table": MapKey("components", part)}, scene)
    return () if node is None else tuple(map(_component, read_rows(node)))


def _component(row: dict[str, Any]) -> Component:
    return Component(
        label=int(row["label"]),
        volume_ml=float(row["volume"]),
        centroid_ras=np.array([float(row[axis]) for axis in "ras"]),
        longest_diameter_mm=float(row["longest_diameter"]),
        adc_median=float(row["adc_median"]),
        adc_mean=float(row["adc_mean"]),
        signal_ratio=float(row["signal_ratio"]),
        state=row["state"],
        reason=row["reason"],
        region=row["region"],
        ff_median=None if np.isnan(float(row["ff_median"])) else float(row["ff_median"]),
        ff_voxels=int(row["ff_voxels"]),
        near_seam=row["near_seam"] == "true",
        lesion_id=row["lesion"],
    )


def settings_from_scene(scene: Optional[Any] = None) -> Settings:
    """Settings stored in the scene; the default where one is not stored."""
    stored = {**settings_to_parameters(Settings()), **get_parameters(scene)}
    return settings_from_parameters(stored.__getitem__)
