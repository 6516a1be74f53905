"""What leaves the program: results as JSON, tables as CSV, and the report."""

from .html import write_report
from .tables import write_measurements
from .to_json import results_to_dict, write_results

__all__ = ["results_to_dict", "write_measurements", "write_report", "write_results"]
