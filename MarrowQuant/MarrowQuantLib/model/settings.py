"""What a reader can set or says. The table ``SETTINGS`` says of each setting what it is called, its unit, its range, its option in the
shell and its parameters in Slicer: shell, batch, console, scene and panel follow it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional

from .. import MarrowQuantError
from .basics import UNIT_ADC, UNIT_VOLUME
from .fields import described

ROI_SHAPES = ("ellipsoid", "cylinder", "box")
FAT_SPECTRA = ("ren_marrow_9", "hamilton_9", "ismrm_6")
KINDS = ("myeloma", "mds", "aplastic_anaemia", "other_anaemia", "control")
"""Kinds of case: what panel, report and cohort ask and show depends on it."""
ANAEMIAS = ("mds", "aplastic_anaemia", "other_anaemia")
"""Kinds whose marrow is looked at for its disease: a classifier is asked, and the pattern on STIR is told."""


@dataclass(frozen=True)
class Settings:
    """What a reader can set. The sources of the defaults are told where they are used.

    Attributes
    ----------
    tdv_signal_ratio : float
        High-b signal over median muscle signal above which a voxel is a candidate (``burden``).
    tdv_adc_window : (float, float)
        ADC in µm²/s that a candidate must have (``burden``).
    min_component_ml : float
        Smaller components are noise.
    adc_class_edges : tuple of float
        Edges of the ADC classes of the accepted volume in µm²/s, ascending. The default follows the colour classes of total-tumour-load
        tools as remembered, without a paper behind them; 1400 is that of MET-RADS-P.
    roi_radii_mm : (float, float, float)
        Default half-lengths of a vertebral ROI: left–right, anterior–posterior, cranio-caudal.
    roi_shape : {"ellipsoid", "cylinder", "box"}
        Default shape of a vertebral ROI; a disc is a flat cylinder, whose axis is the body's own cranio-caudal one.
    refine_rois : bool
        Whether ROIs are moved on images that show the column elsewhere than the Dixon images (``vertebrae.refine``).
    fat_spectrum : str
        Fat spectrum for the six-echo fit (``fatwater``).
    kind : str
        Kind of case, of ``KINDS``: a response of myeloma is asked of myeloma only, the blood's of MDS and aplastic anaemia.
    """

    tdv_signal_ratio: float = described("High-b signal over median muscle signal from which on a voxel is a candidate.", default=5.0)
    tdv_adc_window: tuple[float, float] = described(
        "ADC in µm²/s that a candidate must have: lower and upper limit.", default=(550.0, 1400.0)
    )
    min_component_ml: float = described("Components smaller than this, in mL, are left out.", default=0.3)
    adc_class_edges: tuple[float, ...] = described(
        "Edges of the ADC classes of the accepted volume in µm²/s, ascending.", default=(900.0, 1400.0)
    )
    roi_radii_mm: tuple[float, float, float] = described(
        "Half-lengths of a vertebral ROI: left-right, anterior-posterior, cranio-caudal.", default=(12.0, 9.0, 7.0)
    )
    roi_shape: str = described(
        "Shape of a vertebral ROI that has none of its own.", default="ellipsoid", choices=ROI_SHAPES
    )
    refine_rois: bool = described("Whether ROIs are moved on images that show the column elsewhere than the Dixon images.", default=True)
    fat_spectrum: str = described("Fat spectrum of the fit to the echoes.", default="ren_marrow_9")
    kind: str = described("Kind of case.", default="myeloma", choices=KINDS)


@dataclass(frozen=True)
class Subject:
    """Age in years at the baseline and sex ("female", "male"), as the reader gave them to see published normal values; never read from
    the images."""

    age_years: float = described("Age at the baseline, years.", low=0)
    sex: str = described("Sex.", choices=("female", "male"))


NUMBER, NUMBERS, CHOICE, SWITCH = "number", "numbers", "choice", "switch"
_YES, _NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")


def number_text(number: float) -> str:
    """A number as short as a reader types it, and with as many digits as it takes to read the same number again."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


