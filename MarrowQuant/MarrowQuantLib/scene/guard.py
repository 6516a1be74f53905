"""A scene holds one case: what *Add Data* brings of another one is taken out again, before anything shows or uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import slicer
import vtk

from ..model import Finding, finding
from .nodes import MODULE_NAME, own_nodes, tag

_LAYERS = ("Background", "Foreground", "Label")


@dataclass(frozen=True)
class _Before:
    """The scene as it was when an import began.

    ``parameters`` are those of the module, ``references`` its node references and ``token`` its case: an import writes over them, as the
    node is a singleton. So are the slice views, whose volumes are kept in ``layers``.
    """

    nodes: frozenset[str]
    items: frozenset[int]
    parameters: Mapping[str, str]
    references: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str]
    layers: Mapping[str, tuple[Optional[str], ...]]


class SceneGuard:
    """Watches imports into ``slicer.mrmlScene``; whoever owns it calls both methods, whether the panel is open or not."""

    def __init__(self) -> None:
        self._before: Optional[_Before] = None

    def import_begins(self) -> None:
        """Note what is there, if it is a case; an empty scene takes whatever comes."""
        has_case = any(tag(node, "exam") for node in own_nodes())
        self._before = _state() if has_case else None

    def import_ends(self) -> Optional[Finding]:
        """Keep the case as it was; a sentence if another one came, and went."""
        before, self._before = self._before, None
        if before is None:
            return None
        came = [node for node in own_nodes() if node.GetID() not in before.nodes]
        if any(tag(node, "exam") or tag(node, "text") for node in came):
            _remove_what_came(before)
            told = finding("case.second_refused")
        else:
            told = None
        _bring_back(before)
        return told


def _parameter_node() -> Optional[Any]:
    return slicer.mrmlScene.GetSingletonNode(MODULE_NAME, "vtkMRMLScriptedModuleNode")


def _composites() -> list[Any]:
    scene, name = slicer.mrmlScene, "vtkMRMLSliceCompositeNode"
    return [scene.GetNthNodeByClass(n, name) for n in range(scene.GetNumberOfNodesByClass(name))]


def _items() -> frozenset[int]:
    hierarchy, items = slicer.mrmlScene.GetSubjectHierarchyNode(), vtk.vtkIdList()
    if hierarchy is not None:
        hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    return frozenset(items.GetId(n) for n in range(items.GetNumberOfIds()))


def _state() -> _Before:
    scene, node = slicer.mrmlScene, _parameter_node()
    roles = [node.GetNthNodeReferenceRole(n) for n in range(node.GetNumberOfNodeReferenceRoles())] if node else []
    return _Before(
        nodes=frozenset(scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())),
        items=_items(),
        parameters={name: node.GetParameter(name) for name in node.GetParameterNames()} if node else {},
        references={role: _referred(node, role) for role in roles},
        attributes={name: node.GetAttribute(name) for name in node.GetAttributeNames()} if node else {},
        layers={c.GetID(): tuple(getattr(c, f"Get{layer}VolumeID")() for layer in _LAYERS) for c in _composites()},
    )


def _referred(node: Any, role: str) -> tuple[str, ...]:
    return tuple(node.GetNthNodeReferenceID(role, n) for n in range(node.GetNumberOfNodeReferences(role)))


def _remove_what_came(before: _Before) -> None:
    scene = slicer.mrmlScene
    for node in [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]:
        if node.GetID() not in before.nodes and scene.IsNodePresent(node):
            scene.RemoveNode(node)
    hierarchy = scene.GetSubjectHierarchyNode()
    for item in _items() - before.items:
        hierarchy.RemoveItem(item, False, False)


def _bring_back(before: _Before) -> None:
    node = _parameter_node()
    was_modifying = node.StartModify()
    try:
        for name in node.GetParameterNames():
            if name not in before.parameters:
                node.UnsetParameter(name)
        for name, value in before.parameters.items():
            node.SetParameter(name, value)
        node.RemoveNodeReferenceIDs(None)
        for role, ids in before.references.items():
            for id_ in ids:
                node.AddNodeReferenceID(role, id_)
        for name in {*node.GetAttributeNames(), *before.attributes}:
            node.SetAttribute(name, before.attributes.get(name))
    finally:
        node.EndModify(was_modifying)
    for composite in _composites():
        for layer, id_ in zip(_LAYERS, before.layers.get(composite.GetID(), ())):
            getattr(composite, f"Set{layer}VolumeID")(id_)
