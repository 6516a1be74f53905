"""Laboratory values and the estimate of response that they and the fat fraction give."""

from .assess import Assessment, assess, history_of, laboratory_findings
from .cautions import event_findings
from .estimate import Predictor, ResponseModel
from .imwg import ImwgResponse, imwg_response
from .iss import Stage, stages_at
from .lab_entry import Entry, entry_name, read_cell, read_date, read_entry
from .lab_notes import NOTE_KINDS, NoteKind, cycles_between, find_note
from .lab_tests import LAB_TESTS, LabTest, find_test
from .labs import labs_for, questions_about, read_history, read_labs
from .model_file import available_models, load_model, translation

__all__ = [
    "LAB_TESTS",
    "NOTE_KINDS",
    "Assessment",
    "Entry",
    "ImwgResponse",
    "LabTest",
    "NoteKind",
    "Predictor",
    "ResponseModel",
    "Stage",
    "assess",
    "available_models",
    "cycles_between",
    "entry_name",
    "event_findings",
    "find_note",
    "find_test",
    "history_of",
    "imwg_response",
    "laboratory_findings",
    "labs_for",
    "load_model",
    "questions_about",
    "read_cell",
    "read_date",
    "read_entry",
    "read_history",
    "read_labs",
    "stages_at",
    "translation",
]
