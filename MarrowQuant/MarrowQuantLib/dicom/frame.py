"""One image as the rest of the reader sees it, whatever the form of the file it came from."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..model import NO_FINDING, Finding, MarrowQuantError
from .patients import Patient


@dataclass(frozen=True)
class PixelStore:
    """Where a file's pixels lie, and how they are stored.

    ``offset`` is None where they must be decoded: compressed, or in a file that is itself packed or deflated (``unpacked`` to read it).
    ``bits_stored`` bits below and with ``high_bit`` are the value, the rest is none (PS3.5 8.1.1); 0 for floating point.
    """

    path: Path
    relative: str
    offset: Optional[int]
    dtype: str
    rows: int
    columns: int
    n_frames: int
    samples: int
    transfer_syntax: str
    unpacked: bool = False
    bits_stored: int = 0
    high_bit: int = 0
    signed: bool = False


@dataclass(frozen=True)
class Frame:
    """One image's header.

    Positions and directions are DICOM's: LPS, mm. Times are in the units of the attribute names. What the file does not say is None
    or empty. Identity is not kept: ``patient`` is hashes, and the description is free of name and ID.
    """

    pixels: PixelStore
    index: int  # of the frame in its file
    rows: int
    columns: int
    position: Optional[np.ndarray]
    orientation: Optional[np.ndarray]
    pixel_spacing_mm: Optional[np.ndarray]  # between rows, between columns
    slice_step_mm: Optional[float]  # as the header claims; only used for a single slice
    tile: Optional[tuple[int, int]] = None  # row and column of the slice inside a mosaic, in pixels
    thickness_mm: Optional[float] = None
    sop_class: str = ""
    series_uid: str = ""
    series_number: Optional[int] = None
    series_description: str = ""
    acquisition_number: Optional[int] = None
    instance_number: Optional[int] = None
    frame_of_reference: str = ""
    study_uid: str = ""
    sop_uid: str = ""
    acquisition_time: str = ""
    exam_date: Optional[datetime.date] = None
    dated_by_study: bool = False
    patient: Patient = field(default_factory=Patient)
    same_as: Optional[Patient] = None  # the record of the same patient in other files, if it is written differently there
    synthetic: bool = False
    modality: str = ""
    manufacturer: str = ""
    vendor: str = ""
    model: str = ""
    image_type: tuple[str, ...] = ()
    philips_type: str = ""
    metabolite: str = ""  # what a map of enhanced objects shows
    component: str = ""
    contrast: str = ""
    scanning_sequence: tuple[str, ...] = ()
    sequence_name: str = ""
    echo_planar: bool = False
    photometric: str = "MONOCHROME2"
    echo_time_ms: Optional[float] = None
    repetition_time_ms: Optional[float] = None
    inversion_time_ms: Optional[float] = None
    flip_angle_deg: Optional[float] = None
    field_strength_t: Optional[float] = None
    b_value: Optional[float] = None
    b_source: str = ""
    b_confidence: float = 1.0
    b_claims: tuple[Any, ...] = ()  # what the header says about it, see bvalues.Claim
    direction_number: Optional[int] = None  # of a gradient direction that only the sequence name tells
    directionality: str = ""
    gradient: Optional[tuple[float, float, float]] = None
    temporal_position: Optional[int] = None
    stack_id: str = ""
    slope: Optional[float] = None
    intercept: Optional[float] = None
    rescale_type: str = ""
    scale_slope: Optional[float] = None  # Philips (2005,100E)
    real_world: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # unit code: slope, intercept
    real_world_ranges: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)  # unit code: stored values it holds for
    padding: Optional[tuple[float, float]] = None  # values from … to are no measurements
    unreadable: tuple[str, ...] = ()  # attributes that are there and decide, but cannot be read
    findings: tuple[Finding, ...] = ()  # what a reader of its numbers should know
    problem: Finding = NO_FINDING  # why this image cannot be measured, known from its header alone

    @property
    def patient_key(self) -> str:
        """A hash that tells patients apart."""
        return (self.same_as or self.patient).key


@dataclass(frozen=True)
class LostFile:
    """A file, or a folder, that could not be read.

    Attributes
    ----------
    path : Path
    error : MarrowQuantError
        The sentence that names it.
    series_uid : str
        Of its series, if so much could be read.
    """

    path: Path
    error: MarrowQuantError
    series_uid: str = ""
