"""Thresholds of the tumour load with where each of them comes from. None is taken from Takasu 2020, whose thresholds are not at hand."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import MarrowQuantError, Settings

_NORMAL_SIGNAL = "normal marrow has a muscle-normalised b 900 signal of 3.2 ± 0.9 (100 asymptomatic people, PMC8161193)"
_UPPER = "1400 µm²/s: above it a lesion counts as likely responding in MET-RADS-P (Padhani 2017, Eur Urol 71:81)"


@dataclass(frozen=True)
class Preset:
    """One pair of thresholds.

    Attributes
    ----------
    name : str
    ratio : float
        Smallest high-b signal over muscle.
    adc_window : (float, float)
        µm²/s.
    source : str
        Where each number comes from, or that it is our choice.
    """

    name: str
    ratio: float
    adc_window: tuple[float, float]
    source: str


PRESETS = (
    Preset(
        "active disease",
        Settings.tdv_signal_ratio,
        Settings.tdv_adc_window,
        f"Ratio: {_NORMAL_SIGNAL}; mean + 2 SD, arithmetic ours. ADC from 550: diffuse disease against normal marrow above 548 "
        f"(Koutoulidis 2017, Radiology 282:484), rounded by us. Up to {_UPPER}.",
    ),
    Preset(
        "sensitive",
        4.1,
        Settings.tdv_adc_window,
        f"Ratio: {_NORMAL_SIGNAL}; mean + 1 SD, arithmetic ours: about one healthy person in six exceeds it. ADC as in active disease.",
    ),
    Preset(
        "strict ADC",
        5.0,
        (655.0, 1400.0),
        "ADC from 655: normal against abnormal marrow with sensitivity 90 % and specificity 93 % (Messiou 2011, Eur Radiol 21:1713); it "
        f"misses diffuse disease with fat in it. Up to {_UPPER}. Ratio as in active disease.",
    ),
    Preset(
        "with responding lesions",
        5.0,
        (550.0, 2000.0),
        "As active disease, with the ADC up to 2000 by our choice (below fluid), so that lesions above 1400, which MET-RADS-P counts as "
        "likely responding, stay in the volume while they are still bright.",
    ),
)


def find_preset(name: str) -> Preset:
    """The preset called ``name``.

    Raises
    ------
    MarrowQuantError
        If there is none.
    """
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise MarrowQuantError("There is no preset called '{name}'; choose one of: {presets}.", name=name, presets=[p.name for p in PRESETS])
