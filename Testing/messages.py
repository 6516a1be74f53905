"""What has to be translated, gathered from the sources: ``python Testing/messages.py`` brings ``words/ja.po`` up to date.

New messages are added without a translation, those that are gone are dropped; words (context "word") stay. Needs Babel.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

LIB = Path(__file__).resolve().parents[1] / "MarrowQuant" / "MarrowQuantLib"
CATALOGUE = LIB / "words" / "ja.po"
CHANGING = ('"Project-Id', '"POT-Creation', '"PO-Revision', '"Last-Translator', '"Language-Team', '"Report-Msgid', '"Generated-By')
ERRORS = {"AnotherCase", "MarrowQuantError", "ReaderMustSay", "ResultsInTheWay", "UnsafePixels"}


def finding_messages() -> dict[str, str]:
    """The English sentence of every finding, with its code."""
    sys.path.insert(0, str(LIB.parent))
    from MarrowQuantLib.words.findings import FINDINGS, TOLD

    return {sentence: code for code, (_, sentence) in FINDINGS.items() if code != TOLD}


def error_calls() -> Iterator[tuple[Path, ast.Call]]:
    """Every place where an error for the reader is made."""
    for path in sorted(LIB.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ERRORS and node.args:
                yield path, node


def error_messages() -> dict[str, str]:
    """The template of every error that is written as a plain text, with the file it stands in."""
    return {
        call.args[0].value: path.relative_to(LIB).as_posix()
        for path, call in error_calls()
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def update() -> None:
    from babel.messages import Catalog
    from babel.messages.pofile import read_po, write_po

    with CATALOGUE.open("rb") as file:
        old = read_po(file, locale="ja")
    new = Catalog(locale="ja", project="MarrowQuant", charset="utf-8", fuzzy=False, header_comment="# Japanese sentences of MarrowQuant.")
    for message in old:
        if message.context:
            new.add(message.id, message.string, context=message.context)
    for text, where in {**error_messages(), **finding_messages()}.items():
        known = old.get(text)
        message = new.add(text, known.string if known else "", auto_comments=[where])
        message.flags.discard("python-format")  # a per cent sign is one
    written = io.BytesIO()
    write_po(written, new, width=120, omit_header=False)
    lines = written.getvalue().decode("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(CHANGING)]
    CATALOGUE.write_text("".join(kept), encoding="utf-8")


if __name__ == "__main__":
    update()
