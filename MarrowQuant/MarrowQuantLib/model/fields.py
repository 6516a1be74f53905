"""What stands at a field of a result beside its type: its name and meaning in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, field
from typing import Any, Callable, Optional

FIELD = "marrowquant"
"""Key of the metadata of a dataclass's field."""


def described(
    text: str = "",
    *,
    default: Any = MISSING,
    default_factory: Any = MISSING,
    json: str = "",
    earlier: Sequence[str] = (),
    choices: Sequence[str] = (),
    low: Optional[float] = None,
    high: Optional[float] = None,
    shape: Optional[Sequence[int]] = None,
    flat: bool = False,
    hidden: bool = False,
    when_read: Optional[Callable[[], Any]] = None,
) -> Any:
    """A field of a dataclass that results are made of.

    Parameters
    ----------
    text : str
        What it means: its description in the schema and the data dictionary.
    default, default_factory
        As for :func:`dataclasses.field`.
    json : str
        Its name in the file, where it is another one.
    earlier : sequence of str
        Names that older files have for it.
    choices : sequence of str
        The texts it can be.
    low, high : float, optional
        Limits of the number.
    shape : sequence of int, optional
        Of the array; -1 for any length.
    flat : bool
        Its own fields stand among those of its owner.
    hidden : bool
        It is not written.
    when_read : callable, optional
        Gives its value where it is read back, because the file does not hold it (whole).
    """
    told: dict[str, Any] = {"text": text, "json": json, "earlier": tuple(earlier), "choices": tuple(choices), "low": low, "high": high}
    told.update({"shape": shape, "flat": flat, "hidden": hidden}, **({} if when_read is None else {"when_read": when_read}))
    return field(default=default, default_factory=default_factory, metadata={FIELD: told})
