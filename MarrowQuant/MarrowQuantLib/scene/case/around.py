"""What the parts of an exam take from around them: nothing of the case, and nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Optional

from ... import workflow
from ...exam.maps import ExamMaps
from ...model import Settings
from ..nodes import find_node

# Names of the node references in the parameter node.
REFERENCES = dict(zip(workflow.LABELS, ("baseline", "followUp")))


@dataclass(frozen=True)
class Around:
    """The surroundings of a part of one exam.

    Attributes
    ----------
    label : str
        Of the exam.
    maps, settings, parameters : callable
        Give the exam's maps, the settings and the parameter node as they are now.
    changed : callable
        To be called when something changed that the scene holds in the exam's record only.
    """

    label: str
    maps: Callable[[], ExamMaps]
    settings: Callable[[], Settings]
    parameters: Callable[[], Any]
    changed: Callable[[], None]

    def map_node(self, key: str) -> Optional[Any]:
        """The volume node of a map, or None."""
        return find_node("vtkMRMLScalarVolumeNode", {"exam": self.label, "key": key})

    def refer(self, what: str, node: Optional[Any]) -> None:
        """Keep a node of this exam in the parameter node: "Points", "Segmentation" or "Burden"."""
        setattr(self.parameters(), REFERENCES[self.label] + what, node)
