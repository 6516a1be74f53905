"""The Python side of Slicer's scripted modules, which no package has: the four base classes, translation, parameter nodes.

``install()`` makes ``slicer.ScriptedLoadableModule``, ``slicer.i18n`` and ``slicer.parameterNodeWrapper`` importable. The buttons of the
developer mode are not made; what Reload does is ``onReload``.
"""

from __future__ import annotations

import functools
import logging
import re
import sys
import unittest
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

from . import parameternode, validators

_PLACEHOLDER = re.compile(r"(?<!{){([^{}]+)}(?!})")
PUBLIC_PARAMETER_NAMES = (
    "Choice",
    "Decimals",
    "Default",
    "Exclude",
    "IsInstance",
    "Maximum",
    "Minimum",
    "NotNone",
    "SingleStep",
    "Validator",
    "WithinRange",
)


def _without_suffix(name: str, suffix: str) -> str:
    return name[: -len(suffix)] if name.endswith(suffix) else name


class ScriptedLoadableModule:
    """Base of a module's own class: ``parent`` is the module's description."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title = self.moduleName

    def resourcePath(self, filename: str) -> str:
        return str(Path(self.parent.path).parent / "Resources" / filename)

    def getDefaultModuleDocumentationLink(self, docPage: Optional[str] = None) -> str:
        import slicer

        url = slicer.app.moduleDocumentationUrl(docPage or self.moduleName)
        return f'<p>For more information see the <a href="{url}">online documentation</a>.</p>'

    def runTest(self, msec: int = 100, **kwargs: Any) -> None:
        """Run ``<Module>Test``."""
        import slicer

        slicer.util.getModule(self.moduleName)
        test = getattr(sys.modules[type(self).__module__], f"{self.moduleName}Test")()
        test.messageDelay = msec
        test.runTest(**kwargs)


class ScriptedLoadableModuleWidget:
    """Base of a module's widget: ``parent`` is the container that the application made."""

    def __init__(self, parent: Any = None) -> None:
        import qt
        import slicer

        self.moduleName = _without_suffix(type(self).__name__, "Widget")
        self.developerMode = False
        if parent is None:
            parent = slicer.qMRMLWidget()
            parent.setLayout(qt.QVBoxLayout())
            parent.setMRMLScene(slicer.mrmlScene)
        self.parent = parent
        self.layout = parent.layout()

    def resourcePath(self, filename: str) -> str:
        import slicer

        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self) -> None:
        """Developer mode adds buttons here; there is none."""

    def cleanup(self) -> None:
        """Called before the widget goes."""

    def onReload(self) -> None:
        """What the button of the developer mode does."""
        import slicer

        slicer.util.reloadScriptedModule(self.moduleName)


class ScriptedLoadableModuleLogic:
    """Base of a module's logic: finds or makes the module's parameter node."""

    def __init__(self, parent: Any = None) -> None:
        self.parent = parent
        self.moduleName = _without_suffix(type(self).__name__, "Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:
        import slicer

        if self.isSingletonParameterNode:
            node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        else:
            nodes = self.getAllParameterNodes()
            node = nodes[0] if nodes else None
        return node if node is not None else self.createParameterNode()

    def getAllParameterNodes(self) -> list[Any]:
        import slicer

        nodes = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
        return [node for node in nodes if node.GetAttribute("ModuleName") == self.moduleName]

    def createParameterNode(self) -> Any:
        import slicer

        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        if self.isSingletonParameterNode:
            node.SetSingletonTag(self.moduleName)
        node.SetModuleName(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return slicer.mrmlScene.AddNode(node)


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Base of a module's self test. ``SomeTest().runTest()`` works as in Slicer."""

    def __init__(self, methodName: str = "runTest", **kwargs: Any) -> None:
        super().__init__(methodName, **kwargs)
        self.messageDelay = 0

    def runTest(self) -> None:
        """Run every method of the module's own class whose name has "test" in it."""
        own = [name for cls in type(self).__mro__ if cls not in ScriptedLoadableModuleTest.__mro__ for name in vars(cls)]
        for name in sorted(name for name in own if "test" in name.lower()):
            self.setUp()
            getattr(self, name)()
            self.tearDown()

    def delayDisplay(self, message: str, requestedDelay: Optional[int] = None, msec: Optional[int] = None) -> None:
        logging.info(message)

    def takeScreenshot(self, name: str, description: str, type: int = -1) -> None:
        """Nothing is captured unless ``enableScreenshots`` is set, which the host cannot do."""


def tr(text: str) -> str:
    """Translation of a text in the context of the calling file; the text itself where the placeholders of both differ."""
    path = Path(sys._getframe(1).f_code.co_filename)
    context = f"{path.parent.name}.{path.stem}" if _is_package(path.parent) else path.stem
    translated = translate(context, text)
    return translated if set(_PLACEHOLDER.findall(text)) == set(_PLACEHOLDER.findall(translated)) else text


@functools.cache
def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def translate(context: str, text: str) -> str:
    """Translation of a text of a context, as ``slicer.app`` has it."""
    import slicer

    return slicer.app.translate(context, text)


def _module(name: str, **members: Any) -> None:
    import slicer

    module = ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
    setattr(slicer, name.rpartition(".")[2], module)


def install() -> None:
    """Make the three modules importable."""
    bases = (ScriptedLoadableModule, ScriptedLoadableModuleWidget, ScriptedLoadableModuleLogic, ScriptedLoadableModuleTest)
    names = [base.__name__ for base in bases]
    _module("slicer.ScriptedLoadableModule", __all__=names, **dict(zip(names, bases)))
    _module("slicer.i18n", __all__=["tr", "translate"], tr=tr, translate=translate)
    wrapper = {name: getattr(validators, name) for name in PUBLIC_PARAMETER_NAMES}
    wrapper["parameterNodeWrapper"] = parameternode.parameterNodeWrapper
    wrapper["isParameterNodeWrapper"] = parameternode.isParameterNodeWrapper
    wrapper["SlicerParameterNamePropertyName"] = parameternode.PROPERTY_NAME
    _module("slicer.parameterNodeWrapper", __all__=sorted(wrapper), **wrapper)
