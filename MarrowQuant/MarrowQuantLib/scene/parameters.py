"""The module's parameter node, as Slicer's ``@parameterNodeWrapper`` stores it, and the results as a text node.

Slicer's wrapper keeps a number, a text or a path as ``str(value)`` under the parameter's name; a node as a node reference whose role is
the parameter's name, beside an empty parameter (seen in Slicer 5.13). What is written here is what the panel of the module reads.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from ..io.typed import plain_text, typed_number
from ..model import MarrowQuantError, Results, Settings, Subject
from ..model.settings import CHOICE, NUMBER, NUMBERS, SETTINGS, SWITCH, number_text
from ..results import results_to_dict
from .nodes import MODULE_NAME, case_token, find_node, find_or_add, is_derived, own_nodes, scene_or_default, set_tags, tag

PATHS = ("baselineFolder", "followUpFolder", "labsPath", "outputFolder", "otherResultsFolder")
_IS_NUMBER = {row.name: row.kind == NUMBER or (row.kind == NUMBERS and row.count is not None) for row in SETTINGS}
_LISTS = tuple(row for row in SETTINGS if row.kind == NUMBERS and row.count is None)  # kept as a reader types them
NUMBERS_STORED = (*(name for row in SETTINGS if _IS_NUMBER[row.name] for name in row.parameters), "ageYears")
SWITCHES = tuple(name for row in SETTINGS if row.kind == SWITCH for name in row.parameters)
_TEXTS = tuple(name for row in SETTINGS if row.kind == CHOICE or row in _LISTS for name in row.parameters)
TEXTS = ("modelId", "language", "sex", "seriesOverrides", "siteLimits", *_TEXTS)
NODES = ("baselinePoints", "followUpPoints", "baselineSegmentation", "followUpSegmentation", "baselineBurden", "followUpBurden")


def parameter_node(scene: Optional[Any] = None) -> Any:
    """The module's vtkMRMLScriptedModuleNode, the singleton that ``ScriptedLoadableModuleLogic.getParameterNode`` finds; made if absent."""
    scene = scene_or_default(scene)
    node = scene.GetSingletonNode(MODULE_NAME, "vtkMRMLScriptedModuleNode")
    if node is None:
        node = scene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)  # the scene keeps the reference that counts
        node.SetSingletonTag(MODULE_NAME)
        node.SetName(MODULE_NAME)
        node = scene.AddNode(node)
    node.SetAttribute("ModuleName", MODULE_NAME)  # closing a scene removes it
    return node


def ensure_case(scene: Optional[Any] = None) -> str:
    """The token of the scene's case; made, for a case that begins, if there is none.

    It is random, so that it tells two cases of one scene apart and nothing else: neither the patient nor the computer.
    """
    token = case_token(scene)
    if token is None:
        token = secrets.token_hex(8)
        set_tags(parameter_node(scene), {"case": token})
    return token


def adopt_nodes(scene: Optional[Any] = None) -> bool:
    """Take the nodes that an earlier version made, without a token, into the scene's case; True if an exam's record was among them.

    Volumes of the DICOM browser and a cohort's tables belong to no case.
    """
    token = ensure_case(scene)
    without = [node for node in own_nodes(scene) if tag(node, "case") is None]
    found = [node for node in without if tag(node, "exam") or tag(node, "text") or is_derived(node)]
    for node in found:
        set_tags(node, {"case": token})
    return any(tag(node, "text") == "exam" for node in found)


LIMITS = {
    **{name: (row.low, row.high) for row in SETTINGS if row.kind in (NUMBER, NUMBERS) and row not in _LISTS for name in row.parameters},
    "ageYears": (0, 110),
}
CHOICES = {
    **{name: tuple(row.choices) for row in SETTINGS if row.kind == CHOICE for name in row.parameters},
    **{name: ("True", "False") for row in SETTINGS if row.kind == SWITCH for name in row.parameters},
    "sex": ("", "female", "male"),
    "language": ("auto", "en", "ja"),
}


def mend_parameters(node: Any) -> tuple[str, ...]:
    """Replace what the typed wrapper of a parameter node cannot read by its default: a scene changed by hand, or of another version.

    Returns
    -------
    tuple of str
        The names of what was replaced.
    """
    damaged = [name for name in (*LIMITS, *CHOICES) if node.HasParameter(name) and not _is_readable(name, node.GetParameter(name))]
    defaults = {**settings_to_parameters(Settings()), **subject_to_parameters(None), "language": "auto"}
    for name in damaged:
        node.SetParameter(name, str(defaults[name]))
    return tuple(damaged)


def _is_readable(name: str, text: str) -> bool:
    if name in CHOICES:
        return text in CHOICES[name]
    low, high = LIMITS[name]
    try:
        return low <= (int(text) if name == "ageYears" else float(text)) <= high
    except ValueError:
        return False


def set_parameters(values: Mapping[str, Any], scene: Optional[Any] = None) -> None:
    """Store parameters; nodes by reference, everything else as text.

    Raises
    ------
    KeyError
        For a name that is not a parameter of the module.
    """
    node = parameter_node(scene)
    was_modifying = node.StartModify()
    try:
        for name, value in values.items():
            if name not in (*PATHS, *NUMBERS_STORED, *TEXTS, *SWITCHES, *NODES):
                raise KeyError(f"{name} is not a parameter of the module")
            if name in NODES:
                node.SetParameter(name, "")
                node.SetNodeReferenceID(name, None if value is None else value.GetID())
            else:
                node.SetParameter(name, str(value))
    finally:
        node.EndModify(was_modifying)


