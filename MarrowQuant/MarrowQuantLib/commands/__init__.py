"""The commands of ``marrowquant``, one file a subject; each adds its own parser and prints its own result."""

from __future__ import annotations

import argparse

from . import adc, analyze, batch, burden, cohort, deidentify, inspect, pdff, phantom, repeatability, response, timeline, vertebrae


def add_all(commands: argparse._SubParsersAction) -> None:
    """Add every command to the parser. A command's function takes the options and returns the exit code."""
    for module in (inspect, analyze, burden, adc, pdff, batch, phantom, deidentify, response, timeline, cohort, vertebrae, repeatability):
        module.add(commands)
