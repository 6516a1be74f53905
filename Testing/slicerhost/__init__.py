"""A stand-in for Slicer's application and Qt layer, on which a scripted module's panel runs unmodified, without Slicer.

What is real: the MRML scene, all nodes, the module logics, the displayable managers of :mod:`.views` and ``slicer.util``. They are Slicer's
own, from the package ``slicer-core``, started by ``MarrowQuantLib.scene.headless``.

What is not: ``qt``, ``ctk``, the ``qMRML…`` and ``qSlicer…`` widgets, ``slicer.app``, and the scripted-module classes with their parameter
nodes. They are written here over Qt for Python (PySide6). ``Testing/Python/test_host.py`` asks the host the sixty questions that a real
Slicer 5.13 answered and compares every answer; and it compares each name and signal of every stand-in with Slicer's.

**This is not Slicer. What works here has not been shown to work there.** Known differences:

- Qt 6.11 here; Slicer 5.13 may be built with Qt 5.15 or 6.8. Sizes, fonts and styles differ.
- A value of a wrong type that Qt itself converts is taken ("yes" for a bool property); PythonQt refuses some of these.
- ``button.clicked`` without a signature means the first declared overload, ``clicked(bool)``; scoped enums (``qt.Qt.CheckState.Checked``)
  work here and not in PythonQt; constructors take PySide's keyword arguments.
- Overriding an event handler works for every class here; in PythonQt not for ctk and qMRML classes.
- Objects live and die differently: a crash that comes from ownership cannot be found here.
- The widgets keep options without effect (pop-up sliders, history of paths, columns of the segments table); nothing of a plot is drawn;
  menus of the node selector do not exist, their actions are methods. Defaults of the range widgets were not compared with a real Slicer.
- Modal dialogs are answered from ``host.dialog_answers``, or are an error. There is no main window and no layout manager.
- Subject hierarchy: every data node gets its item, without the plugins' nesting. Developer mode and the scene's undo do not exist.
- Parameter nodes: dict, Union, parameterPack and FloatRange are refused.

Start with :func:`slicerhost.application.start`; tests use the fixture ``slicer_host`` (``Testing/Python/conftest.py``).
"""
