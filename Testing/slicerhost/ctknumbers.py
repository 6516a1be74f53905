"""CTK's sliders and spin boxes for numbers.

Defaults, clamping and emitted signals of ``ctkSliderWidget`` are those of a real Slicer (``test_host.py``); those of the range widgets
are read from the declarations of CTK and were not compared with a running one.
"""

from __future__ import annotations

from typing import Any

from .pyside import QtCore, QtWidgets
from .standins import Property, emit, forwarded, in_a_row, stand_in, stored

Signal = QtCore.Signal
QWidget = QtWidgets.QWidget
SLIDER_STEPS = 1000


class _OneNumber(QWidget):
    """One number in a spin box, ``_spin``; a subclass lays it out and has ``valueChanged``, which ``_changed`` emits."""

    decimalsChanged = Signal(int)
    minimum = forwarded("_spin", "minimum", float)
    maximum = forwarded("_spin", "maximum", float)
    singleStep = forwarded("_spin", "singleStep", float)
    prefix = forwarded("_spin", "prefix", str)
    suffix = forwarded("_spin", "suffix", str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._spin = QtWidgets.QDoubleSpinBox()
        self._spin.connect("valueChanged(double)", self._changed)

    def _value(self) -> float:
        return self._spin.value

    def setValue(self, value: float) -> None:
        self._spin.setValue(value)

    value = Property(float, _value, setValue)

    def _decimals(self) -> int:
        return self._spin.decimals

    def setDecimals(self, decimals: int) -> None:
        if decimals != self._spin.decimals:
            self._spin.setDecimals(decimals)
            self.decimalsChanged.emit(decimals)

    decimals = Property(int, _decimals, setDecimals)


@stand_in
class ctkSliderWidget(_OneNumber):
    """A slider and a spin box for one number."""

    NoSynchronize, SynchronizeWidth, SynchronizeDecimals = 0, 1, 2

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)
    spinBoxAlignment = forwarded("_spin", "alignment", int)
    tracking = stored("tracking", bool, True)
    pageStep = stored("pageStep", float, 10.0)
    tickInterval = stored("tickInterval", float, 0.0)
    popupSlider = stored("popupSlider", bool, False)
    invertedAppearance = stored("invertedAppearance", bool, False)
    invertedControls = stored("invertedControls", bool, False)
    synchronizeSiblings = stored("synchronizeSiblings", int, SynchronizeWidth | SynchronizeDecimals)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal)
        self._slider.setRange(0, SLIDER_STEPS)
        in_a_row(self, self._slider, self._spin)
        self._slider.sliderMoved.connect(self._moved)
        self._slider.sliderReleased.connect(self._released)

    def _slider_value(self) -> float:
        return self.minimum + (self.maximum - self.minimum) * self._slider.sliderPosition / SLIDER_STEPS

    def _moved(self) -> None:
        self.valueIsChanging.emit(self._slider_value())
        if self.tracking:
            self.setValue(self._slider_value())

    def _released(self) -> None:
        self.setValue(self._slider_value())

    def _changed(self, value: float) -> None:
        span = self.maximum - self.minimum
        if not self._slider.sliderDown:
            self._slider.setValue(round((value - self.minimum) / span * SLIDER_STEPS) if span else 0)
        self.valueChanged.emit(value)

    def _spin_visible(self) -> bool:
        return not self._spin.isHidden()

    def setSpinBoxVisible(self, visible: bool) -> None:
        self._spin.setVisible(visible)

    spinBoxVisible = Property(bool, _spin_visible, setSpinBoxVisible)

    def reset(self) -> None:
        self.setValue(0.0)


@stand_in
class ctkDoubleSpinBox(_OneNumber):
    """A spin box for one number; its size hint and keyboard shortcuts are not imitated."""

    SetAlways, SetIfDifferent = 0, 1
    FixedDecimals, DecimalsByShortcuts, DecimalsByKey, DecimalsByValue = 0, 1, 2, 4

    valueChanged = Signal((float,), (str,))
    editingFinished = Signal()
    readOnly = forwarded("_spin", "readOnly", bool)
    alignment = forwarded("_spin", "alignment", int)
    frame = forwarded("_spin", "frame", bool)
    decimalsOption = stored("decimalsOption", int, 0)
    setMode = stored("setMode", int, SetIfDifferent)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        in_a_row(self, self._spin)
        self._spin.editingFinished.connect(self.editingFinished)

    def _changed(self, value: float) -> None:
        emit(self, "valueChanged(double)", value)
        emit(self, "valueChanged(QString)", self._spin.text)

    def stepUp(self) -> None:
        self._spin.stepUp()

    def stepDown(self) -> None:
        self._spin.stepDown()


