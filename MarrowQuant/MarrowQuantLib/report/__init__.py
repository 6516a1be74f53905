"""The report of a case as one HTML page."""

from .html import write_report

__all__ = ["write_report"]
