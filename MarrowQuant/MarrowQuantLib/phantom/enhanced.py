"""Writes a series as one Enhanced MR Image Storage object: all its stacks as frames of one multi-frame file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..io.dicomfiles import write_dicom
from ..model import certain
from .header import Identity, add_private, decimal, new_file, orientation, pixel_tags, position, set_tags, spacing, window
from .stacks import Series, Stack

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ENHANCED_MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4.1"
# The sequence (2005,140F) of each frame holds what a single-frame Philips file has at its top level; creator as in pydicom's dictionary.
PRIVATE_FRAME_CREATOR, PRIVATE_FRAME_BLOCK, PRIVATE_FRAME_SEQUENCE = "Philips MR Imaging DD 005", 0x20050014, 0x2005140F
_CLASSIC_ONLY = ("ImagedNucleus", "ImagingFrequency")  # here they have another name in a functional group

# What the standard wants to be told about the pulse sequence and the coils; none of it matters to the measurement.
_CONTRAST = {
    "PixelPresentation": "MONOCHROME",
    "VolumetricProperties": "VOLUME",
    "VolumeBasedCalculationTechnique": "NONE",
    "AcquisitionContrast": "PROTON_DENSITY",
}
_PULSE_SEQUENCE = {
    "ContentQualification": "RESEARCH",
    "MRAcquisitionType": "3D",
    "PulseSequenceName": "SYNTHETIC",
    "ResonantNucleus": "1H",
    "EchoPulseSequence": "GRADIENT",
    "MultiPlanarExcitation": "NO",
    "PhaseContrast": "NO",
    "TimeOfFlightContrast": "NO",
    "SteadyStatePulseSequence": "NONE",
    "EchoPlanarPulseSequence": "NO",
    "SaturationRecovery": "NO",
    "SpectrallySelectedSuppression": "NONE",
    "OversamplingPhase": "NONE",
    "GeometryOfKSpaceTraversal": "RECTILINEAR",
    "SegmentedKSpaceTraversal": "SINGLE",
    "RectilinearPhaseEncodeReordering": "LINEAR",
    "CoverageOfKSpace": "FULL",
    "NumberOfKSpaceTrajectories": 1,
    "KSpaceFiltering": "NONE",
    "ApplicableSafetyStandardAgency": "IEC",
}
_MODIFIER = {
    "InversionRecovery": "NO",
    "FlowCompensation": "NONE",
    "Spoiling": "RF_AND_GRADIENT",
    "T2Preparation": "NO",
    "SpectrallySelectedExcitation": "NONE",
    "SpatialPresaturation": "NONE",
    "PartialFourier": "NO",
    "ParallelAcquisition": "NO",
}
_IMAGING_MODIFIER = {
    "MagnetizationTransfer": "NONE",
    "BloodSignalNulling": "NO",
    "Tagging": "NONE",
    "TransmitterFrequency": 127.732,
    "PixelBandwidth": 1500.0,
}
_TRANSMIT_COIL = {"TransmitCoilName": "SYNTHETIC", "TransmitCoilManufacturerName": "", "TransmitCoilType": "BODY"}
_RECEIVE_COIL = {
    "ReceiveCoilName": "SYNTHETIC",
    "ReceiveCoilManufacturerName": "",
    "ReceiveCoilType": "BODY",
    "QuadratureReceiveCoil": "YES",
}
_ABSORPTION = {"SpecificAbsorptionRateDefinition": "IEC_WHOLE_BODY", "SpecificAbsorptionRateValue": 0.0}
_LUMBAR_SPINE = {"CodeValue": "T-11503", "CodingSchemeDesignator": "SRT", "CodeMeaning": "Lumbar spine"}


def write_enhanced(series: Series, identity: Identity, folder: Path, first_number: int) -> int:
    """Write all stacks of ``series`` as frames of one file in ``folder``, numbered ``first_number``; returns the number of files, 1."""
    dataset = new_file(identity, series, ENHANCED_MR_IMAGE_STORAGE)
    uid = identity.uid("instance", series.number, 1)
    dataset.SOPInstanceUID = uid
    dataset.file_meta.MediaStorageSOPInstanceUID = uid
    set_tags(dataset, {**_image_tags(series, identity), **_dimensions(identity.uid("dimensions", series.number))})
    for keyword in _CLASSIC_ONLY:
        delattr(dataset, keyword)
    dataset.SharedFunctionalGroupsSequence = [_shared_groups(series)]
    frames = [frame for number, stack in enumerate(series.stacks, start=1) for frame in _stack_frames(stack, number, identity)]
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.NumberOfFrames = len(frames)
    dataset.PixelData = np.concatenate([stack.pixels for stack in series.stacks]).astype("<u2").tobytes()
    write_dicom(dataset, folder / f"IM{first_number:05d}.dcm", complete_meta=False)
    return 1


def _item(*tables: dict[str, Any]) -> Dataset:
    """A sequence item with the elements of all ``tables``."""
    from pydicom.dataset import Dataset

    item = Dataset()
    for table in tables:
        set_tags(item, table)
    return item


def _common(values: set[str]) -> str:
    """The one value that all frames have, or MIXED."""
    return next(iter(values)) if len(values) == 1 else "MIXED"


def _image_tags(series: Series, identity: Identity) -> dict[str, Any]:
    """What is said once for the whole object."""
    value_1, kind = (_common({stack.image_type[n] for stack in series.stacks}) for n in (0, 2))
    return {
        "ImageType": [value_1, "PRIMARY", kind, "NONE"],
        "InstanceNumber": 1,
        "AcquisitionDateTime": identity.date.strftime("%Y%m%d") + "100000",
        "AcquisitionDuration": 15.0,
        "ComplexImageComponent": _common({stack.component for stack in series.stacks}),
        "AcquisitionContextSequence": [],
        **_CONTRAST,
        **_PULSE_SEQUENCE,
        **pixel_tags(series.stacks[0].pixels),
    }


def _dimensions(organisation: str) -> dict[str, Any]:
    """Frames are ordered by stack, by kind of image (temporal position) and by slice."""
    frame_content = 0x00209111
    pointers = (0x00209056, 0x00209128, 0x00209057)
    items = [
        _item({"DimensionOrganizationUID": organisation, "DimensionIndexPointer": pointer, "FunctionalGroupPointer": frame_content})
        for pointer in pointers
    ]
    return {"DimensionOrganizationSequence": [_item({"DimensionOrganizationUID": organisation})], "DimensionIndexSequence": items}


def _shared_groups(series: Series) -> Dataset:
    """Functional groups that all frames share."""
    first = series.stacks[0]
    slices, rows, columns = first.pixels.shape
    pixel_spacing, between = spacing(first.ijk_to_ras)
    train = series.tags["EchoTrainLength"]
    timing = {
        "RepetitionTime": series.tags["RepetitionTime"],
        "FlipAngle": series.tags["FlipAngle"],
        "EchoTrainLength": train,
        "RFEchoTrainLength": 0,
        "GradientEchoTrainLength": train,
        "SpecificAbsorptionRateSequence": [_item(_ABSORPTION)],
        "GradientOutputType": "DB_DT",
        "GradientOutput": 0.0,
        "OperatingModeSequence": [_item({"OperatingModeType": "RF", "OperatingMode": "IEC_NORMAL"})],
    }
    geometry = {
        "InPlanePhaseEncodingDirection": "COLUMN",
        "MRAcquisitionFrequencyEncodingSteps": columns,
        "MRAcquisitionPhaseEncodingStepsInPlane": rows,
        "MRAcquisitionPhaseEncodingStepsOutOfPlane": slices,
        "PercentSampling": 100.0,
        "PercentPhaseFieldOfView": 100.0,
    }
    measures = {"PixelSpacing": pixel_spacing, "SliceThickness": between, "SpacingBetweenSlices": between}
    groups: dict[str, dict[str, Any]] = {
        "PixelMeasuresSequence": measures,
        "PlaneOrientationSequence": {"ImageOrientationPatient": orientation(first.ijk_to_ras)},
        "FrameAnatomySequence": {"AnatomicRegionSequence": [_item(_LUMBAR_SPINE)], "FrameLaterality": "U"},
        "MRTimingAndRelatedParametersSequence": timing,
        "MRFOVGeometrySequence": geometry,
        "MRModifierSequence": _MODIFIER,
        "MRImagingModifierSequence": _IMAGING_MODIFIER,
        "MRReceiveCoilSequence": _RECEIVE_COIL,
        "MRTransmitCoilSequence": _TRANSMIT_COIL,
        "MRAveragesSequence": {"NumberOfAverages": 1.0},
    }
    return _item({name: [_item(table)] for name, table in groups.items()})


def _stack_frames(stack: Stack, number: int, identity: Identity) -> list[Dataset]:
    """Functional groups of the frames of one stack: what they show, where they lie, how they are scaled, and the private elements."""
    slope, intercept, kind = certain(stack.rescale)
    center, width = window(stack.pixels, slope, intercept)
    moment = identity.date.strftime("%Y%m%d") + "100000"
    frames = []
    for k in range(len(stack.pixels)):
        content = {
            "FrameAcquisitionDateTime": moment,
            "FrameReferenceDateTime": moment,
            "FrameAcquisitionDuration": 15000.0,
            "StackID": "1",
            "InStackPositionNumber": k + 1,
            "TemporalPositionIndex": number,
            "DimensionIndexValues": [1, number, k + 1],
        }
        groups: dict[str, dict[str, Any]] = {
            "FrameContentSequence": content,
            "PlanePositionSequence": {"ImagePositionPatient": position(stack.ijk_to_ras, k)},
            "MRImageFrameTypeSequence": {"FrameType": list(stack.image_type), "ComplexImageComponent": stack.component, **_CONTRAST},
            "MREchoSequence": {"EffectiveEchoTime": float(stack.tags["EchoTime"])},
            "PixelValueTransformationSequence": {
                "RescaleIntercept": decimal(intercept),
                "RescaleSlope": decimal(slope),
                "RescaleType": kind,
            },
            "FrameVOILUTSequence": {"WindowCenter": center, "WindowWidth": width},
        }
        frame = _item({name: [_item(table)] for name, table in groups.items()})
        private = _item()
        add_private(private, stack.private)
        frame.add_new(PRIVATE_FRAME_BLOCK, "LO", PRIVATE_FRAME_CREATOR)
        frame.add_new(PRIVATE_FRAME_SEQUENCE, "SQ", [private])
        frames.append(frame)
    return frames
