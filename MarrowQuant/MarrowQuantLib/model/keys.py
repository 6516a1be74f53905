"""Names of maps: which map, and of which part of the body."""

from __future__ import annotations

from typing import Optional


class MapKey(str):
    """Key of a map in ``ExamMaps.maps``: a kind and the number of the part that it shows.

    It is the kind itself for the stitched stations, which are part 1, and "dwi_high_part2" for stations that fit no others; as a ``str`` it
    can be looked up, stored and written like one. Whoever wants the kind or the part asks for them, and reads no text.

    Attributes
    ----------
    kind : str
        "ff", "adc", "dwi_high" …
    part : int
    """

    kind: str
    part: int

    def __new__(cls, kind: str, part: int = 1) -> MapKey:
        key = super().__new__(cls, kind if part == 1 else f"{kind}_part{part}")
        key.kind, key.part = kind, part
        return key

    def __reduce__(self) -> tuple[type, tuple[str, int]]:
        return MapKey, (self.kind, self.part)

    @classmethod
    def read(cls, text: Optional[str]) -> MapKey:
        """The key that was written as text, in a node of the scene or a file."""
        kind, _, part = (text or "").partition("_part")
        return cls(kind, int(part)) if part.isdigit() else cls(text or "")
