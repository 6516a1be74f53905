"""A stand-in for Slicer's application and Qt layer, for tests without Slicer.

The MRML side is real: the scene, the nodes and the module logics are Slicer's own C++ from the ``slicer-core`` package
(``MarrowQuantLib.scene.headless``). The Qt side is not: ``qt``, ``ctk``, the ``qMRML…`` and ``qSlicer…`` widgets, ``slicer.app`` and
the scripted-module classes are written here on Qt for Python (PySide6), with the manners of PythonQt as far as
``Testing/Python/test_host.py`` compares them with the answers of a real Slicer 5.13.
"""
