"""A small measured exam of each dialect with all that is exported: maps, ROIs, components of every state. Some numbers are made up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from MarrowQuantLib import workflow
from MarrowQuantLib.dicom import ExamFiles
from MarrowQuantLib.model import Burden, Component, Measurement, Results, Settings, VertebraROI, Volume, as_finding
from MarrowQuantLib.vertebrae.measure import measure_vertebrae
from pydicom import Dataset, dcmread

from .small_exams import write_small

LEVELS = ("L2", "L3")
STATES = ("accepted", "rejected", "physiological")


def rois_in(volume: Volume) -> list[VertebraROI]:
    """Two ROIs above each other in the middle of a map."""
    middle = volume.to_ras((np.array(volume.array.shape[::-1]) - 1) / 2)
    places = zip(LEVELS, (8.0, -8.0))
    return [VertebraROI(level, middle + np.array([0.0, 0.0, s]), np.eye(3), np.array([6.0, 6.0, 5.0])) for level, s in places]


def burden_on(high: Volume, adc: Volume) -> Burden:
    """Three blocks of voxels, one of each state; blocks two and three touch."""
    labels = np.zeros(high.array.shape, np.int32)
    labels[1:3, 3:9, 4:11], labels[2:4, 12:15, 5:9], labels[3:5, 15:18, 7:12] = 1, 2, 3
    ml = high.voxel_volume_ml
    components = tuple(
        Component(n, float((labels == n).sum() * ml), np.zeros(3), 20.5, 700.25, 710.5, 6.5, state, as_finding("made up"), region="pelvis")
        for n, state in enumerate(STATES, start=1)
    )
    return Burden(
        high.like(labels, name="tDV"), components, 100.0, 5.0, (550.0, 1400.0),
        Measurement("tDV", components[0].volume_ml, "mL"), Measurement("gADC", 700.25, "µm²/s"), {"mean": 710.5}, None, {},
    )  # fmt: skip


def measured(folder: Path, dialect: str, edit: Callable[[Dataset], None] | None = None) -> tuple[Results, list[ExamFiles]]:
    """The results of one small exam, and its files, each of which ``edit`` may change before it is read."""
    write_small(folder, dialect)
    for path in folder.rglob("*") if edit else ():
        if path.is_file():
            dataset = dcmread(path)
            edit(dataset)
            dataset.save_as(path)
    return measure(folder)


def measure(folder: Path) -> tuple[Results, list[ExamFiles]]:
    """The results of the exam in a folder, and its files."""
    exams = workflow.read_exams([folder])
    settings = Settings()
    maps = workflow.make_maps(exams[0], "baseline", settings)
    vertebrae, lumbar = measure_vertebrae(maps.maps, rois_in(maps.maps["ff"]))
    burden = burden_on(maps.maps["dwi_high"], maps.maps["adc"])
    exam = workflow.assemble(maps, vertebrae, lumbar, burden, {})
    return workflow.conclude([exam], settings), exams
