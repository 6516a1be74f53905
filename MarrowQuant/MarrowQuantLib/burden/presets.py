"""Thresholds of the tumour load with where each of them comes from. None is taken from Takasu 2020, whose thresholds are not at hand."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Finding, MarrowQuantError, Settings, finding


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
    source : Finding
        Where each number comes from, or that it is our choice.
    """

    name: str
    ratio: float
    adc_window: tuple[float, float]
    source: Finding


PRESETS = (
    Preset("active disease", Settings.tdv_signal_ratio, Settings.tdv_adc_window, finding("source.preset_active")),
    Preset("sensitive", 4.1, Settings.tdv_adc_window, finding("source.preset_sensitive")),
    Preset("strict ADC", 5.0, (655.0, 1400.0), finding("source.preset_strict")),
    Preset("with responding lesions", 5.0, (550.0, 2000.0), finding("source.preset_responding")),
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
