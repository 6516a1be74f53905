"""What leaves the program as data: results as JSON, tables as CSV, and the way back."""

from .document import results_from_dict, results_to_dict, write_results
from .measurements import write_measurements
from .read import read_results

__all__ = ["read_results", "results_from_dict", "results_to_dict", "write_measurements", "write_results"]