@dataclass(frozen=True)
class Setting:
    """What is to be known of one field of :class:`Settings`; its default stands there.

    Attributes
    ----------
    name : str
        The field.
    label_en, label_ja : str
        What a reader sees, without the unit.
    kind : str
        "number", "numbers", "choice" or "switch".
    flag : str
        Its option in the shell; that of a switch turns it off.
    parameters : tuple of str
        Its names in Slicer's parameter node, one for each number where there are several.
    unit : str
    low, high : float
        Range of each number; the limits are our choice, far outside of what is meant to be used.
    count : int or None
        How many numbers; None: one or more.
    choices : tuple of str
    """

    name: str
    label_en: str
    label_ja: str
    kind: str
    flag: str
    parameters: tuple[str, ...]
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    count: Optional[int] = None
    choices: tuple[str, ...] = ()

    @property
    def default(self) -> Any:
        """The value that holds where none is given."""
        return getattr(Settings, self.name)

    def label(self, language: str = "en") -> str:
        """What a reader sees, with the unit, in "en" or "ja"."""
        name = self.label_ja if language == "ja" else self.label_en
        if not self.unit:
            return name
        return f"{name}（{self.unit}）" if language == "ja" else f"{name} ({self.unit})"

    def text(self, value: Any) -> str:
        """The value as :meth:`read` takes it."""
        if self.kind == SWITCH:
            return "yes" if value else "no"
        return ",".join(map(number_text, value)) if self.kind == NUMBERS else number_text(value) if self.kind == NUMBER else str(value)

    def read(self, text: str) -> Any:
        """The value that a text means: "5", "550,1400" (also with ";" or spaces), "cylinder", "yes".

        Raises
        ------
        MarrowQuantError
            If it is none, or is out of range.
        """
        plain = text.strip()
        if self.kind == SWITCH:
            value: Any = True if plain.casefold() in _YES else False if plain.casefold() in _NO else plain
        elif self.kind == CHOICE:
            value = plain
        else:
            try:
                numbers = tuple(float(word) for word in re.split(r"[,;\s]+", plain))
            except ValueError:
                numbers = (math.nan,)
            value = numbers if self.kind == NUMBERS else numbers[0] if len(numbers) == 1 else math.nan
        self.check(value, plain)
        return value

    def check(self, value: Any, given: Optional[str] = None) -> None:
        """Refuse a value that the setting cannot have; ``given`` is how it was written.

        Raises
        ------
        MarrowQuantError
        """
        given = self.text(value) if given is None else given
        if self.kind in (SWITCH, CHOICE):
            known = ("yes", "no") if self.kind == SWITCH else self.choices
            if value not in ((True, False) if self.kind == SWITCH else known):
                raise MarrowQuantError(
                    "The setting {setting} cannot be '{given}'; give one of {known}.", setting=self.name, given=given, known=known
                )
            return
        numbers = tuple(value) if self.kind == NUMBERS else (value,)
        if not numbers or not all(self.low <= number <= self.high for number in numbers) or len(numbers) != (self.count or len(numbers)):
            raise MarrowQuantError(
                "The setting {setting} cannot be '{given}'; give numbers from {low:g} to {high:g}, such as {example}.",
                setting=self.name, given=given, low=self.low, high=self.high, example=self.text(self.default),
            )


SETTINGS: tuple[Setting, ...] = (
    Setting("tdv_signal_ratio", "tDV threshold, multiples of muscle signal", "tDVの閾値（筋信号の倍数）", NUMBER, "--tdv-ratio",
            ("tdvSignalRatio",), low=1, high=20),
    Setting("tdv_adc_window", "tDV ADC window", "tDVのADC範囲", NUMBERS, "--adc-window", ("tdvAdcLower", "tdvAdcUpper"), UNIT_ADC, 0, 3000,
            count=2),
    Setting("min_component_ml", "Smallest component", "最小成分", NUMBER, "--min-component", ("minComponentMl",), UNIT_VOLUME, 0, 10),
    Setting("adc_class_edges", "ADC class edges", "ADC区分の境界", NUMBERS, "--adc-classes", ("adcClassEdges",), UNIT_ADC, 0, 5000),
    Setting("roi_radii_mm", "Half-lengths of a vertebral region", "椎体領域の半径（左右・前後・頭尾）", NUMBERS, "--roi-size",
            ("roiRadiusLR", "roiRadiusAP", "roiRadiusCC"), "mm", 0.5, 50, count=3),
    Setting("roi_shape", "Shape of a vertebral region", "椎体領域の形", CHOICE, "--roi-shape", ("roiShape",), choices=ROI_SHAPES),
    Setting("refine_rois", "Move regions on displaced images", "位置ずれのある画像上で領域を移動", SWITCH, "--no-refine", ("refineRois",)),
    Setting("fat_spectrum", "Fat spectrum of the fit to the echoes", "エコーからの計算に用いる脂肪スペクトル", CHOICE, "--fat-spectrum",
            ("fatSpectrum",), choices=FAT_SPECTRA),
    Setting("kind", "Kind of case", "症例の種類", CHOICE, "--kind", ("caseKind",), choices=KINDS),
)  # fmt: skip


def setting(name: str) -> Setting:
    """The row of a field of :class:`Settings`.

    Raises
    ------
    KeyError
        If there is no such setting.
    """
    return {row.name: row for row in SETTINGS}[name]


def checked(settings: Settings) -> Settings:
    """The settings, if every one of them can be.

    Raises
    ------
    MarrowQuantError
        For the first that cannot.
    """
    for row in SETTINGS:
        row.check(getattr(settings, row.name))
    return settings


def with_texts(settings: Settings, texts: Mapping[str, str]) -> Settings:
    """The settings with those that are given as texts, by name; an empty text gives none.

    Raises
    ------
    MarrowQuantError
        For a text that is no value of its setting.
    """
    return replace(settings, **{name: setting(name).read(text) for name, text in texts.items() if text})
