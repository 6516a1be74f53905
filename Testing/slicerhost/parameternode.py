"""``slicer.parameterNodeWrapper``: a class with type hints over a parameter node, bound to widgets both ways.

As Slicer's, a wrapper reads its node once when it is made, and again when the node says that it was modified: what becomes of a node
reference without such a word (a scene that is imported adds the nodes after it has copied the parameter node) it does not see.
"""

from __future__ import annotations

import typing
import weakref
from typing import Any, Callable, Optional

from .connectors import Connector, connector_for
from .parameters import Storage, split_annotations, storage_for
from .validators import Default

PROPERTY_NAME = "SlicerParameterName"
_kept_alive: list[Any] = []  # what observes a node, and the node: the garbage collector must not empty a callback that VTK still calls


class _Parameter:
    """Name, storage and default of one member."""

    def __init__(self, name: str, hint: Any, cls: type) -> None:
        self.name, self.hint = name, hint
        self.storage: Storage = storage_for(hint)
        annotated = [a for a in split_annotations(hint)[1] if isinstance(a, Default)]
        if hasattr(cls, name):
            self.default = Default(getattr(cls, name))
        else:
            self.default = annotated[0] if annotated else Default(self.storage.default)

    def read(self, node: Any) -> Any:
        if not self.storage.is_in(node, self.name):
            self.write(node, self.default.value)
        return self.storage.read(node, self.name)

    def write(self, node: Any, value: Any) -> None:
        self.storage.validate(value)
        self.storage.write(node, self.name, value)

    def as_property(self) -> property:
        return property(lambda wrapper: wrapper.getValue(self.name), lambda wrapper, value: wrapper.setValue(self.name, value))


class _Wrapper:
    """What every wrapped class can do besides its parameters."""

    allParameters: typing.ClassVar[dict[str, _Parameter]] = {}

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode
        self._guis: dict[int, dict[str, Connector]] = {}
        self._next_tag = 0
        self._observed = False
        self._updating_gui = False
        self._writing: set[str] = set()
        self._cached: dict[str, Any] = {}
        self._read_all()
        self._observe_cache()

    def _read_all(self) -> None:
        for name, parameter in self.allParameters.items():
            if name not in self._writing:
                value = parameter.read(self.parameterNode)
                if parameter.storage.is_cached:
                    self._cached[name] = value

    def _observe_cache(self) -> None:
        reference = weakref.ref(self)

        def modified(caller: Any, event: str) -> None:
            wrapper = reference()
            if wrapper is not None:
                wrapper._read_all()

        _kept_alive.append((self.parameterNode, modified))
        self.AddObserver("ModifiedEvent", modified)

    @classmethod
    def _parameter(cls, name: str) -> _Parameter:
        if name not in cls.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}\n  Found parameters {list(cls.allParameters)}")
        return cls.allParameters[name]

    def getValue(self, name: str) -> Any:
        parameter = self._parameter(name)
        return self._cached[name] if parameter.storage.is_cached else parameter.read(self.parameterNode)

    def setValue(self, name: str, value: Any) -> None:
        import slicer

        parameter = self._parameter(name)
        self._writing.add(name)
        try:
            with slicer.util.NodeModify(self.parameterNode):  # whoever is told of the change reads the new value
                parameter.write(self.parameterNode, value)
                if parameter.storage.is_cached:
                    self._cached[name] = parameter.read(self.parameterNode)
        finally:
            self._writing.discard(name)

    def isCached(self, name: str) -> bool:
        return self._parameter(name).storage.is_cached

    def default(self, name: str) -> Default:
        return self._parameter(name).default

    @classmethod
    def dataType(cls, name: str) -> Any:
        return cls._parameter(name).hint

    def AddObserver(self, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def StartModify(self) -> int:
        return self.parameterNode.StartModify()

    def EndModify(self, wasModifying: int) -> int:
        return self.parameterNode.EndModify(wasModifying)

    def Modified(self) -> None:
        self.parameterNode.Modified()

    # widgets

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Bind parameters to widgets; the answer is the tag for :meth:`disconnectGui`."""
        connectors = {name: connector_for(widget, self.dataType(name)) for name, widget in mapping.items()}
        tag = self._next_tag
        self._next_tag += 1
        self._guis[tag] = connectors
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.connect(self._gui_to_parameter(name, connector))
        if not self._observed:
            self._observed = True
            self._observe()
        return tag

    def connectGui(self, gui: Any) -> None:
        """Bind all widgets with the dynamic property ``SlicerParameterName``.

        As in Slicer 5.13 the answer is None, not a tag: what is bound so cannot be unbound by ``disconnectGui``.
        """
        import qt

        is_widget = getattr(gui, "isWidgetType", lambda: False)()
        widgets = gui.findChildren(qt.QWidget) if is_widget else list(vars(gui).values())
        named = {widget.property(PROPERTY_NAME): widget for widget in widgets if widget.property(PROPERTY_NAME)}
        self.connectParametersToGui(named)

    def disconnectGui(self, tag: Optional[int]) -> None:
        for connector in self._guis.pop(tag, {}).values():
            connector.disconnect()

    def _observe(self) -> None:
        def modified(caller: Any, event: str) -> None:
            self._parameters_to_gui()

        _kept_alive.append((self.parameterNode, modified))
        self.AddObserver("ModifiedEvent", modified)

    def _gui_to_parameter(self, name: str, connector: Connector) -> Callable[[], None]:
        def changed() -> None:
            import slicer

            with slicer.util.NodeModify(self.parameterNode):
                if not self._updating_gui:
                    self.setValue(name, connector.read())

        return changed

    def _parameters_to_gui(self) -> None:
        if self._updating_gui:
            return
        self._updating_gui = True
        try:
            for connectors in self._guis.values():
                for name, connector in connectors.items():
                    connector.write(self.getValue(name))
        finally:
            self._updating_gui = False


def parameterNodeWrapper(cls: Optional[type] = None) -> Any:
    """Class decorator, with or without brackets."""
    if cls is None:
        return parameterNodeWrapper
    hints = typing.get_type_hints(cls, include_extras=True)
    parameters = {name: _Parameter(name, hint, cls) for name, hint in hints.items()}
    reserved = [name for name in vars(_Wrapper) if not name.startswith("__") and (name in vars(cls) or name in parameters)]
    if reserved:
        raise ValueError(f"Cannot use reserved name '{reserved[0]}' in a parameterNodeWrapper")
    for name, member in vars(_Wrapper).items():
        if not name.startswith("__") or name == "__init__":
            setattr(cls, name, member)
    cls.allParameters = parameters
    cls._is_parameter_node_wrapper = True
    for name, parameter in parameters.items():
        setattr(cls, name, parameter.as_property())
    return cls


def isParameterNodeWrapper(obj: Any) -> bool:
    return getattr(obj, "_is_parameter_node_wrapper", False)
