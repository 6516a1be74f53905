"""Japanese of the panels: ``python Testing/translations.py`` brings the ``.ts`` files up to date and compiles them.

A string is looked up as Slicer does: in the context of its file, after the folder's name if that is a package (``slicer.i18n``), or of the
``.ui`` file's class. New strings are added as unfinished, those that are gone are dropped. The ``.qm`` files that Slicer loads are
compiled by Qt's lrelease (which PySide6-Essentials holds) and committed, as an extension in Python is packed without Qt's tools.
"""

from __future__ import annotations

import ast
import importlib.util
import subprocess
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
MODULE, COHORT = ROOT / "MarrowQuant", ROOT / "MarrowQuantCohort"
PANEL = MODULE / "MarrowQuantLib" / "panel"
SOURCES = {MODULE: [MODULE / "MarrowQuant.py", *sorted(PANEL.rglob("*.py"))], COHORT: [COHORT / "MarrowQuantCohort.py"]}
Messages = dict[tuple[str, str], str]


def file_of(module: Path) -> Path:
    """The translations of a module; the compiled ones lie beside it."""
    return module / "Resources" / "Translations" / f"{module.name}_ja.ts"


def compiled_files(module: Path) -> list[Path]:
    """The compiled file under every name that Slicer looks for: it takes those that end with the language of its settings, which is "ja",
    "ja_JP" or "ja-JP" by version and language pack, and only some versions try the language alone as well.
    """
    source = file_of(module)
    return [source.with_name(f"{source.stem}{territory}.qm") for territory in ("", "_JP", "-JP")]


def context_of(path: Path) -> str:
    """What ``slicer.i18n.tr`` looks a string of this file up with."""
    return f"{path.parent.name}.{path.stem}" if (path.parent / "__init__.py").is_file() else path.stem


def marked(path: Path) -> set[str]:
    """The strings of a Python file that go through ``_``."""
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return {call.args[0].value for call in calls if isinstance(call.func, ast.Name) and call.func.id == "_"}


def in_ui(path: Path) -> set[str]:
    """The strings of a ``.ui`` file that Qt translates."""
    strings = ElementTree.parse(path).getroot().iter("string")
    return {element.text for element in strings if element.text and element.get("notr") != "true"}


def needed(module: Path) -> set[tuple[str, str]]:
    """Context and text of everything that a module shows."""
    found = {(context_of(path), text) for path in SOURCES[module] for text in marked(path)}
    return found | {(path.stem, text) for path in (module / "Resources" / "UI").glob("*.ui") for text in in_ui(path)}


def read(module: Path) -> Messages:
    """The Japanese of a module by context and text; empty where it is unfinished."""
    path = file_of(module)
    contexts = ElementTree.parse(path).getroot().iter("context") if path.is_file() else ()
    return {
        (context.findtext("name", ""), message.findtext("source", "")): message.findtext("translation") or ""
        for context in contexts
        for message in context.iter("message")
    }


def write(module: Path, messages: Messages) -> None:
    """Write the ``.ts`` file, sorted."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<!DOCTYPE TS>", '<TS version="2.1" language="ja_JP" sourcelanguage="en_US">']
    for name in sorted({context for context, _ in messages}):
        lines += ["<context>", f"    <name>{name}</name>"]
        for _, text in sorted(key for key in messages if key[0] == name):
            japanese, state = messages[name, text], "" if messages[name, text] else ' type="unfinished"'
            lines += ["    <message>", f"        <source>{escape(text)}</source>"]
            lines += [f"        <translation{state}>{escape(japanese)}</translation>", "    </message>"]
        lines.append("</context>")
    file_of(module).parent.mkdir(exist_ok=True)
    file_of(module).write_text("\n".join([*lines, "</TS>", ""]), encoding="utf-8")


def compile_to(source: Path, target: Path) -> None:
    """Compile a ``.ts`` file into the ``.qm`` file that Slicer loads."""
    package = importlib.util.find_spec("PySide6")  # not imported: the test host has to be the first to do so
    subprocess.run([Path(package.origin).parent / "lrelease", "-silent", source, "-qm", target], check=True)


def update() -> None:
    known = {**read(MODULE), **read(COHORT)}
    for module in SOURCES:
        write(module, {key: known.get(key, "") for key in needed(module)})
        for compiled in compiled_files(module):
            compile_to(file_of(module), compiled)
        for context, text in (key for key, japanese in read(module).items() if not japanese):
            print(f"unfinished: {context}: {text!r}")


if __name__ == "__main__":
    update()
