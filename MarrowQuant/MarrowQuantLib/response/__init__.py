"""Laboratory values and the estimate of response that they and the fat fraction give."""

from .lab_tests import LAB_TESTS, LabTest, find_test
from .labs import labs_for, read_labs

__all__ = ["LAB_TESTS", "LabTest", "find_test", "labs_for", "read_labs"]
