"""A scene holds one case: what *Add Data* brings of another one is taken out again, before anything shows or uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, Optional

import slicer
import vtk

from ..model import Finding, finding
from .nodes import COHORT_MODULE, own_nodes, set_place, tag
from .parameters import parameter_node, put_back, stored_parameters

_LAYERS = ("Background", "Foreground", "Label")


@dataclass(frozen=True)
class _Before:
    """The scene as it was when an import began.

    ``parameters`` are those of the module, ``question`` those of the cohort's module: an import writes over them, as their nodes are
    singletons. So are the slice views, whose volumes are kept in ``layers``. ``place`` is the file of the scene and its folder, where
    *File > Save* would write.
    """

    nodes: frozenset[str]
    items: frozenset[int]
    parameters: Any
    question: Any
    layers: Mapping[str, tuple[Optional[str], ...]]
    place: tuple[str, str]


class SceneGuard:
    """Watches imports into ``slicer.mrmlScene`` from the start of Slicer on, whether the panel was ever opened or not.

    Attributes
    ----------
    scene : vtkMRMLScene
        The one that is watched.
    tell : callable
        Called with the sentence about a case that came and went; the panel, when it is open, says it too.
    later : callable
        Calls a function when Slicer has ended an import: the scene takes the name of the file that was added only after it told the end.
    """

    def __init__(self) -> None:
        self._before: Optional[_Before] = None
        self._refusal: Optional[Finding] = None
        self.tell: Callable[[Finding], Any] = lambda refusal: None
        self.later: Callable[[Callable[[], None]], Any] = lambda act: act()
        self.scene = slicer.mrmlScene
        events = slicer.vtkMRMLScene
        watched = {
            events.StartImportEvent: self.import_begins, events.EndImportEvent: self._import_ended, events.StartCloseEvent: self._forget,
        }  # fmt: skip
        self._tags = [self.scene.AddObserver(event, lambda caller, name, act=act: act()) for event, act in watched.items()]

    def stop(self) -> None:
        """Watch no more."""
        for observer in self._tags:
            self.scene.RemoveObserver(observer)
        self._tags = []

    def take_refusal(self) -> Optional[Finding]:
        """A sentence about a case that came and went since it was asked last, or None."""
        refusal, self._refusal = self._refusal, None
        return refusal

    def _import_ended(self) -> None:
        self._refusal = self.import_ends() or self._refusal
        if self._refusal is not None:
            self.tell(self._refusal)

    def _forget(self) -> None:
        self._refusal = None

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
            self.later(lambda: set_place(*before.place))
            told = finding("case.second_refused")
        else:
            told = None
        _bring_back(before)
        return told


_NAME = "MarrowQuantGuard"


def scene_guard() -> SceneGuard:
    """The one guard of the application's scene; it watches from the first call on, and is kept where a module's reload leaves it."""
    guard: Optional[SceneGuard] = getattr(slicer.modules, _NAME, None)
    if guard is None or guard.scene is not slicer.mrmlScene:
        guard = SceneGuard()
        setattr(slicer.modules, _NAME, guard)
    return guard


def stop_guarding() -> None:
    """Let the guard go, before its code is loaded anew."""
    guard = getattr(slicer.modules, _NAME, None)
    if guard is not None:
        guard.stop()
        setattr(slicer.modules, _NAME, None)


def _question() -> Optional[Any]:
    """The parameter node of the cohort's module, if that was used."""
    return slicer.mrmlScene.GetSingletonNode(COHORT_MODULE, "vtkMRMLScriptedModuleNode")


def _composites() -> list[Any]:
    scene, name = slicer.mrmlScene, "vtkMRMLSliceCompositeNode"
    return [scene.GetNthNodeByClass(n, name) for n in range(scene.GetNumberOfNodesByClass(name))]


def _items() -> frozenset[int]:
    hierarchy, items = slicer.mrmlScene.GetSubjectHierarchyNode(), vtk.vtkIdList()
    if hierarchy is not None:
        hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    return frozenset(items.GetId(n) for n in range(items.GetNumberOfIds()))


def _state() -> _Before:
    scene = slicer.mrmlScene
    return _Before(
        nodes=frozenset(scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())),
        items=_items(),
        parameters=stored_parameters(parameter_node()),
        question=None if (node := _question()) is None else stored_parameters(node),
        place=(scene.GetURL() or "", scene.GetRootDirectory() or ""),
        layers={c.GetID(): tuple(getattr(c, f"Get{layer}VolumeID")() for layer in _LAYERS) for c in _composites()},
    )


def _remove_what_came(before: _Before) -> None:
    scene = slicer.mrmlScene
    for node in [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]:
        if node.GetID() not in before.nodes and scene.IsNodePresent(node):
            scene.RemoveNode(node)
    hierarchy = scene.GetSubjectHierarchyNode()
    for item in _items() - before.items:
        hierarchy.RemoveItem(item, False, False)
    if before.question is not None:
        put_back(_question(), before.question)


def _bring_back(before: _Before) -> None:
    put_back(parameter_node(), before.parameters)
    for composite in _composites():
        for layer, id_ in zip(_LAYERS, before.layers.get(composite.GetID(), ())):
            getattr(composite, f"Set{layer}VolumeID")(id_)
