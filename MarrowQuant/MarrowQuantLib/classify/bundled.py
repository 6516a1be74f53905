"""The model that comes with the software: of simulated patients, for trying it; no model for patients is shipped."""

from __future__ import annotations

from pathlib import Path

BUNDLED = Path(__file__).parent / "models" / "simulated"


def bundled_model() -> Path:
    """Its folder."""
    return BUNDLED
