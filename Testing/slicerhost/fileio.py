"""``slicer.app.coreIOManager()``: reading and writing by file name, each through the real logic or storage node.

Read: scenes (.mrb, .mrml), volumes, segmentations, markups, tables, transforms, models, text. Written: scenes, and every node that has a
storage node. Anything else raises NotImplementedError.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

FILE_TYPES = (
    ((".mrml", ".mrb"), "SceneFile"),
    ((".seg.nrrd", ".seg.nhdr", ".seg.vtm"), "SegmentationFile"),
    ((".mrk.json", ".fcsv"), "MarkupsFile"),
    ((".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd"), "VolumeFile"),
    ((".tsv", ".csv"), "TableFile"),
    ((".h5", ".tfm", ".mat"), "TransformFile"),
    ((".vtk", ".vtp", ".stl", ".obj", ".ply"), "ModelFile"),
    ((".txt", ".json", ".xml"), "TextFile"),
)
NODE_TYPES = (
    ("vtkMRMLSegmentationNode", "SegmentationFile"),
    ("vtkMRMLVolumeNode", "VolumeFile"),
    ("vtkMRMLMarkupsNode", "MarkupsFile"),
    ("vtkMRMLTableNode", "TableFile"),
    ("vtkMRMLTransformNode", "TransformFile"),
    ("vtkMRMLModelNode", "ModelFile"),
    ("vtkMRMLTextNode", "TextFile"),
)
LABEL_MAP, CENTERED, SINGLE_FILE, AUTO_WINDOW, DISCARD_ORIENTATION = 1, 2, 4, 8, 16  # options of AddArchetypeVolume


class CoreIOManager:
    """Stand-in for ``qSlicerCoreIOManager``."""

    def fileType(self, file_name: Any) -> str:
        name = str(file_name).lower()
        return next((kind for endings, kind in FILE_TYPES if name.endswith(endings)), "NoFile")

    def fileWriterFileType(self, node: Any) -> str:
        return next((kind for class_name, kind in NODE_TYPES if node.IsA(class_name)), "NoFile")

    def loadNodes(self, file_type: str, properties: dict[str, Any], loaded: Any, messages: Any = None) -> bool:
        path = str(properties["fileName"])
        if file_type == "SceneFile":
            return self._load_scene(path, bool(properties.get("clear", False)), messages)
        node = self._load_node(file_type, path, properties, messages)
        if node is None:
            return False
        loaded.AddItem(node)
        return True

    def _load_scene(self, path: str, clear: bool, messages: Any) -> bool:
        import slicer

        scene = slicer.mrmlScene
        if path.lower().endswith(".mrb"):
            return bool(scene.ReadFromMRB(path, clear, messages))
        scene.SetURL(path)
        return bool(scene.Connect(messages) if clear else scene.Import(messages))

    def _load_node(self, file_type: str, path: str, properties: dict[str, Any], messages: Any) -> Optional[Any]:
        import slicer

        modules, scene = slicer.modules, slicer.mrmlScene
        name = properties.get("name") or Path(path).name.split(".")[0]
        readers = {
            "VolumeFile": lambda: modules.volumes.logic().AddArchetypeVolume(path, name, _volume_options(properties)),
            "SegmentationFile": lambda: modules.segmentations.logic().LoadSegmentationFromFile(path, True, name, None, messages),
            "MarkupsFile": lambda: scene.GetNodeByID(modules.markups.logic().LoadMarkups(path, name, messages) or ""),
            "TableFile": lambda: modules.tables.logic().AddTable(path, name),
            "TransformFile": lambda: modules.transforms.logic().AddTransform(path, scene),
            "ModelFile": lambda: modules.models.logic().AddModel(path),
            "TextFile": lambda: self._load_text(path, name),
        }
        if file_type not in readers:
            raise NotImplementedError(f"slicerhost does not load {file_type or path}")
        return readers[file_type]()

    def _load_text(self, path: str, name: str) -> Optional[Any]:
        import slicer

        storage = slicer.vtkMRMLTextStorageNode()
        storage.SetFileName(path)
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", name)
        if storage.ReadData(node):
            return node
        slicer.mrmlScene.RemoveNode(node)
        return None

    def saveNodes(self, file_type: str, properties: dict[str, Any], messages: Any = None) -> bool:
        import slicer

        path = str(properties["fileName"])
        if file_type == "SceneFile":
            return self._save_scene(path, messages)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode(path)
        storage = node.GetStorageNode()
        if storage is None:
            return False
        storage.SetFileName(path)
        if "useCompression" in properties:
            storage.SetUseCompression(int(properties["useCompression"]))
        return bool(storage.WriteData(node))

    def _save_scene(self, path: str, messages: Any) -> bool:
        import slicer

        scene = slicer.mrmlScene
        if path.lower().endswith(".mrb"):
            return bool(scene.WriteToMRB(path, None, messages))
        if path.lower().endswith(".mrml"):
            scene.SetURL(path)
            scene.SetRootDirectory(str(Path(path).absolute().parent))
            return bool(scene.Commit(path, messages))
        Path(path).mkdir(parents=True, exist_ok=True)
        return bool(scene.SaveSceneToSlicerDataBundleDirectory(path, None, messages))


def _volume_options(properties: dict[str, Any]) -> int:
    chosen = {
        LABEL_MAP: properties.get("labelmap", False),
        CENTERED: properties.get("center", False),
        SINGLE_FILE: properties.get("singleFile", False),
        AUTO_WINDOW: properties.get("autoWindowLevel", True),
        DISCARD_ORIENTATION: properties.get("discardOrientation", False),
    }
    return sum(option for option, wanted in chosen.items() if wanted)
