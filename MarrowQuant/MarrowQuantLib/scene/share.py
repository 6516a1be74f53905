"""A scene saved for sharing: no node in the file carries the patient's identity, whoever made the node.

The open scene is not touched: it is saved to a temporary file as usual, and that file is cleaned. A scene bundle (.mrb) is a zip archive
with one .mrml file, which is XML, and the files of its nodes. Format: seen in what the MRML scene of Slicer writes; a test reopens it.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Optional, Union
from urllib.parse import quote, unquote

from ..io.identity import IdentityWords
from ..model import ExamIdentity, MarrowQuantError
from .nodes import PREFIX
from .results_scene import bundle_written, save_scene

SHARED = "shared"  # token of every case that was shared: the scene that it comes from cannot be found by it
_TOKEN = PREFIX + "case"
_DIGESTS = "identity"  # entry of the exams' records and results that tells patients apart
DICOM = "DICOM."  # how Slicer's DICOM module begins the names of its attributes
# PS3.6, after that prefix: what tells who the patient is
_IDENTIFYING = (
    "PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "OtherPatientNames", "PatientBirthName", "PatientAddress",
    "AccessionNumber", "InstitutionName", "ReferringPhysicianName",
)  # fmt: skip
# Names that the Scene Views module gives its nodes; in older versions they have elements of their own, SceneView and SceneViewStorage.
_SCENE_VIEWS = re.compile(r"SceneViews|SceneViewScreenshot|SceneViewSequence_.*")
_FILE_ATTRIBUTE = re.compile(r"fileName|fileListMember\d+")
_STRUCTURE = ("id", "references", "singletonTag", "layoutName", "dataNode", "ownerNode", "parent", "type")
_FREE_TEXT = ("name", "description", "text", "attributes")
_NUMBERS = re.compile(r"[-+.\deE]+(\s+[-+.\deE]+)*\s*")
_TEXT_FILES = (".txt", ".tsv", ".csv", ".json", ".xml", ".ctbl", ".fcsv", ".acsv", ".html", ".py")
_NRRD_FILES = (".nrrd", ".nhdr")
_EXTENSION = re.compile(r"(\.(seg|mrk|seq))?\.\w+$")
_REFERENCE = re.compile(r"(?:storage|display):(\w+)")
_DETACHED = re.compile(r"^data ?file:", re.MULTILINE)


def save_share_safe(path_mrb: Union[str, Path], scene: Optional[Any] = None) -> None:
    """Save a scene as an .mrb without the patient's identity; the open scene stays as it is.

    Removed: attributes ``DICOM.…``, the digests by which MarrowQuant tells patients apart, the UIDs of the subject hierarchy, names of
    patients and studies, file names and addresses, scene views; and from all names, descriptions, texts, tables, labels and file headers
    every word that these attributes name as the
    patient's. Pixels and exam dates stay.

    Parameters
    ----------
    path_mrb : path
        Replaced if it exists; on an error it stays as it was.
    scene : vtkMRMLScene, optional
        Instead of the application's.

    Raises
    ------
    MarrowQuantError
        If the name does not end in .mrb, the file cannot be written, or a node's file holds identity and is of a kind that cannot be
        cleaned.
    """
    path = Path(path_mrb)
    with bundle_written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".marrowquant-", dir=path.parent) as folder:
            whole, clean = Path(folder) / "scene.mrb", Path(folder) / "clean.mrb"
            save_scene(whole, scene)
            try:
                with zipfile.ZipFile(whole) as source:
                    words = IdentityWords(_identity(source))
                    _clean_bundle(source, clean, words)
            except ET.ParseError as error:
                raise MarrowQuantError(
                    "Slicer wrote this scene with characters that cannot be read back, so it cannot be cleaned for sharing; look for "
                    "control characters in the names and descriptions of its nodes."
                ) from error
            os.replace(clean, path)


# ---------------------------------------------------------------------------------------------------------- who the patient is
def _identity(bundle: zipfile.ZipFile) -> Iterator[str]:
    """Names, IDs and birth dates that the nodes of a bundle carry, those of bundles within it too."""
    for name in bundle.namelist():
        if name.endswith(".mrml"):
            for element in ET.fromstring(bundle.read(name)).iter():
                yield from _identity_of(element)
        elif name.endswith(".mrb"):
            with zipfile.ZipFile(io.BytesIO(bundle.read(name))) as inner:
                yield from _identity(inner)


def _identity_of(element: ET.Element) -> Iterator[str]:
    for key, value in _pairs(element):
        if key.rpartition(".")[2] in _IDENTIFYING:
            yield value
    if ("Level", "Patient") in _pairs(element):
        yield element.get("name", "")
        for uid in element.get("uids", "").split("|"):
            yield uid.partition("^")[2]


def _pairs(element: ET.Element) -> list[tuple[str, str]]:
    """The attributes of a node (key:value;…, see :func:`_encoded`) or of a subject hierarchy item (key^value|…, not encoded)."""
    text = element.get("attributes", "")
    if element.tag == "SubjectHierarchyItem":
        # a value with | in it goes on in pieces that have no key
        pieces = re.split(r"\|(?=[\w. ]+\^|$)", text)
        return [(key, value) for key, caret, value in (piece.partition("^") for piece in pieces) if caret]
    return [(key, _decoded(value)) for key, colon, value in (piece.partition(":") for piece in text.split(";")) if colon]


# ------------------------------------------------------------------------------------------------------------------ cleaning
def _clean_bundle(source: zipfile.ZipFile, target: Union[Path, io.BytesIO], words: IdentityWords) -> None:
    """Write the bundle again with neutral file names and cleaned contents."""
    members = [name for name in source.namelist() if not name.endswith("/")]
    scene_file = next((name for name in members if name.endswith(".mrml") and name.count("/") <= 1), None)
    if scene_file is None:
        raise MarrowQuantError("The saved scene holds no scene file, so it cannot be cleaned for sharing; save it with Export instead.")
    folder = PurePosixPath(scene_file).parent
    files: dict[str, str] = {}
    for name in members:
        if name != scene_file:
            extension = _EXTENSION.search(name)
            files[str(PurePosixPath(name).relative_to(folder))] = f"Data/data-{len(files) + 1}{extension[0] if extension else ''}"
    root = ET.fromstring(source.read(scene_file))
    dropped = _clean_scene(root, files, words)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("scene/scene.mrml", ET.tostring(root, encoding="UTF-8", xml_declaration=True))
        for old, new in files.items():
            if new not in dropped:
                packed = zipfile.ZIP_STORED if new.endswith(_NRRD_FILES) else zipfile.ZIP_DEFLATED  # NRRD is compressed already
                out.writestr(f"scene/{new}", _clean_file(source.read(str(folder / old)), new, words), packed)


def _clean_scene(root: ET.Element, files: dict[str, str], words: IdentityWords) -> set[str]:
    """Clean the XML in place; returns the new names of files that go with the scene views."""
    dropped: set[str] = set()
    for element in _scene_views(root):
        dropped.update(files[name] for name in map(unquote, element.attrib.values()) if name in files)
        root.remove(element)
    numbers = {"Patient": 0, "Study": 0}
    for element in root.iter():
        level = dict(_pairs(element)).get("Level", "")
        for key, value in list(element.attrib.items()):
            element.set(key, _clean_attribute(element, key, value, files, words))
        element.attrib.pop("uids", None)
        if level in numbers and element.tag == "SubjectHierarchyItem":
            numbers[level] += 1
            element.set("name", f"{level} {numbers[level]}")
        element.text = words.removed_from(element.text or "")
    return dropped


def _scene_views(root: ET.Element) -> list[ET.Element]:
    """Nodes of the scene views, which are pictures of the window, where the corners may show the name; with what stores and shows them."""
    views = [element for element in root if element.tag.startswith("SceneView") or _SCENE_VIEWS.fullmatch(element.get("name", ""))]
    helpers = {id_ for view in views for id_ in _REFERENCE.findall(view.get("references", ""))}
    return views + [element for element in root if element.get("id") in helpers and element not in views]


def _clean_attribute(element: ET.Element, key: str, value: str, files: dict[str, str], words: IdentityWords) -> str:
    if _FILE_ATTRIBUTE.fullmatch(key):
        return quote(files.get(unquote(value), ""))
    if key == "uri" or key.startswith("uriListMember"):
        return ""
    if key == "attributes":
        return _clean_pairs(element, words)
    if key in _STRUCTURE or (key not in _FREE_TEXT and _NUMBERS.fullmatch(value)):
        return value
    return _clean_text(value, words)


def _clean_pairs(element: ET.Element, words: IdentityWords) -> str:
    pairs = [(key, value if key == "Level" else _clean_text(value, words)) for key, value in _pairs(element) if not key.startswith(DICOM)]
    pairs = [(key, SHARED if key == _TOKEN else value) for key, value in pairs]
    if element.tag == "SubjectHierarchyItem":
        return "".join(f"{key}^{value}|" for key, value in pairs)
    return ";".join(f"{key}:{_encoded(value)}" for key, value in pairs)


def _encoded(text: str) -> str:
    """What Slicer encodes in the values of node attributes: its escape character and the separator, nothing else."""
    return text.replace("%", "%25").replace(";", "%3B")


def _decoded(text: str) -> str:
    return text.replace("%3B", ";").replace("%25", "%")


def _clean_text(text: str, words: IdentityWords) -> str:
    """Without the words; in JSON only strings are changed, so that it stays JSON."""
    if text[:1] in ("{", "["):
        try:
            return json.dumps(_clean_json(json.loads(text), words), ensure_ascii=False)
        except ValueError:  # a text that only begins like JSON
            return words.removed_from(text)
    return words.removed_from(text)


def _clean_json(value: Any, words: IdentityWords) -> Any:
    if isinstance(value, str):
        return words.removed_from(value)
    if isinstance(value, list):
        return [_clean_json(item, words) for item in value]
    if isinstance(value, dict):
        nobody = {_DIGESTS: ExamIdentity().plain()} if _DIGESTS in value else {}
        return {**{words.removed_from(key): _clean_json(item, words) for key, item in value.items()}, **nobody}
    return value


def _clean_file(data: bytes, name: str, words: IdentityWords) -> bytes:
    """A node's file: text and NRRD headers are cleaned, scenes within it are cleaned like the outer one, anything else is searched."""
    if name.endswith(".mrb"):
        inner = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            _clean_bundle(bundle, inner, words)
        return inner.getvalue()
    if name.endswith(".mrml"):  # a sequence of nodes that have no files
        root = ET.fromstring(data)
        _clean_scene(root, {}, words)
        return ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    if name.endswith(_NRRD_FILES):
        header, blank, pixels = data.partition(b"\n\n")
        text = header.decode("utf-8", "surrogateescape")
        if _DETACHED.search(text):
            raise MarrowQuantError("A volume is stored with its header in a file of its own; store it as .nrrd, then save again.")
        return words.removed_from(text).encode("utf-8", "surrogateescape") + blank + pixels
    if name.endswith(_TEXT_FILES):
        return _clean_text(data.decode("utf-8", "surrogateescape"), words).encode("utf-8", "surrogateescape")
    if words.found_in(data):
        kind = PurePosixPath(name).suffix or "another kind"
        raise MarrowQuantError(
            "A node whose file is of the kind {kind} holds words of the patient's identity, which cannot be removed from such a file; "
            "remove the node from the scene, then save again.",
            kind=kind,
        )
    return data