class _Range(QWidget):
    """Two numbers, ``minimumValue`` ≤ ``maximumValue``, both within ``minimum`` … ``maximum``."""

    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)
    valuesChanged = Signal(float, float)
    rangeChanged = Signal(float, float)
    singleStep = stored("singleStep", float, 1.0)
    tickInterval = stored("tickInterval", float, 0.0)
    tracking = stored("tracking", bool, True)
    symmetricMoves = stored("symmetricMoves", bool, False)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._limits, self._values = (0.0, 99.0), (0.0, 99.0)

    def _show_values(self) -> None:
        """Update what is drawn."""

    def setValues(self, low: float, high: float) -> None:
        low, high = sorted((low, high))
        minimum, maximum = self._limits
        before = self._values
        self._values = (min(max(low, minimum), maximum), min(max(high, minimum), maximum))
        if self._values == before:
            return
        self._show_values()
        if self._values[0] != before[0]:
            self.minimumValueChanged.emit(self._values[0])
        if self._values[1] != before[1]:
            self.maximumValueChanged.emit(self._values[1])
        self.valuesChanged.emit(*self._values)

    def setRange(self, minimum: float, maximum: float) -> None:
        minimum, maximum = sorted((minimum, maximum))
        if (minimum, maximum) == self._limits:
            return
        self._limits = (minimum, maximum)
        self._show_values()
        self.rangeChanged.emit(minimum, maximum)
        self.setValues(*self._values)

    def setMinimumValue(self, value: float) -> None:
        self.setValues(value, max(value, self._values[1]))

    def setMaximumValue(self, value: float) -> None:
        self.setValues(min(value, self._values[0]), value)

    def _minimum(self) -> float:
        return self._limits[0]

    def _maximum(self) -> float:
        return self._limits[1]

    def _set_minimum(self, value: float) -> None:
        self.setRange(value, max(value, self._limits[1]))

    def _set_maximum(self, value: float) -> None:
        self.setRange(min(value, self._limits[0]), value)

    def _minimum_value(self) -> float:
        return self._values[0]

    def _maximum_value(self) -> float:
        return self._values[1]

    minimum = Property(float, _minimum, _set_minimum)
    maximum = Property(float, _maximum, _set_maximum)
    minimumValue = Property(float, _minimum_value, setMinimumValue)
    maximumValue = Property(float, _maximum_value, setMaximumValue)


@stand_in
class ctkDoubleRangeSlider(_Range):
    """A slider with two handles; nothing is drawn."""

    orientation = stored("orientation", int, int(QtCore.Qt.Horizontal))


@stand_in
class ctkRangeWidget(_Range):
    """A slider with two handles and two spin boxes, of which the spin boxes are there."""

    prefix = stored("prefix", str, "")
    suffix = stored("suffix", str, "", lambda self: self._show_values())

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._low, self._high = QtWidgets.QDoubleSpinBox(), QtWidgets.QDoubleSpinBox()
        in_a_row(self, self._low, self._high)
        self._show_values()
        for spin in (self._low, self._high):
            spin.connect("valueChanged(double)", self._edited)

    def _edited(self) -> None:
        self.setValues(self._low.value, self._high.value)

    def _show_values(self) -> None:
        limits = ((self._limits[0], self._values[1]), (self._values[0], self._limits[1]))  # neither passes the other
        for spin, value, between in zip((self._low, self._high), self._values, limits):
            blocked = spin.blockSignals(True)
            spin.setRange(*between)
            spin.setValue(value)
            spin.suffix = self.suffix
            spin.blockSignals(blocked)

    def _decimals(self) -> int:
        return self._low.decimals

    def setDecimals(self, decimals: int) -> None:
        self._low.setDecimals(decimals)
        self._high.setDecimals(decimals)

    decimals = Property(int, _decimals, setDecimals)

    def reset(self) -> None:
        self.setValues(*self._limits)
