"""What is said of one vertebral ROI on one map."""

from __future__ import annotations

from .severity import CHECK

FINDINGS = {
    "roi.outside": (CHECK, "{level} lies outside the field of view of the {map} map."),
    "roi.cut": (CHECK, "{level}: only {percent:.0f} % of the ROI is inside the field of view of the {map} map."),
    "roi.few_voxels": (CHECK, "{level}: only {n:voxel|voxels} on the {map} map; the number is uncertain."),
}
