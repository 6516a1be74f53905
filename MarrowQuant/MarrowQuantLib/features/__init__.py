"""First-order features and histograms of the values in a region."""

from __future__ import annotations

from .firstorder import first_order, histogram, region_findings

__all__ = ["first_order", "histogram", "region_findings"]
