"""Telling two diseases apart on spine images: pictures made ready, arms on the same folds, an evaluation that refuses leakage, a model.

A site brings its patients and gets the comparison, the model, its card and its limits. Which disease is the event is said by the data set;
the study behind it asked for MDS against aplastic anaemia.
"""

from __future__ import annotations

from .dataset import Dataset, Patient, read_dataset, write_dataset
from .patches import Preparation, PreparedSpine, prepare

__all__ = ["Dataset", "Patient", "Preparation", "PreparedSpine", "prepare", "read_dataset", "write_dataset"]
