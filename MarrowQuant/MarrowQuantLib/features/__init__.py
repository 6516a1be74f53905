"""First-order features and histograms of the values in a region, and how they change between two exams."""

from __future__ import annotations

from .change import DistributionChange, FunctionalMap, compare_distributions, functional_map
from .firstorder import first_order, histogram, region_warnings

__all__ = [
    "DistributionChange",
    "FunctionalMap",
    "compare_distributions",
    "first_order",
    "functional_map",
    "histogram",
    "region_warnings",
]
