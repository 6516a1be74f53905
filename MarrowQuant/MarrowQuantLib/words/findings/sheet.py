"""What is said of how a table was read: a laboratory sheet, a manifest, a cohort."""

from __future__ import annotations

from .severity import NOTE

FINDINGS = {
    "sheet.encoding": (NOTE, "{file} was read as {encoding}; if letters are wrong, save it as 'CSV UTF-8'."),
    "sheet.lines_above": (NOTE, "{n:line|lines} above the header of {file} were not read."),
    "sheet.unnamed_column": (NOTE, "Column {place} of {file} has no name; it is called '{called}'."),
    "sheet.other_sheets": (NOTE, "{n:further sheet|further sheets} of {file} were not read."),
}
