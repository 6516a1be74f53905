"""How much a finding matters."""

from __future__ import annotations

NOTE, CHECK, SERIOUS = "note", "check", "serious"
"""Good to know; look before you trust the number; the number is probably wrong."""
