"""The open case as DICOM objects: the button's work, without Qt."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import exported
from helpers.cases import parameters
from helpers.small_exams import write_small
from MarrowQuantLib.model import MarrowQuantError

for package in ("highdicom", "fpdf", "pypdfium2", "matplotlib_fontja"):
    pytest.importorskip(package, reason=f"{package} is not installed; the DICOM objects of a case need it.")
pytestmark = [pytest.mark.filterwarnings(f"ignore::{kind}:highdicom") for kind in ("UserWarning", "DeprecationWarning")]


@pytest.fixture
def case(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.case.case import Case

    write_small(tmp_path / "exam", "ge")
    case = Case(parameters())
    case.new_parameters = parameters
    case.choices.choose("baselineFolder", str(tmp_path / "exam"), waits=False)
    case.read()
    return case


def test_the_open_case_is_written_and_comes_back(case, tmp_path):
    from MarrowQuantLib.export.prior import read_prior
    from MarrowQuantLib.vertebrae.measure import measure_vertebrae

    exam = next(iter(case.exams.values()))
    exam.vertebrae, exam.lumbar = measure_vertebrae(exam.maps.maps, exported.rois_in(exam.maps.maps["ff"]))
    exam.outdate_result()
    target = case.export_dicom(tmp_path / "out")
    assert target.name == "dicom" and (target / "baseline-report-pdf.dcm").exists()
    back = read_prior(target)
    assert [v.roi.level for v in back.vertebrae] == list(exported.LEVELS)
    assert np.array_equal(back.maps["ff"].array, exam.maps.maps["ff"].array, equal_nan=True)
    assert case.export_dicom(tmp_path / "out").name == "dicom-2"  # nothing is replaced


def test_images_of_another_patient_are_not_taken_for_the_case(case, tmp_path):
    write_small(tmp_path / "other", "ge", seed=7)
    case._folders = []
    case.choices.choose("baselineFolder", str(tmp_path / "other"), waits=False)
    with pytest.raises(MarrowQuantError, match="not those of the open case"):
        case.export_dicom(tmp_path / "out")
