"""Whole numbers among the options: a seed, how often something is repeated."""

from __future__ import annotations

import argparse
from typing import Callable


def whole(low: int = 0) -> Callable[[str], int]:
    """The type of an option that takes a whole number of ``low`` or more; anything else ends in a sentence."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low:
            raise argparse.ArgumentTypeError(f"'{text}' is no whole number of {low} or more")
        return number

    return read
