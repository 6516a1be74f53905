"""Laboratory values and the estimate of response that they and the fat fraction give."""

from .estimate import Predictor, ResponseModel
from .lab_tests import LAB_TESTS, LabTest, find_test
from .labs import labs_for, read_labs
from .model_file import available_models, load_model, translation

__all__ = [
    "LAB_TESTS",
    "LabTest",
    "Predictor",
    "ResponseModel",
    "available_models",
    "find_test",
    "labs_for",
    "load_model",
    "read_labs",
    "translation",
]