def get_parameters(scene: Optional[Any] = None) -> dict[str, Any]:
    """The parameters that are stored: numbers as float, paths and texts as str, nodes as nodes."""
    node = parameter_node(scene)
    values: dict[str, Any] = {name: node.GetParameter(name) for name in (*PATHS, *TEXTS) if node.HasParameter(name)}
    values.update({name: float(node.GetParameter(name)) for name in NUMBERS_STORED if node.HasParameter(name)})
    values.update({name: node.GetParameter(name) == "True" for name in SWITCHES if node.HasParameter(name)})
    values.update({name: node.GetNodeReference(name) for name in NODES if node.GetNodeReferenceID(name)})
    return values


def stored_parameters(node: Any) -> tuple[dict[str, str], dict[str, Optional[str]], Optional[str]]:
    """All that a parameter node holds, as it is stored: texts by name, node IDs by role, and the token of the case."""
    texts = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    return texts, {name: node.GetNodeReferenceID(name) for name in NODES}, tag(node, "case")


def put_back(node: Any, stored: tuple[Mapping[str, str], Mapping[str, Optional[str]], Optional[str]]) -> None:
    """Give a parameter node again what :func:`stored_parameters` found in it."""
    texts, references, token = stored
    was_modifying = node.StartModify()
    try:
        set_tags(node, {"case": token})
        for name in set(node.GetParameterNames()).difference(texts):
            node.UnsetParameter(name)
        for name, text in texts.items():
            node.SetParameter(name, text)
        for name, node_id in references.items():
            node.SetNodeReferenceID(name, node_id)
    finally:
        node.EndModify(was_modifying)


def subject_to_parameters(subject: Optional[Subject]) -> dict[str, Any]:
    """Age and sex under the parameters' names; 0 and empty where they were not given."""
    return {"ageYears": round(subject.age_years) if subject else 0, "sex": subject.sex if subject else ""}


def settings_to_parameters(settings: Settings) -> dict[str, Any]:
    """Settings under the parameters' names."""
    values: dict[str, Any] = {}
    for row in SETTINGS:
        value = getattr(settings, row.name)
        each = (text_from_numbers(value),) if row in _LISTS else value if len(row.parameters) > 1 else (value,)
        values.update(zip(row.parameters, each))
    return values


def settings_from_parameters(value_of: Callable[[str], Any]) -> Settings:
    """The settings that parameters hold; ``value_of`` gives the value of a name.

    Raises
    ------
    MarrowQuantError
        For a list of numbers that is none.
    """
    found: dict[str, Any] = {}
    for row in SETTINGS:
        each = [value_of(name) for name in row.parameters]
        found[row.name] = numbers_from_text(each[0]) if row in _LISTS else tuple(each) if len(each) > 1 else each[0]
    return Settings(**found)


def text_from_numbers(numbers: Iterable[float]) -> str:
    """Numbers as a reader types them: "900, 1400"."""
    return ", ".join(map(number_text, numbers))


def numbers_from_text(text: str) -> tuple[float, ...]:
    """Numbers that a reader typed, separated by commas or spaces.

    Raises
    ------
    MarrowQuantError
        If there is none, or a word is no number.
    """
    numbers = [typed_number(word) for word in plain_text(text).replace("、", ",").replace(",", " ").split()]
    if not numbers or None in numbers:
        raise MarrowQuantError("'{text}' is not a list of numbers; enter numbers separated by commas, such as 900, 1400.", text=text)
    return tuple(numbers)


@contextmanager
def without_paths(scene: Optional[Any] = None) -> Iterator[None]:
    """Leave folder names out of a scene that is being saved: they name this computer, and often the patient.

    Nobody is told of the change, so the panel does not follow it.
    """
    node = parameter_node(scene)
    kept = {name: node.GetParameter(name) for name in PATHS if node.GetParameter(name)}
    told = node.GetDisableModifiedEvent()
    node.SetDisableModifiedEvent(1)
    try:
        for name in kept:
            node.SetParameter(name, "")
        yield
    finally:
        for name, value in kept.items():
            node.SetParameter(name, value)
        node.SetDisableModifiedEvent(told)


def results_to_text(results: Results, scene: Optional[Any] = None) -> Any:
    """All results with their provenance, as JSON under ``results/results.schema.json``, in a vtkMRMLTextNode."""
    node = find_or_add("vtkMRMLTextNode", "MarrowQuant results", {"text": "results"}, scene)
    node.SetText(json.dumps(results_to_dict(results), ensure_ascii=False, indent=1))
    node.SetForceCreateStorageNode(True)  # a file of its own in the bundle, instead of an attribute of the scene's XML
    return node


def results_from_text(scene: Optional[Any] = None) -> Optional[dict[str, Any]]:
    """The JSON results stored in the scene, or None."""
    node = find_node("vtkMRMLTextNode", {"text": "results"}, scene)
    return None if node is None or not node.GetText() else json.loads(node.GetText())
