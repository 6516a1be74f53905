"""JSON files that somebody else may have written: read, or refused with a ValueError, whatever they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LARGEST = 500_000_000  # bytes; our choice: results with all their voxels stay far below


def read_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8, with or without a byte order mark.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no JSON, too large, or nested too deeply.
    """
    if Path(path).stat().st_size > LARGEST:
        raise ValueError("too large")
    return parse_json(Path(path).read_text(encoding="utf-8-sig"))


def parse_json(text: str) -> Any:
    """The content of a JSON text.

    Raises
    ------
    ValueError
        If it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (RecursionError, MemoryError):
        raise ValueError("nested too deeply") from None
