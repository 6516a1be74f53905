"""What leaves the program as data: results as JSON, tables as CSV, and the way back."""

from .measurements import write_measurements
from .to_json import results_to_dict, write_results

__all__ = ["results_to_dict", "write_measurements", "write_results"]
