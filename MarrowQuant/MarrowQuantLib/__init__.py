"""MarrowQuant: quantitative bone-marrow MRI in myeloma. Research use only."""

from __future__ import annotations

from typing import Any

from .words.catalogue import filled, translated

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not a medical device; not for diagnosis or treatment decisions."


class MarrowQuantError(ValueError):
    """A sentence for the reader: what is wrong, why, and what to do. Never carries patient identity.

    ``str()`` is English. Give the sentence as a template and its values by name, so that it can be shown in another language too:
    ``MarrowQuantError("{name} has no pixels.", name=name)``. Without values the template is the sentence, braces and all.
    """

    def __init__(self, template: str = "", **values: Any) -> None:
        super().__init__(filled(template, values) if values else template)
        self.template, self.values = template, values

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade_error, (type(self), self.template, self.values)

    def in_language(self, language: str) -> str:
        """The sentence in "en" or "ja"; English where there is no other."""
        return filled(self.template, self.values, language) if self.values else translated(self.template, language)


def _remade_error(kind: type[MarrowQuantError], template: str, values: dict[str, Any]) -> MarrowQuantError:
    return kind(template, **values)


class Cancelled(Exception):
    """Raised from inside a progress callback when the reader pressed Cancel."""
